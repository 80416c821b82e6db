"""One edit, and the scenes that there are while a script of edits is written. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

OLDEST: Final = 4
NEWEST: Final = 3


class Edit(NamedTuple):
    """One thing that somebody does at `at` (seconds into its round), in the words of `hands`; `scene` 0 is none."""

    at: float
    kind: str
    scene: int
    args: dict[str, Any]

    def __str__(self) -> str:
        about = f" scene {self.scene}" if self.scene else ""
        return f"{self.at:6.2f}  {self.kind}{about} {self.args}"


@dataclass
class Cast:
    """The scenes that there are while the script is written: id -> primary file as Stash has it, None without one.

    `seconds`: path of a file that is not primary -> its scene.
    """

    files: dict[int, str | None]
    last: int
    seconds: dict[str, int] = field(default_factory=dict)
    in_plex: set[int] = field(default_factory=set)
    busy: dict[int, float] = field(default_factory=dict)

    def few(self, at: float) -> list[int]:
        """Return the few scenes that are edited again and again: some known for long, some that are new."""
        known = list(self.files)
        return [one for one in (*known[:OLDEST], *known[-NEWEST:]) if self.busy.get(one, 0.0) <= at]

    def drop(self, scene: int) -> None:
        """Let a scene be gone."""
        self.files.pop(scene, None)
        self.in_plex.discard(scene)
        self.seconds = {path: owner for path, owner in self.seconds.items() if owner != scene}

    def pick(self, chance: random.Random, at: float, *, filed: bool = False) -> int | None:
        """Return a scene that no fault has reserved, or None."""
        free = [
            one
            for one, path in self.files.items()
            if self.busy.get(one, 0.0) <= at and (path is not None or not filed) and (not filed or one in self.in_plex)
        ]
        return chance.choice(free) if free else None


def cast_of(rows: Iterable[dict[str, Any]], late: Callable[[int], bool]) -> Cast:
    """Return the cast at the beginning, of scenes as Stash tells of them; `late` ones have no item in Plex yet."""
    files = {row["id"]: (row["files"][0] if row["files"] else None) for row in rows}
    return Cast(files, max(files, default=0), in_plex={one for one, path in files.items() if path and not late(one)})
