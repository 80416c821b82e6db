"""What bulk work is wanted and which of it is next; pure.

audit     the broker may have forgotten something: read our table back
entities  list tags, performers, studios or groups: what changed, was merged or deleted
load      walk over whole scenes: a first load, the rest of one, or all of them again on request
sweep     walk over the light listing: what is new, changed, moved or gone
tags      find the scenes that have markers of tags that changed
backlog   fetch single scenes that a sweep or an audit found to differ
markers   list all markers: which scenes have others than are published
remove    clear scenes that a walk found to be gone; late, so that a scene that took over another's files is there first
reading   fetch all whole scenes although nothing tells of a change, a page now and then
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from services.stash_watcher.entities import KINDS
from services.stash_watcher.pace import sweep_pause
from services.stash_watcher.source import Evidence

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence

    from services.stash_watcher.pace import PageSize
    from services.stash_watcher.pulse import Rows

Task = Literal["audit", "entities", "load", "sweep", "tags", "backlog", "markers", "remove", "reading"]
ORDER: tuple[Task, ...] = ("audit", "entities", "load", "sweep", "tags", "backlog", "markers", "remove", "reading")
HOLD = 60.0


@dataclass(slots=True)
class Walk:
    """How far a walk over all scenes in id order has come; `began` is registered with the book while it lasts.

    `clock` is Stash's when it began.
    A walk that does not start at the first scene is not `whole`: it says nothing about what is gone. With `confirmed` a
    person has said that scenes may go, however many. After a `thorough` one all scenes are read, also those that look
    unchanged; at once when it was `asked` for.
    """

    began: float
    clock: dt.datetime
    after: int = 0
    whole: bool = True
    confirmed: bool = False
    thorough: bool = False
    asked: bool = False
    seen: set[int] = field(default_factory=set)
    differing: list[int] = field(default_factory=list)
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(slots=True)
class Count:
    """How far a complete listing of a kind has come; `marks` has the digest of each scene's markers.

    `began` is registered with the book while it lasts; `clock` is Stash's when it began. It is `complete` when at least
    as many rows were seen as Stash has.
    """

    kind: Rows
    began: float
    clock: dt.datetime
    size: PageSize
    page: int = 1
    total: int = 0
    complete: bool = False
    seen: set[int] = field(default_factory=set)
    marks: dict[int, int] = field(default_factory=dict)

    def halve(self) -> bool:
        """Go on with smaller pages from the same place, where that is one; False when they are the smallest already."""
        before = self.size.size
        if not self.size.halve():
            return False
        self.page = 1 + (self.page - 1) * before // self.size.size
        return True


@dataclass(slots=True)
class Reading:
    """How far all scenes are read although nothing tells of a change; `hurried` when a person waits for it.

    The next page is due at `at`, in monotonic seconds.
    """

    hurried: bool = False
    after: int = 0
    done: int = 0
    at: float = 0.0


@dataclass(slots=True)
class Removal:
    """Scenes that a walk, begun at `began`, did not see; a question stays open in the book until they are removed."""

    began: float
    ids: list[int]


@dataclass(slots=True)
class Work:
    """The bulk work that is wanted; walks keep their place when Stash goes away in between.

    A sweep is `sweep_wanted` on a suspicion, `asked` for by a person (possibly `confirmed`), or `due` by the clock.
    """

    audit: bool = False
    load: Walk | None = None
    sweep: Walk | None = None
    sweep_wanted: bool = False
    asked: bool = False
    confirmed: bool = False
    due: float | None = None
    backlog: dict[int, None] = field(default_factory=dict)
    removal: Removal | None = None
    reading: Reading | None = None
    kinds: dict[Rows, None] = field(default_factory=dict)
    counts: dict[Rows, Count] = field(default_factory=dict)
    tags: dict[int, None] = field(default_factory=dict)
    held: dict[Task, float] = field(default_factory=dict)
    _swept: float | None = None
    _took: float = 0.0
    _rests: dict[Rows, float] = field(default_factory=dict)

    def next(self, now: float, *, stash: bool) -> Task | None:
        """Return what to do now; without Stash only an audit can be done."""
        for task in ORDER:
            if self.wants(task, now) and self.held.get(task, now) <= now and (stash or task == "audit"):
                return task
        return None

    def wants(self, task: Task, now: float) -> bool:
        """Say whether a kind of work is wanted at this time."""
        return {
            "audit": self.audit,
            "entities": self._next_count(KINDS, now) is not None,
            "tags": bool(self.tags),
            "markers": self._next_count(("marker",), now) is not None,
            "load": self.load is not None,
            "sweep": self.sweep is not None or self._may_sweep(now),
            "backlog": bool(self.backlog),
            "remove": self.removal is not None,
            "reading": self.reading is not None and self.reading.at <= now,
        }[task]

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do, apart from a reading and the next sweep by the clock."""
        wanted = self.audit or self.sweep_wanted or self.asked or self.kinds or self.counts or self.tags
        return not (wanted or self.load or self.sweep or self.backlog or self.removal)

    def hold(self, task: Task, now: float) -> None:
        """Leave a task alone for a while, because a query of it does not fit this Stash."""
        self.held[task] = now + HOLD

    def fetch(self, ids: Iterable[int]) -> None:
        """Put scenes on the backlog."""
        self.backlog.update(dict.fromkeys(ids))

    def want(self, kinds: Iterable[Rows]) -> None:
        """Have kinds listed completely."""
        self.kinds.update(dict.fromkeys(kinds))

    def count_of(self, kinds: Sequence[Rows], now: float, begin: Callable[[Rows], Count]) -> Count | None:
        """Return the listing to go on with, or begin one; what is wanted after it began is another one."""
        kind = self._next_count(kinds, now)
        if kind is None:
            return None
        if kind not in self.counts:
            del self.kinds[kind]
            self.counts[kind] = begin(kind)
        return self.counts[kind]

    def counted(self, count: Count, now: float) -> None:
        """Take in that a listing is over; the next one of its kind waits a little."""
        self.counts.pop(count.kind, None)
        self._rests[count.kind] = now + sweep_pause(now - count.began)

    def begin_sweep(self, walk: Walk) -> None:
        """Begin a sweep; what is wanted after it began is another one."""
        walk.confirmed, walk.asked = self.confirmed, self.asked
        self.sweep_wanted = self.asked = self.confirmed = False
        self.sweep, self.due = walk, None

    def read_all(self, *, hurried: bool) -> None:
        """Have all scenes read from the first one on; a reading under way goes on, unless a person waits."""
        if hurried or self.reading is None:
            self.reading = Reading(hurried)

    def seen_all(self, now: float, every: float | None, took: float) -> None:
        """Take in that a walk has seen every scene; `took` is 0 for a load, which says nothing of a sweep's cost."""
        self._swept, self._took = now, took
        self.due = None if every is None else now + every

    def will_reach(self, scene_id: int) -> bool:
        """Say whether bulk work will fetch this scene anyway."""
        return (self.load is not None and scene_id > self.load.after) or scene_id in self.backlog

    def called_for(self, now: float) -> bool:
        """Say whether a person or the clock wants a sweep, and not only a suspicion of ours."""
        return self.asked or (self.due is not None and now >= self.due)

    def _next_count(self, kinds: Sequence[Rows], now: float) -> Rows | None:
        """Return the kind whose listing goes on, else one that is wanted and has rested."""
        begun = (kind for kind in kinds if kind in self.counts)
        rested = (kind for kind in self.kinds if kind in kinds and self._rests.get(kind, now) <= now)
        return next(begun, None) or next(rested, None)

    def _may_sweep(self, now: float) -> bool:
        """Not beside a load, unless that stands still, and not before the last one's removals are done."""
        loading = self.load is not None and "load" not in self.held
        return self._sweep_due(now) and not loading and self.removal is None

    def _sweep_due(self, now: float) -> bool:
        if self.called_for(now):
            return True
        rested = self._swept is None or now - self._swept >= sweep_pause(self._took)
        return self.sweep_wanted and rested
