"""How many scenes a second were handled over the last minute. Bounded: one number a second."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 60


class Rate:
    """Counts by second of a monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: deque[tuple[int, int]] = deque(maxlen=WINDOW + 1)

    def add(self, count: int) -> None:
        """Count some more, now."""
        second = int(self._clock())
        if self._counts and self._counts[-1][0] == second:
            count += self._counts.pop()[1]
        self._counts.append((second, count))

    def per_second(self) -> float:
        """Return the mean of the last minute."""
        since = int(self._clock()) - WINDOW
        return round(sum(count for second, count in self._counts if second > since) / WINDOW, 2)
