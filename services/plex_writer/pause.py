"""`pause` and `resume`: whether this writer may write at all. It survives restarts, since `info` tells it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from common.service import now

if TYPE_CHECKING:
    from common.service import Service

log = structlog.get_logger("writer")


class Pause:
    """`since` is the time of the pause, or empty; while it lasts scenes are taken in and nothing is written."""

    def __init__(self, service: Service) -> None:
        self.since = ""
        self._service = service
        self._free = asyncio.Event()
        self._free.set()

    def __bool__(self) -> bool:
        return bool(self.since)

    def begin(self, since: str = "") -> bool:
        """Pause, as of `since` after a restart; False when it was paused before."""
        if self.since:
            return False
        self.since = since or now()
        self._free.clear()
        self._service.set_state(paused=self.since)
        log.warning("paused", since=self.since, effect="nothing is written to Plex until `s2p resume`")
        return True

    def end(self) -> bool:
        """Go on; False when it was not paused."""
        if not self.since:
            return False
        self.since = ""
        self._free.set()
        self._service.set_state(paused="")
        log.info("resumed")
        return True

    async def over(self) -> None:
        """Wait while it is paused."""
        await self._free.wait()
