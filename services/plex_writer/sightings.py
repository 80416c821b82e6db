"""Items that an event named and that are still to be looked at, each when looking makes sense. Pure.

A new item is looked at almost at once, and again where it has no file yet. One that is known already waits a little:
most such events are echoes of our own writes, which are known for what they are once those were read back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.plex_writer.notices import Touched

LIMIT = 10_000
AT_ONCE = 100
NEW = 0.3
ECHO = 5.0
NO_FILE = (2.0, 15.0, 60.0)


@dataclass(slots=True)
class Sighting:
    """One item to look at from `due` on, that was told of last at `heard_at`; times are of a monotonic clock."""

    rating_key: str
    due: float
    heard_at: float
    looks: int = 0


@dataclass(slots=True)
class Sightings:
    """At most 10,000 of them; `overflown` when more happened than is worth looking at one by one."""

    overflown: bool = False
    _waiting: dict[str, Sighting] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, touched: Touched, now: float, *, known: bool) -> bool:
        """Take note of an event about an item that is `known` or not; False when the libraries have to be listed."""
        if touched.stage == "gone" and not known:
            self._waiting.pop(touched.rating_key, None)
            return True
        due = now + (ECHO if known and touched.stage != "gone" else NEW)
        before = self._waiting.get(touched.rating_key)
        if before is not None:
            before.due, before.heard_at = min(before.due, due), now
        elif len(self._waiting) < LIMIT:
            self._waiting[touched.rating_key] = Sighting(touched.rating_key, due, now)
        else:
            self.overflown = True
        return not self.overflown

    def take(self, now: float) -> list[Sighting]:
        """Return up to 100 whose time has come, and forget them."""
        due: list[Sighting] = []
        for sighting in self._waiting.values():
            if sighting.due <= now:
                due.append(sighting)
                if len(due) == AT_ONCE:
                    break
        for sighting in due:
            del self._waiting[sighting.rating_key]
        return due

    def again(self, sighting: Sighting, now: float) -> None:
        """Look at an item once more that had no file yet, three times at most."""
        if sighting.looks < len(NO_FILE):
            sighting.due = now + NO_FILE[sighting.looks]
            sighting.looks += 1
            self._waiting.setdefault(sighting.rating_key, sighting)

    def postpone(self, sighting: Sighting, now: float) -> None:
        """Look at an item later, since it is in the lane's hand now."""
        sighting.due = now + ECHO
        self._waiting.setdefault(sighting.rating_key, sighting)

    def clear(self) -> None:
        """Forget all, since everything is about to be listed."""
        self._waiting.clear()
        self.overflown = False

    def next_due(self) -> float | None:
        """Return when the next one is due, or None."""
        return min((sighting.due for sighting in self._waiting.values()), default=None)
