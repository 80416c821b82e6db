"""Hints at files that Plex may have: the provider's unmatched reports, and paths that people or tools name.

A hint wakes nobody by itself. Where scenes wait for such a file Plex is asked for it by name, one request a library.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from common import messages
from common.errors import Rejected, Unauthorized, Undecodable
from common.messages import Unmatched
from services.plex_writer.plex import PlexUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.bus import Message
    from common.service import Service
    from services.plex_writer.library import Library
    from services.plex_writer.link import Link
    from services.plex_writer.plex import Plex

# a report is made while Plex takes the file in, which takes it a moment
SETTLE = 2.0
LIMIT = 1_000
BY_NAME = 20

log = structlog.get_logger("writer")


class Hints:
    """Gathers hints, 1,000 at most; `look_soon` is for more of them than are worth asking about one by one."""

    def __init__(
        self,
        service: Service,
        *,
        plex: Plex,
        link: Link,
        library: Library,
        wake: Callable[[set[int]], None],
        look_soon: Callable[[], None],
    ) -> None:
        self._service = service
        self._plex = plex
        self._link = link
        self._library = library
        self._wake = wake
        self._look_soon = look_soon
        self._tails: dict[str, None] = {}
        self._hinted = asyncio.Event()

    async def listen(self) -> None:
        """Follow the provider's reports; those that stand at start are covered by the first listing."""
        await self._service.bus.subscribe([f"{self._service.topics.unmatched}/+"], self._on_report, retained=False)

    def add(self, tail: str) -> None:
        """Take a hint: a path in Plex's words, or the end of one."""
        if len(self._tails) < LIMIT:
            self._tails[tail] = None
        self._hinted.set()

    async def run(self) -> None:
        """Follow hints for ever."""
        while True:
            await self._hinted.wait()
            await asyncio.sleep(SETTLE)
            await self._link.well()
            self._hinted.clear()
            tails, self._tails = self._tails, {}
            await self._follow(self._library.waiting.ending(tails))

    async def _follow(self, paths: set[str]) -> None:
        if len(paths) > BY_NAME:
            self._look_soon()
            return
        for path in sorted(paths):
            for section in list(self._library.sections):
                await self._ask(section.id, path.rpartition("/")[2])

    async def _ask(self, section: str, name: str) -> None:
        try:
            self._wake(self._library.note_listed(await self._plex.with_file(section, name)))
        except (PlexUnavailable, Unauthorized) as error:
            await self._link.doubt(error)
        except Rejected as error:
            log.warning("file_not_asked", why=str(error), effect="the file is found by Plex's events or a listing")

    def _on_report(self, message: Message) -> None:
        if not message.payload:
            return
        try:
            report = messages.decode(Unmatched, message.payload)
        except Undecodable as error:
            self._service.undecoded.add(message.topic, error)
            return
        self.add(report.file)
