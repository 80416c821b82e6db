"""A start: the book, the stamps and the watermark are taken over from what is retained.

Whatever is wrong or missing there, the first walk over Stash finds, but for one thing: a scene that was published while
it was fresh by a watcher that ended before it could look again. Such scenes are put on the backlog.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from common.errors import Unavailable, Undecodable
from common.messages import Stamp, WatcherInfo, decode
from common.tally import Counted
from services.stash_watcher.changes import Book
from services.stash_watcher.rows import read_row, take_row
from services.stash_watcher.source import Source
from services.stash_watcher.watermark import Youngest

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.tally import Loaded
    from services.stash_watcher.parts import Parts

BROKER_PAUSE = 2.0

log = structlog.get_logger("start")


async def take_over(parts: Parts) -> None:
    """Load our own table and info, however often the broker goes away meanwhile, and begin a new epoch."""
    start = _Start(parts)
    while True:
        try:
            info = await start.read()
            break
        except Unavailable as error:
            log.warning("table_not_loaded", why=str(error), effect="trying again")
            await asyncio.sleep(BROKER_PAUSE)
    stamps = parts.publisher.stamps
    stamps.renew(time.time_ns() // 1_000_000)
    parts.link.source = Source.parse(info.source) if info else None
    for name, pulse in parts.pulses.items():
        pulse.watermark.mark = pulse.watermark.settled = info.watermarks.get(name, "") if info else ""
    parts.loading = info is None or info.loading
    parts.covered = info.stamp if info else None
    parts.work.fetch(start.youngest.after(parts.watermark.settled))
    log.info("table_loaded", scenes=len(parts.publisher.book), epoch=stamps.newest.epoch)


class _Start:
    def __init__(self, parts: Parts) -> None:
        self.youngest = Youngest()
        self._parts = parts

    async def read(self) -> WatcherInfo | None:
        """Fill the book from our retained rows; return the info that belongs to them."""
        loaded = await self._parts.table.load_counted(self._begin_book, self._counted)
        self._parts.suspect = _suspicion(loaded)
        return await self._info()

    def _begin_book(self) -> Callable[[int, bytes], None]:
        parts = self._parts
        book = parts.publisher.book = Book()
        youngest = self.youngest = Youngest()
        parts.entities.clear()

        def on_row(key: int, payload: bytes) -> None:
            if not payload:
                book.drop(key)
                return
            scene = read_row(parts.table, key, payload, parts.service.undecoded)
            if scene is None:
                book.distrust(key, None)
                return
            take_row(parts, scene)
            youngest.add(key, scene.updated_at)
            parts.publisher.stamps.saw(scene.stamp)

        return on_row

    async def _counted(self) -> Counted | None:
        info = await self._info()
        return Counted(info.stamp, info.scenes, info.loading) if info else None

    async def _info(self) -> WatcherInfo | None:
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


def _suspicion(loaded: Loaded) -> str:
    """Return, for a broker that leaves rows out, what to do about it."""
    if loaded.verdict != "suspect" or loaded.counted is None:
        return ""
    text = (
        f"the broker gave us {loaded.rows} of {loaded.counted.rows} retained scenes: it leaves rows out. Raise "
        "max_queued_messages in its configuration (Mosquitto's default is 1000) above the number of scenes"
    )
    log.error("table_suspect", why=text, effect="scenes go on being published; none is taken for absent")
    return text
