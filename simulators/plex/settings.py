"""What about the simulated server can be chosen, at start and at run time."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

TagMode = Literal["replace", "add"]
FilenameStyle = Literal["relative", "parent", "absolute"]
NO_AGENT = "com.plexapp.agents.none"


@dataclass(slots=True)
class Settings:
    """The behaviours on which sources disagree, and how unwell the server is.

    `tag_mode`: whether tags in a PUT join the present ones or take their place. `normalise`: store values the way a
    database would rather than as sent. `agent`: agent of every library made at start. `filename`: how the path is told
    to a provider. `scan_step_ms`: pause between two states of an item while scanning. `first_genre_only`: import one
    genre from a provider, as users report. `provider_timeout_s`: how long a provider may take. `longest_url`: bytes of
    path and query beyond which a request is a 414; 0 for no end, since that of PMS is not known.
    """

    token: str = "simulator-token"  # noqa: S105 - guards nothing
    tag_mode: TagMode = "add"
    normalise: bool = False
    agent: str = NO_AGENT
    latency_ms: float = 0.0
    first_genre_only: bool = True
    filename: FilenameStyle = "relative"
    scan_step_ms: float = 0.0
    provider_timeout_s: float = 90.0
    include_adult: bool = False
    longest_url: int = 0

    def update(self, changes: dict[str, Any]) -> None:
        """Take over `changes`; raises ValueError naming what is unknown or of the wrong type, and then takes none."""
        problems = [problem for name, value in changes.items() if (problem := self._problem(name, value))]
        if problems:
            raise ValueError("; ".join(problems))
        for name, value in changes.items():
            setattr(self, name, agent_identifier(value) if name == "agent" else value)

    def _problem(self, name: str, value: object) -> str:
        if name not in {field.name for field in fields(self)}:
            return f"there is no setting {name!r}"
        choices = {"tag_mode": get_args(TagMode), "filename": get_args(FilenameStyle)}.get(name)
        if choices and value not in choices:
            return f"{name} is one of {', '.join(choices)}"
        present = getattr(self, name)
        kinds: type | tuple[type, ...] = (int, float) if type(present) is float else type(present)
        good = isinstance(value, kinds) and isinstance(value, bool) == isinstance(present, bool)
        return "" if good else f"{name} takes a {type(present).__name__}"

    def as_dict(self) -> dict[str, Any]:
        """Return all settings by name."""
        return asdict(self)


def agent_identifier(name: str) -> str:
    """Return the identifier Plex uses for `name`; "none" is Plex's agent that asks nobody."""
    return NO_AGENT if name == "none" else name
