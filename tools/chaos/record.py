"""What happened: every version of every scene, every write that Plex saw, every fault, what the bus told. Data only."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.chaos.plain import Version

SETTLE = 12.0
RACE = 15.0
CALM_RACE = 3.0
BYSTANDERS = ("provider.", "bus-provider.", "web-provider.")
TOLD = 200
NEVER = float("inf")

By = Literal["person", "agent", "product"]


class Write(NamedTuple):
    """One write of one item that Plex committed: what changed, before and after, in Plex's plain names."""

    n: int
    at: float
    key: str
    by: By
    before: dict[str, Any]
    after: dict[str, Any]


class Struck(NamedTuple):
    """A fault that struck, from when to when; `until` is NEVER while it lasts."""

    kind: str
    at: float
    until: float = NEVER


class Told(NamedTuple):
    """Something that belongs into a scene's history; scene 0 concerns all."""

    at: float
    scene: int
    text: str


@dataclass
class Record:
    """All that the checker knows of the run. Times are Unix seconds.

    `rows` are the scenes of now as Stash has them, `people` the performers that ever had a folded name.
    """

    versions: dict[int, list[Version]] = field(default_factory=dict)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    writes: dict[str, list[Write]] = field(default_factory=lambda: defaultdict(list))
    last_write: int = 0
    struck: list[Struck] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    deaths: list[tuple[float, float]] = field(default_factory=list)
    edits: int = 0
    told: dict[int, deque[Told]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=TOLD)))

    def tell(self, at: float, scene: int, text: str) -> None:
        """Remember something for the history of a scene."""
        self.told[scene].append(Told(at, scene, text))

    def saw(self, scene: int, version: Version) -> None:
        """Take in a scene as it is now, if that is another content than before."""
        known = self.versions.setdefault(scene, [])
        if not known or known[-1].content != version.content:
            known.append(version)

    def wrote(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take in writes as Plex's ledger tells them."""
        for row in rows:
            by: By = row["client"] if row["client"] in ("person", "agent") else "product"
            write = Write(row["n"], row["at"], row["ratingKey"], by, row["before"], row["after"])
            self.writes[write.key].append(write)
            self.last_write = max(self.last_write, write.n)

    def begin(self, kind: str, at: float) -> int:
        """Note that a fault begins; return its place for `end`."""
        self.struck.append(Struck(kind, at))
        self.tell(at, 0, f"{kind} begins")
        return len(self.struck) - 1

    def end(self, place: int, at: float) -> None:
        """Note that a fault is healed."""
        self.struck[place] = self.struck[place]._replace(until=at)
        self.tell(at, 0, f"{self.struck[place].kind} is healed")

    def at(self, scene: int, moment: float) -> Version | None:
        """Return a scene as it was at a time."""
        known = self.versions.get(scene, [])
        place = bisect_right([version.at for version in known], moment)
        return known[place - 1] if place else None

    def calm(self, since: float, until: float) -> bool:
        """Tell whether no fault was about in that time that concerns a write to Plex."""
        return not any(
            one.at <= until and one.until >= since for one in self.struck if not one.kind.startswith(BYSTANDERS)
        )

    def race(self, one: float, other: float) -> bool:
        """Tell whether two things happened so close together that the product can't have known one at the other."""
        since, until = sorted((one, other))
        return until - since < (CALM_RACE if self.calm(since, until) else RACE)

    def forgot_since(self, moment: float) -> bool:
        """Tell whether what the product wrote before then may be unknown to it.

        That is so where the broker lost state and the writer, which puts it right from memory, died before it could.
        """
        return any(self._unaudited(lost) for lost in self.lost if lost >= moment)

    def _unaudited(self, lost: float) -> bool:
        """Tell whether the writer died between a loss and the time when it surely had reached the broker again."""
        safe = lost
        barred = sorted((one.at, one.until) for one in self.struck if one.kind.startswith(("broker.", "bus-writer.")))
        for begun, until in barred:
            if begun <= safe + SETTLE and until > safe:
                safe = until
        return any(died <= safe + SETTLE and back >= lost for died, back in self.deaths)
