"""How fast the watcher asks: page sizes, pauses between looks, back-off; pure."""

from __future__ import annotations

from dataclasses import dataclass

BUSY_FOR = 300.0
REFUSED_PAUSE = 15.0
LONGEST_PAUSE = 30.0
GOOD_PAGES = 5
QUICK = 1.0
SLOW = 5.0
SPREAD = 0.9


@dataclass(slots=True)
class PageSize:
    """How many rows to ask for: half as many after an answer that was too much or slow, double after quick ones."""

    largest: int
    smallest: int
    size: int = 0
    good: int = 0

    def __post_init__(self) -> None:
        self.size = self.size or self.largest

    def halve(self) -> bool:
        """Ask for less; False when it is the least already."""
        self.good = 0
        if self.size == self.smallest:
            return False
        self.size = max(self.smallest, self.size // 2)
        return True

    def answered(self, took: float) -> None:
        """Take in an answer and the seconds that it took: Stash's other users wait while it reads for us."""
        if took >= SLOW:
            self.halve()
            return
        self.good = self.good + 1 if took < QUICK else 0
        if self.good >= GOOD_PAGES and self.size < self.largest:
            self.size = min(self.largest, self.size * 2)
            self.good = 0


def look_pause(now: float, changed: float | None, busy: float, idle: float) -> float:
    """Return the seconds until the next look: `busy` for five minutes after a change at `changed`, else `idle`."""
    return min(busy, idle) if changed is not None and now - changed < BUSY_FOR else idle


def retry_pause(attempt: int, chance: float, *, refused: bool) -> float:
    """Return the seconds to wait for a Stash that is away: growing to half a minute; `chance` is from 0 to 1.

    One that refuses us needs a person, so it is asked slowly from the start.
    """
    longest = REFUSED_PAUSE if refused else min(LONGEST_PAUSE, 0.5 * 2 ** min(attempt, 10))
    return longest * (0.5 + chance / 2)


def reading_pause(took: float, share: float, every: float | None) -> float:
    """Return the seconds from a page of a reading, which took so many and was that share of all, to the next.

    It is spread over most of the time between two sweeps, `every` seconds; where that is None somebody waits, and Stash
    only gets as long for its other users as the page took.
    """
    return max(took, SPREAD * share * (every or 0.0) - took)


def sweep_pause(took: float) -> float:
    """Return the least seconds between two sweeps that nobody asked for, given how long the last one took."""
    return max(2.0, 5 * took)
