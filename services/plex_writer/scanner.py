"""Asks Plex to scan the folders of new scenes, where the settings allow it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import structlog

from common.errors import Rejected, Unauthorized
from services.plex_writer.plex import PlexUnavailable
from services.plex_writer.scans import Folders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.plex_writer.library import Library
    from services.plex_writer.link import Link
    from services.plex_writer.plex import Plex

log = structlog.get_logger("scanner")


class Scanner:
    """Gathers folders from the library's `on_missing`; a scan that fails is left to Plex's own."""

    def __init__(self, plex: Plex, link: Link, library: Library) -> None:
        self._plex = plex
        self._link = link
        self._library = library
        self._folders = Folders()
        self._wanted = asyncio.Event()

    async def run(self) -> None:
        """Ask for scans for ever."""
        self._library.on_missing = self._missing
        while True:
            await self._link.well()
            for wanted in self._folders.take(time.monotonic()):
                await self._ask(wanted.section, wanted.folder)
            self._wanted.clear()
            due = self._folders.next_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                    await self._wanted.wait()

    def _missing(self, paths: Sequence[str]) -> None:
        for path in paths:
            self._folders.add(path, self._library.sections, time.monotonic())
        self._wanted.set()

    async def _ask(self, section: str, folder: str) -> None:
        try:
            await self._plex.scan(section, folder)
        except (PlexUnavailable, Unauthorized) as error:
            await self._link.doubt(error)
        except Rejected as error:
            log.warning("scan_refused", why=str(error), effect="Plex finds the files by its own scans")
        else:
            log.info("scan_asked", library=section, folder=folder or "all of it")
