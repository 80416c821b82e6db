"""The shell of stash_watcher: takes its table from the broker, then runs both lanes and answers requests."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import structlog

from common.errors import Rejected, Unavailable, Undecodable
from common.messages import Stamp, WatcherInfo, decode
from common.service import Stopped
from common.table import Counted, Table
from services.stash_watcher.audit import Auditor
from services.stash_watcher.bulk import Bulk
from services.stash_watcher.changes import Book
from services.stash_watcher.desk import Desk
from services.stash_watcher.library import Library
from services.stash_watcher.link import Link
from services.stash_watcher.live import Live
from services.stash_watcher.parts import Parts
from services.stash_watcher.publisher import Publisher
from services.stash_watcher.reporter import Reporter
from services.stash_watcher.rows import read_row
from services.stash_watcher.source import Source
from services.stash_watcher.walker import Walker

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.bus import Connection
    from common.messages import Request
    from common.service import Service
    from common.stash import Stash
    from services.stash_watcher.library import Greeting

ASKED_AT_ONCE = 10_000
ASKED_AT_MOST = 100_000
LAST_WORDS = 5.0
BROKER_PAUSE = 2.0

log = structlog.get_logger("watcher")


class Watcher:
    """One Stash's watcher; `run` returns when the service is asked to stop and the broker has what was published."""

    def __init__(self, service: Service, stash: Stash) -> None:
        table = Table(service.topics.scenes, service.reader, service.bus)
        library = Library(stash)
        publisher = Publisher(table, service.bus)
        link = Link(service, library, publisher)
        desk = Desk(publisher, link, service.undecoded)
        self._parts = Parts(service, table, library, publisher, link, desk)
        self._walker = Walker(self._parts)
        self._auditor = Auditor(self._parts, self._walker)
        self._bulk = Bulk(self._parts, self._walker, self._auditor)
        self._live = Live(self._parts)
        self._reporter = Reporter(self._parts, self._auditor)

    async def run(self) -> None:
        """Load our own table, compare it with Stash, and follow Stash until the service is asked to stop."""
        service = self._parts.service
        await service.unless_stopped(self._load())
        await service.serve({"sweep": self._on_sweep, "resync": self._on_resync, "refresh": self._on_refresh})
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

    async def _load(self) -> None:
        """Take over what is retained; whatever of it is wrong or missing, the first walk finds."""
        parts = self._parts
        while True:
            try:
                info = await self._read_table()
                break
            except Unavailable as error:
                log.warning("table_not_loaded", why=str(error), effect="trying again")
                await asyncio.sleep(BROKER_PAUSE)
        stamps = parts.publisher.stamps
        stamps.renew(time.time_ns() // 1_000_000)
        parts.service.bus.on_up.append(self._on_up)
        parts.link.on_return.append(self._on_return)
        parts.link.source = Source.parse(info.source) if info else None
        parts.watermark.mark = info.watermarks.get("scene", "") if info else ""
        parts.loading = info is None or info.loading
        if parts.publisher.book.entries or parts.suspect:
            parts.work.sweep_wanted = True
        else:
            self._walker.start_load()
        log.info("table_loaded", scenes=len(parts.publisher.book), epoch=stamps.newest.epoch)
        await self._reporter.tell_info()

    async def _read_table(self) -> WatcherInfo | None:
        """Fill the book from our retained rows; return the info that belongs to them."""
        parts = self._parts
        loaded = await parts.table.load_counted(self._begin_book, self._counted)
        if loaded.verdict == "suspect" and loaded.counted:
            parts.suspect = (
                f"the broker gave us {loaded.rows} of {loaded.counted.rows} retained scenes: it leaves rows out. Raise "
                "max_queued_messages in its configuration (Mosquitto's default is 1000) above the number of scenes"
            )
            log.error(
                "table_suspect", why=parts.suspect, effect="scenes go on being published; none is taken for absent"
            )
        return await self._own_info()

    def _begin_book(self) -> Callable[[int, bytes], None]:
        parts = self._parts
        book = parts.publisher.book = Book()

        def on_row(key: int, payload: bytes) -> None:
            if not payload:
                book.entries.pop(key, None)
                return
            scene = read_row(parts.table, key, payload, parts.service.undecoded)
            if scene is None:
                book.distrust(key, None)
            else:
                book.hold(scene)
                parts.publisher.stamps.saw(scene.stamp)

        return on_row

    async def _counted(self) -> Counted | None:
        info = await self._own_info()
        return Counted(info.stamp, info.scenes, info.loading) if info else None

    async def _own_info(self) -> WatcherInfo | None:
        service = self._parts.service
        topic = service.topics.stash("info")
        payload = (await service.reader.read([topic])).get(topic)
        if payload is None:
            return None
        try:
            info = decode(WatcherInfo, payload)
        except Undecodable as error:
            service.undecoded.add(topic, error)
            return None
        self._parts.publisher.stamps.saw(Stamp(info.epoch, info.seq))
        return info

    def _on_up(self, _: Connection) -> None:
        self._auditor.reconnected()

    def _on_return(self, greeting: Greeting) -> None:
        """Whatever happened while Stash was away, a sweep finds it."""
        parts = self._parts
        parts.watermark.clock = greeting.clock
        parts.work.held.clear()
        if parts.balance is not None:
            parts.work.sweep_wanted = True
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
        self._walker.start_load()
        return {"task": "load", "scenes": len(self._parts.publisher.book)}

    async def _on_refresh(self, request: Request) -> object:
        """Fetch these scenes at once."""
        if not request.ids or len(request.ids) > ASKED_AT_ONCE or min(request.ids) < 1:
            raise Rejected(f"give `ids`: from 1 to {ASKED_AT_ONCE} ids of scenes; `sweep` looks at all of them")
        if len(self._parts.desk.asks) > ASKED_AT_MOST:
            raise Rejected("too many scenes are asked for already; `sweep` looks at all of them")
        self._parts.desk.ask(request.ids)
        return {"asked": len(set(request.ids))}

    def _begin_anew(self) -> None:
        """Follow another Stash from here on: of the one before, only what is retained is still known."""
        parts = self._parts
        self._walker.drop()
        parts.watermark.mark, parts.watermark.floor, parts.balance = "", None, None
        parts.publisher.book.distrust_all()
        parts.desk.asks.clear()
        parts.work.backlog.clear()
        parts.loading = True
        self._live.forget()
        self._walker.start_load(confirmed=True)
