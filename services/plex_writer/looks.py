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
    """How often each of these scenes has been looked at since."""

    def __init__(self) -> None:
        self._looks: dict[int, int] = {}

    def unanswered(self, scene_id: int) -> None:
        """Note that a write had no answer just now."""
        self._looks[scene_id] = 0

    def left_open(self, scene_id: int) -> None:
        """Note a write of which no end is recorded, as an earlier process leaves it."""
        self._looks.setdefault(scene_id, 0)

    def after(self, outcome: Outcome) -> float | None:
        """Return the seconds until a scene with this outcome is to be looked at again, or None."""
        looks = self._looks.pop(outcome.id, None)
        if any(item.state == "unsure" for item in outcome.items.values()):
            looks = outcome.attempts - 1
        delay = None if looks is None else settle.look_again(looks)
        if looks is not None and delay is not None:
            self._looks[outcome.id] = looks + 1
        return delay
