"""The bulk lane: first load, sweeps, backlog and audits, a page at a time, so that it can turn to what matters more.

It runs beside the live lane, with at most one request in flight.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from common.errors import Incompatible, Unavailable
from common.stash import Failed, TooMuch
from services.stash_watcher.audit import find_loss, is_behind, read_row
from services.stash_watcher.changes import in_batches, plan_fetch, removal_limit
from services.stash_watcher.library import Scenes
from services.stash_watcher.pace import PageSize
from services.stash_watcher.work import Walk, Work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.service import Service
    from common.table import Table
    from services.stash_watcher.desk import Desk
    from services.stash_watcher.library import Library
    from services.stash_watcher.link import Link
    from services.stash_watcher.progress import Progress
    from services.stash_watcher.publisher import Publisher
    from services.stash_watcher.watermark import Watermark
    from services.stash_watcher.work import Task

WHOLE_PAGE = 200
LIGHT_PAGE = 2_000
SMALLEST_PAGE = 10
BATCH = 50
ISOLATED = 20
PAUSE = 5.0

log = structlog.get_logger("bulk")


class Bulk:
    """Does the bulk work that `work` wants; `wake` it after changing that."""

    def __init__(
        self,
        service: Service,
        table: Table,
        *,
        library: Library,
        link: Link,
        publisher: Publisher,
        desk: Desk,
        watermark: Watermark,
        progress: Progress,
    ) -> None:
        self.work = Work()
        self.wake = asyncio.Event()
        self.marks: dict[str, int | None] = {}
        self.balance: int | None = None
        self.held = 0
        self.suspect = False
        self._service = service
        self._table = table
        self._library = library
        self._link = link
        self._publisher = publisher
        self._desk = desk
        self._watermark = watermark
        self._progress = progress
        self._whole = PageSize(WHOLE_PAGE, SMALLEST_PAGE)
        self._light = PageSize(LIGHT_PAGE, SMALLEST_PAGE)

    async def run(self) -> None:
        """Do what is wanted, for as long as the process runs."""
        steps = {"audit": self._audit, "load": self._load, "sweep": self._sweep, "backlog": self._fetch}
        while True:
            self.wake.clear()
            task = self.work.next(time.monotonic(), stash=self._link.up.is_set())
            if task is None:
                await self._rest()
                continue
            try:
                await steps[task]()
            except Incompatible as error:
                self._link.lacks(task, error)
                self.work.hold(task, time.monotonic())
            except Unavailable as error:
                await self._stand_back(task, error)
            else:
                self._link.fits(task)

    async def _rest(self) -> None:
        """Wait for something to do; what is put off or due by the clock is looked at every second."""
        try:
            async with asyncio.timeout(1):
                await self.wake.wait()
        except TimeoutError:
            return
