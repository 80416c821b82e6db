"""Which stretch of `updated_at` a look at Stash asks for; pure.

Stash compares times as text: it stores them in its own zone with the offset at the end, to the second, and binds what
we send untouched (Stash source v0.24 to v0.30). So the bounds are texts in Stash's zone without an offset: such a text
stands before all times of its own second.

The watermark is the newest updated_at seen, raw. It alone can't be the lower bound: one row dated ahead (a JSON import
keeps the dates of its file) would hide everything after it, and a large import on its very second would be listed again
with every look. So the bound also follows Stash's own clock, the Date header of its answers.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

OVERLAP = dt.timedelta(minutes=3)
WIDE = dt.timedelta(hours=2)
LAG = dt.timedelta(minutes=30)
FUTURE = dt.timedelta(days=1)
FRESH = dt.timedelta(minutes=1)
UNSETTLED = FRESH + dt.timedelta(seconds=10)
ANY_ZONE = dt.timedelta(hours=15)
SECONDS = len("2006-01-02T15:04:05")


class Window(NamedTuple):
    """The bounds of a look, both included, as Stash compares them."""

    since: str
    upto: str


@dataclass(slots=True)
class Watermark:
    """How far Stash's changes have been seen: `mark` is raw, `clock` is Stash's own when it last answered.

    `settled` is the mark up to which nothing has to be looked at again, not even after a restart. `told` is when Stash
    last wrote to its log, raw: the zone that it has now, also when nothing was stored in it yet.
    """

    mark: str = ""
    settled: str = ""
    told: str = ""
    clock: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))
    floor: dt.datetime | None = None

    def saw(self, times: Iterable[str], clock: dt.datetime, told: str = "") -> bool:
        """Take in the times of an answer; True when Stash's zone has changed, so that a sweep is due."""
        before, self.clock = self._zoned, clock
        self.mark = newest(self.mark, times, clock)
        self.told = newest(self.told, (told,), clock)
        return moved_zone(before, self._zoned)

    def window(self, *, wide: bool = False) -> Window:
        """Return what the next look asks for; a wide one also finds what text order hides when clocks go back."""
        return window(self.mark, self.clock, None if wide else self.floor, WIDE if wide else OVERLAP, self._zoned)

    @property
    def _zoned(self) -> str:
        """The latest time that is known to be in Stash's zone; a row dated ahead may come from anywhere."""
        mark = moment(self.mark)
        return newest(self.told, (self.mark,), self.clock) if mark and mark <= self.clock + FRESH else self.told


class Youngest:
    """Collects the rows of a table that are as young as the youngest, give or take UNSETTLED.

    Those may have been published while they were fresh by a watcher that did not live to look again.
    """

    def __init__(self) -> None:
        self._rows: list[tuple[dt.datetime, int]] = []
        self._kept = 0

    def add(self, scene_id: int, raw: str) -> None:
        """Take in one row."""
        time = moment(raw)
        if time is None:
            return
        self._rows.append((time, scene_id))
        if len(self._rows) > 1_000 + 2 * self._kept:
            self._prune()

    def after(self, settled: str) -> list[int]:
        """Return the scenes to look at again, in id order: those that changed after `settled`, a raw watermark."""
        self._prune()
        known = moment(settled)
        return sorted(key for time, key in self._rows if known is None or time > known)

    def _prune(self) -> None:
        limit = max((time for time, _ in self._rows), default=None)
        self._rows = [row for row in self._rows if limit is not None and row[0] >= limit - UNSETTLED]
        self._kept = len(self._rows)


def moment(raw: str) -> dt.datetime | None:
    """Return one of Stash's times, or None for what is none."""
    try:
        time = dt.datetime.fromisoformat(raw)
    except ValueError:
        return None
    return time if time.tzinfo else None


def newest(mark: str, seen: Iterable[str], clock: dt.datetime) -> str:
    """Return the newest of `mark` and `seen`, raw; more than a day past Stash's clock doesn't count."""
    best, best_time = mark, moment(mark)
    for raw in seen:
        if raw[SECONDS:] == best[SECONDS:] and raw <= best:
            # nearly all of them: with the same offset the order of texts is that of times
            continue
        time = moment(raw)
        if time is not None and time <= clock + FUTURE and (best_time is None or time > best_time):
            best, best_time = raw, time
    return best


def window(
    mark: str, clock: dt.datetime, floor: dt.datetime | None, overlap: dt.timedelta = OVERLAP, zoned: str = ""
) -> Window:
    """Return what to ask for: from `overlap` before the newest known change to a day past Stash's clock.

    `floor` is Stash's clock when a complete listing began, which has seen all up to it. The lower bound is never more
    than LAG and the overlap behind Stash's clock: what commits later than that is found by wide looks and sweeps.
    `zoned` is a time in Stash's zone, where another than `mark` tells it.
    """
    seen = moment(mark)
    local = moment(zoned) or seen
    slack = dt.timedelta() if local else ANY_ZONE
    low = max(min(seen or clock, clock), clock - LAG, floor or clock - LAG)
    zone = local.tzinfo if local else dt.UTC
    return Window(_text(low - overlap - slack, zone), _text(clock + FUTURE + slack, zone))


def is_fresh(raw: str, clock: dt.datetime) -> bool:
    """Say whether a change is so young that another may follow under the same updated_at; clocks may differ a bit."""
    time = moment(raw)
    return time is not None and abs(clock - time) < FRESH


def moved_zone(before: str, after: str) -> bool:
    """Say whether two watermarks have different offsets; text order can't be trusted around such a change."""
    old, new = moment(before), moment(after)
    return old is not None and new is not None and old.utcoffset() != new.utcoffset()


def _text(time: dt.datetime, zone: dt.tzinfo | None) -> str:
    return time.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")
