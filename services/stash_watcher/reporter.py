"""What the watcher tells about itself: `info` for machines, `stats` for people."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec

from common import messages
from common.messages import WatcherInfo, WatcherStats
from common.version import VERSION

if TYPE_CHECKING:
    from services.stash_watcher.audit import Auditor
    from services.stash_watcher.parts import Parts

QUIET = 1.0
INFO_EVERY = 5.0
TICK = 0.5
STATS_BUSY = 2.0
STATS_IDLE = 60.0


class Reporter:
    """Publishes `info` and `stats` when they have something new to say."""

    def __init__(self, parts: Parts, auditor: Auditor) -> None:
        self._parts = parts
        self._auditor = auditor
        self._info: WatcherInfo | None = None
        self._info_at = -INFO_EVERY
        self._stats = WatcherStats()
        self._stats_at = -STATS_IDLE

    async def run(self) -> None:
        """Tell, for as long as the process runs."""
        while True:
            if self._info_is_due(time.monotonic()):
                await self.tell_info()
            if self._stats_are_due(time.monotonic()):
                await self.tell_stats()
            await asyncio.sleep(TICK)

    async def tell_info(self) -> None:
        """Publish what has been published so far, once the broker has confirmed all of it.

        While an audit is pending nothing is told: what `info` says decides whether the broker forgot something.
        """
        if self._auditor.pending:
            return
        info = self._present_info()
        await self._parts.publisher.settled()
        if self._auditor.pending:
            return
        self._info, self._info_at, self._auditor.untold = info, time.monotonic(), False
        await self._parts.service.publish("info", info)
        self._parts.publisher.confirm(self._parts.service.topics.stash("info"), messages.encode(info))

    async def tell_stats(self) -> None:
        """Publish how it goes."""
        self._stats, self._stats_at = self._present_stats(), time.monotonic()
        await self._parts.service.publish("stats", self._stats)

    def _info_is_due(self, now: float) -> bool:
        """Only in a pause, since it counts scenes; during a load its count means nothing, so it need not wait."""
        publisher = self._parts.publisher
        quiet = self._parts.loading or now - publisher.last_at >= QUIET
        news = self._auditor.untold or self._present_info() != self._info
        return quiet and now - self._info_at >= INFO_EVERY and news

    def _stats_are_due(self, now: float) -> bool:
        """Not for the number of requests alone, except once a minute."""
        stats = self._present_stats()
        news = msgspec.structs.replace(stats, requests=self._stats.requests) != self._stats
        return (news and now - self._stats_at >= STATS_BUSY) or now - self._stats_at >= STATS_IDLE

    def _present_info(self) -> WatcherInfo:
        parts = self._parts
        greeting, source = parts.link.greeting, parts.link.source
        stamp = parts.covered or parts.publisher.stamps.newest
        return WatcherInfo(
            service=VERSION,
            version=greeting.version if greeting else "",
            features=greeting.features if greeting else (),
            source=str(source) if source else "",
            epoch=stamp.epoch,
            seq=stamp.seq,
            scenes=len(parts.publisher.book),
            loading=parts.loading,
            watermarks={
                name: pulse.watermark.settled for name, pulse in parts.pulses.items() if pulse.watermark.settled
            },
        )

    def _present_stats(self) -> WatcherStats:
        parts = self._parts
        task, done, total, rate, seconds_left = parts.progress.told(time.monotonic())
        return WatcherStats(
            task=task,
            done=done,
            total=total,
            rate=rate,
            seconds_left=seconds_left,
            scenes=len(parts.publisher.book),
            published=parts.publisher.published,
            removed=parts.publisher.removed,
            held=parts.held,
            suspect=parts.suspect,
            requests=parts.library.requests,
            last_change=parts.publisher.last_change,
            skipped=parts.publisher.skipped.payload(),
            undecodable=parts.service.undecoded.payload(),
        )
