"""What the provider counts of its answers. Pure."""

from __future__ import annotations

from collections import deque
from typing import Final

KEPT: Final = 1_000


class Tally:
    """Counts since the start, and how long the last thousand answers took."""

    def __init__(self) -> None:
        self.matches = 0
        self.misses = 0
        self.metadata = 0
        self.delayed = 0
        self._seconds: deque[float] = deque(maxlen=KEPT)

    def took(self, seconds: float) -> None:
        """Note how long an answer took."""
        self._seconds.append(seconds)

    def percentile_ms(self, percent: int) -> float:
        """Return the time in milliseconds that `percent` of the last thousand answers did not exceed; 0 without any."""
        if not self._seconds:
            return 0.0
        ordered = sorted(self._seconds)
        rank = -(-len(ordered) * percent // 100)
        return round(ordered[max(rank, 1) - 1] * 1_000, 2)
