"""The shell of stash_watcher: takes its table from the broker, then runs both lanes and answers requests."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from common.errors import Rejected
from common.service import Stopped
from common.table import Table
from services.stash_watcher.audit import Auditor
from services.stash_watcher.bulk import Bulk
from services.stash_watcher.census import Census
from services.stash_watcher.check import Check
from services.stash_watcher.desk import Desk
from services.stash_watcher.entities import Entities
from services.stash_watcher.library import Library
from services.stash_watcher.link import Link
from services.stash_watcher.live import Live
from services.stash_watcher.looker import Looker
from services.stash_watcher.parts import Parts
from services.stash_watcher.publisher import Publisher
from services.stash_watcher.pulse import COUNTED
from services.stash_watcher.reporter import Reporter
from services.stash_watcher.start import take_over
from services.stash_watcher.walker import Walker
from services.stash_watcher.work import Reading

if TYPE_CHECKING:
    from common.bus import Connection
    from common.messages import Request
    from common.service import Service
    from common.stash import Stash
    from services.stash_watcher.observed import Greeting

ASKED_AT_ONCE = 10_000
ASKED_AT_MOST = 100_000
LAST_WORDS = 5.0


class Watcher:
    """One Stash's watcher; `run` returns when the service is asked to stop and the broker has what was published."""

    def __init__(self, service: Service, stash: Stash) -> None:
        table = Table(service.topics.scenes, service.reader, service.bus)
        library = Library(stash, tag_parents=service.settings.mapping.genres_parents)
        publisher = Publisher(table, service.bus)
        link = Link(service, library, publisher)
        entities = Entities()
        desk = Desk(publisher, link, library, entities, service.undecoded)
        self._parts = Parts(service, table, library, publisher, link, desk, entities)
        self._walker = Walker(self._parts)
        self._census = Census(self._parts, self._walker)
        desk.on_changed.append(self._census.follow)
        self._auditor = Auditor(self._parts, self._walker)
        self._bulk = Bulk(self._parts, self._walker, self._auditor, self._census)
        self._live = Live(self._parts, Looker(self._parts, self._walker, self._census), self._census)
        self._reporter = Reporter(self._parts, self._auditor)
        self._check = Check(service, stash)

    async def run(self) -> None:
        """Load our own table, compare it with Stash, and follow Stash until the service is asked to stop."""
        service = self._parts.service
        await service.unless_stopped(self._begin())
        await service.serve(
            {
                "sweep": self._on_sweep,
                "resync": self._on_resync,
                "refresh": self._on_refresh,
                "hook": self._on_hook,
                "check": self._check.on_check,
            }
        )
        service.ready = True
        with contextlib.suppress(Stopped):
            await service.unless_stopped(self._follow())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._reporter.tell_info()

    async def _follow(self) -> None:
        async with asyncio.TaskGroup() as group:
            for lane in (self._parts.link.keep(), self._live.run(), self._bulk.run(), self._reporter.run()):
                group.create_task(lane)

    async def _begin(self) -> None:
        """Take over what is retained, and have it compared with Stash."""
        parts = self._parts
        await take_over(parts)
        parts.service.bus.on_up.append(self._on_up)
        parts.link.on_return.append(self._on_return)
        if parts.publisher.book.entries or parts.suspect:
            parts.work.sweep_wanted = True
        else:
            self._walker.start_load()
        await self._reporter.tell_info()

    def _on_up(self, _: Connection) -> None:
        self._auditor.reconnected()

    def _on_return(self, greeting: Greeting) -> None:
        """Whatever happened while Stash was away, a sweep finds it."""
        parts = self._parts
        parts.watermark.clock = greeting.clock
        parts.work.held.clear()
        self._census.drop()
        parts.work.want(COUNTED)
        if parts.balance is not None:
            parts.work.sweep_wanted = True
        if parts.service.settings.stash.sweep is not None:
            # who edits the database itself does it while Stash is away
            parts.work.reading = Reading()
        parts.wake_bulk.set()

    async def _on_sweep(self, request: Request) -> object:
        """Compare all scenes now; with `confirm`, remove whatever is gone and accept whichever Stash answers."""
        parts = self._parts
        if request.confirm and parts.link.accept():
            self._begin_anew()
            return {"task": "load", "confirmed": True}
        parts.work.asked = True
        parts.work.confirmed = parts.work.confirmed or request.confirm
        parts.wake_bulk.set()
        return {"task": "sweep", "confirmed": request.confirm}

    async def _on_resync(self, _: Request) -> object:
        """Fetch and render every scene again; those that come out as they are published stay as they are."""
        self._parts.publisher.book.try_all_again()
        self._parts.work.want(COUNTED)
        self._walker.start_load()
        return {"task": "load", "scenes": len(self._parts.publisher.book)}

    async def _on_refresh(self, request: Request) -> object:
        """Fetch these scenes at once."""
        if not request.ids or len(request.ids) > ASKED_AT_ONCE or min(request.ids) < 1:
            raise Rejected(f"give `ids`: from 1 to {ASKED_AT_ONCE} ids of scenes; `sweep` looks at all of them")
        if len(self._parts.work.backlog) + len(self._parts.desk.asks) > ASKED_AT_MOST:
            raise Rejected("too many scenes are asked for already; `sweep` looks at all of them")
        self._parts.want(request.ids)
        return {"asked": len(set(request.ids))}

    async def _on_hook(self, request: Request) -> object:
        """Look at what Stash's plugin tells of: `kind` is what it concerns, `ids` which of them."""
        return {"asked": self._live.hooked(request.kind, request.ids)}

    def _begin_anew(self) -> None:
        """Follow another Stash from here on: of the one before, only what is retained is still known."""
        parts = self._parts
        self._walker.drop()
        parts.balance = None
        for pulse in parts.pulses.values():
            pulse.forget()
        self._census.drop()
        parts.entities.clear()
        parts.work.tags.clear()
        parts.work.want(COUNTED)
        parts.publisher.book.distrust_all()
        parts.desk.asks.clear()
        parts.work.backlog.clear()
        parts.loading = True
        self._live.forget()
        self._walker.start_load(confirmed=True)
