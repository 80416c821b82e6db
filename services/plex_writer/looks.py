"""Which scenes had a write without an answer, or one that Plex did not show: they are read again in 2 and 10 minutes.

Such a write may still land on a newer one (Plex commits what a client has given up on). Pure; bounded by the number of
scenes, and in practice by the failures of the last ten minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.plex_writer import settle

if TYPE_CHECKING:
    from common.messages import Outcome


class Looks:
    """When each of these scenes is to be looked at again; times are monotonic seconds that the caller passes in.

    They count from the write: a scene that is handled many times in between is looked at all the same.
    """

    def __init__(self) -> None:
        self._due: dict[int, tuple[float, ...]] = {}

    def unanswered(self, scene_id: int, now: float) -> None:
        """Note that a write had no answer just now."""
        self._due[scene_id] = tuple(now + seconds for seconds in settle.UNSURE)

    def left_open(self, scene_id: int, now: float) -> None:
        """Note a write of which no end is recorded, as an earlier process leaves it."""
        if scene_id not in self._due:
            self.unanswered(scene_id, now)

    def after(self, outcome: Outcome, now: float) -> float | None:
        """Return the seconds until a scene, looked at just now with this outcome, is to be looked at again, or None."""
        again: list[float] = []
        if any(item.state == "unsure" for item in outcome.items.values()):
            self.left_open(outcome.id, now)
            seconds = settle.look_again(outcome.attempts - 1)
            again += [] if seconds is None else [seconds]
        due = tuple(at for at in self._due.pop(outcome.id, ()) if at > now)
        if due:
            self._due[outcome.id] = due
            again.append(due[0] - now)
        return min(again, default=None)
