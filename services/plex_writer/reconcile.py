"""Reported against Plex: every item is listed light, and those that are not as they were seen last are looked at.

An item counts as seen by its updatedAt, which our own edits move as well: it is noted when the edit is read back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from common import messages
from common.errors import Rejected, Undecodable
from common.messages import Reconciled
from common.service import now
from services.plex_writer.schedule import Schedule

if TYPE_CHECKING:
    from common.service import Service
    from services.plex_writer.compare import Compare
    from services.plex_writer.library import Library
    from services.plex_writer.link import Link
    from services.plex_writer.scout import Scout

LEAF = "reconcile"

log = structlog.get_logger("writer")


class Reconcile:
    """Compares on request and on schedule; `last` is told on `reconcile`, so that a restart knows when it was."""

    def __init__(self, service: Service, *, compare: Compare, scout: Scout, library: Library, link: Link) -> None:
        self.last = Reconciled(at="")
        self.schedule = Schedule("reconcile", service.settings.reconcile, self._run, lambda: self.last.at)
        self._service = service
        self._compare = compare
        self._scout = scout
        self._library = library
        self._link = link

    async def load(self) -> None:
        """Read back when the last comparison was."""
        topic = self._service.topics.plex(self._service.settings.plex.name, LEAF)
        row = (await self._service.reader.read([topic])).get(topic)
        try:
            self.last = messages.decode(Reconciled, row) if row else self.last
        except Undecodable as error:
            self._service.undecoded.add(topic, error)

    async def tell(self) -> None:
        """Publish when the last comparison was."""
        if self.last.at:
            await self._service.publish(LEAF, self.last)

    async def _run(self) -> Reconciled:
        if not self._link.is_well:
            raise Rejected("Plex is away; what was missed is compared as soon as it is back")
        began = time.monotonic()
        unsettled = await self._compare.run()
        differing = len(await self._scout.list_all())
        self.last = Reconciled(
            at=now(),
            seconds=round(time.monotonic() - began, 3),
            items=len(self._library),
            differing=differing,
            unsettled=unsettled,
        )
        log.info("reconciled", items=self.last.items, differing=differing, unsettled=unsettled)
        await self.tell()
        return self.last
