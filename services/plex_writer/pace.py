"""How hard Plex is worked: flat out while it answers fast, with rests while it slows down or scans. Pure.

There is one lane, so a rest after each write is all the back-pressure there is. Live changes never rest.
"""

from __future__ import annotations

FAST = 0.25
SLOW = 2.0
SCANNING = 0.25
LONGEST = 10.0
WEIGHT = 0.2


class Pace:
    """Follows how long Plex takes for a write, as a moving mean in seconds."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.scanning = False

    def saw(self, seconds: float) -> None:
        """Take note of a write; one that is slow counts at once, fast ones bring the mean down little by little."""
        self.latency = max(seconds * WEIGHT + self.latency * (1 - WEIGHT), seconds if seconds > SLOW else 0.0)

    def rest(self) -> float:
        """Return the seconds to rest after a write of bulk work: as long as a write takes, twice that when slow."""
        if self.latency > SLOW:
            return min(LONGEST, 2 * self.latency)
        if self.latency > FAST:
            return self.latency
        return min(SCANNING, max(0.05, self.latency)) if self.scanning else 0.0
