"""What is wrong now in one direction, for all connections of a proxy together."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import TYPE_CHECKING, Final

from simulators.proxy.faults import Blackhole, Cut, CutInPublish, LosePuback

if TYPE_CHECKING:
    from simulators.proxy.faults import Bandwidth, Command, Delay

WAY_KINDS: Final = ("cut", "blackhole", "delay", "bandwidth", "cut_in_publish", "lose_puback")


class Way:
    """The faults of one direction, each under its kind; `left` counts those down that strike later or several times.

    `open` is set unless a black hole is armed; `hits`, shared with the other direction, counts what has struck.
    """

    cut: Cut | None = None
    blackhole: Blackhole | None = None
    delay: Delay | None = None
    bandwidth: Bandwidth | None = None
    cut_in_publish: CutInPublish | None = None
    lose_puback: LosePuback | None = None

    def __init__(self, hits: Counter[str]) -> None:
        self.hits = hits
        self.left: Counter[str] = Counter()
        self.open = asyncio.Event()
        self.open.set()

    def arm(self, fault: Command) -> None:
        """Put a fault in the place of the last of its kind."""
        setattr(self, fault.kind, fault)
        match fault:
            case Cut(after_bytes=count) | CutInPublish(nth=count) | LosePuback(count=count):
                self.left[fault.kind] = count or 0
            case Blackhole():
                self.open.clear()
                self.hits[fault.kind] += 1

    def clear(self, kind: str) -> None:
        """Disarm one kind of fault."""
        setattr(self, kind, None)
        if kind == "blackhole":
            self.open.set()

    def armed(self) -> list[str]:
        """Return the kinds of the faults that are armed."""
        return [kind for kind in WAY_KINDS if getattr(self, kind)]

    def struck(self, kind: str) -> None:
        """Count a hit, and disarm the fault once none is left."""
        self.hits[kind] += 1
        if self.left[kind] <= 0:
            self.clear(kind)

    @property
    def lateness(self) -> float:
        """By how many seconds what is read now arrives late."""
        return (self.delay.ms + random.uniform(0, self.delay.jitter_ms)) / 1000 if self.delay else 0.0
