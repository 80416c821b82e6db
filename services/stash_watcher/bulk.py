"""The bulk lane: first load, sweeps, backlog and audits, a step at a time, so that it can turn to what matters more.

It runs beside the live lane, with at most one request in flight.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from common.errors import Incompatible, Unavailable
from services.stash_watcher.pulse import COUNTED

if TYPE_CHECKING:
    from services.stash_watcher.audit import Auditor
    from services.stash_watcher.census import Census
    from services.stash_watcher.parts import Parts
    from services.stash_watcher.walker import Walker
    from services.stash_watcher.work import Task

BATCH = 50
TICK = 1.0
BROKER_PAUSE = 2.0

log = structlog.get_logger("bulk")


class Bulk:
    """Does the bulk work that is wanted, for as long as the process runs."""

    def __init__(self, parts: Parts, walker: Walker, auditor: Auditor, census: Census) -> None:
        self._parts = parts
        self._compared = False
        self._steps = {
            "audit": auditor.run,
            "entities": census.entities,
            "load": walker.load,
            "sweep": walker.sweep,
            "tags": census.tags,
            "backlog": self._fetch,
            "markers": census.markers,
            "remove": walker.remove,
            "reading": walker.read,
        }

    async def run(self) -> None:
        """Take step after step, always the most important one that can be done now."""
        parts = self._parts
        while True:
            parts.wake_bulk.clear()
            task = parts.work.next(time.monotonic(), stash=parts.link.up.is_set())
            if task is None:
                self._note_end_of_load()
                self._note_compared()
                await self._rest()
            else:
                await self._step(task)

    async def _step(self, task: Task) -> None:
        try:
            await self._steps[task]()
        except Incompatible as error:
            self._parts.link.lacks(task, error)
            self._parts.work.hold(task, time.monotonic())
        except Unavailable as error:
            if task == "audit":
                log.warning("audit_put_off", why=str(error))
                await asyncio.sleep(BROKER_PAUSE)
            else:
                self._parts.link.lost(error)
        else:
            self._parts.link.fits(task)
            self._parts.work.held.pop(task, None)

    async def _fetch(self) -> None:
        """Fetch the next few scenes of the backlog; many that are gone are a matter for a whole listing."""
        parts = self._parts
        backlog = parts.work.backlog
        ids = list(islice(backlog, BATCH))
        with parts.desk.question() as began:
            found = await parts.library.some(ids)
            if not await parts.desk.apply(found, began):
                return
            if not await parts.desk.remove_few(found.gone, began):
                parts.work.sweep_wanted = True
        for key in ids:
            backlog.pop(key, None)
        done = parts.progress.done if parts.progress.task == "backlog" else 0
        parts.progress.step("backlog", done + len(ids), done + len(ids) + len(backlog), time.monotonic())
        if not backlog:
            parts.progress.end("backlog")

    def _note_end_of_load(self) -> None:
        """Tell that all is published, after a start or a loss, once nothing is left to do."""
        parts = self._parts
        if parts.link.up.is_set() and parts.work.idle and not parts.desk.asks:
            parts.loading, parts.covered = False, None

    def _note_compared(self) -> None:
        """Tell once that everything was compared with Stash since the start, and looked at once."""
        parts = self._parts
        compared = parts.balance is not None and all(parts.pulses[kind].balance is not None for kind in COUNTED)
        if not self._compared and compared and parts.looks and parts.work.idle and not parts.desk.asks:
            self._compared = True
            log.info("compared", scenes=len(parts.publisher.book), requests=parts.library.requests)

    async def _rest(self) -> None:
        """Wait for something to do; what is held, put off or due by the clock is looked at every second."""
        reading, now = self._parts.work.reading, time.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK if reading is None or reading.at <= now else min(TICK, reading.at - now)):
                await self._parts.wake_bulk.wait()
