"""Which folders Plex is asked to scan, and when: each at most every 30 seconds, many of a library as one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from common.paths import below

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.plex_writer.plex import Section

GATHER = 2.0
AGAIN = 30.0
AT_ONCE = 50


class Wanted(NamedTuple):
    """A scan to ask for: one folder of a library as Plex has it, or with an empty `folder` all of it."""

    section: str
    folder: str


class Folders:
    """Folders with new files, waiting for their scan; times are seconds of one monotonic clock.

    Bounded: at 50 folders a library is scanned as a whole, and what is remembered of old scans ends after 30 seconds.
    """

    def __init__(self) -> None:
        self._due: dict[Wanted, float] = {}
        self._done: dict[Wanted, float] = {}

    def add(self, path: str, sections: Iterable[Section], now: float) -> bool:
        """Let the folder of a file be scanned; False when no library has it below one of its own folders."""
        folder = path.rpartition("/")[0]
        home = next((s.id for s in sections if any(below(folder, place) for place in s.locations)), None)
        if home is None:
            return False
        whole, wanted = Wanted(home, ""), Wanted(home, folder)
        if whole in self._due:
            return True
        again = max(self._done.get(wanted, -AGAIN), self._done.get(whole, -AGAIN)) + AGAIN
        self._due.setdefault(wanted, max(now + GATHER, again))
        mine = [other for other in self._due if other.section == home]
        if len(mine) > AT_ONCE:
            self._due[whole] = max(now + GATHER, self._done.get(whole, -AGAIN) + AGAIN)
            for other in mine:
                del self._due[other]
        return True

    def take(self, now: float) -> list[Wanted]:
        """Return the scans whose time has come, and remember them as done."""
        due = [wanted for wanted, at in self._due.items() if at <= now]
        for wanted in due:
            del self._due[wanted]
        self._done = {wanted: at for wanted, at in self._done.items() if at + AGAIN > now}
        self._done.update(dict.fromkeys(due, now))
        return due

    def next_due(self) -> float | None:
        """Return when the next scan is due, or None."""
        return min(self._due.values(), default=None)
