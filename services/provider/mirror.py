"""The retained scenes, mirrored in memory: loaded and counted after every connect, kept up to date by live messages.

A load is taken into the rows that are there: a row is only ever replaced by a newer one, and rows that a load did not
bring are removed only when it was complete. So answers never come from less than the last good table, whatever the
broker has lost, and a reload needs no second table's memory.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from common import messages
from common.errors import S2PError, Unavailable, Undecodable
from common.messages import WatcherInfo, WatcherState
from common.table import Table
from common.tally import Counted, Loaded
from common.topics import row_id
from services.provider.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.bus import Message
    from common.options import Options
    from common.service import Service

RETRY: Final = 1.0
DOUBT: Final = 10.0
RELOAD_EVERY: Final = 60.0
SUSPECT: Final = (
    "the broker sent {rows} of {counted} scenes, twice; raise max_queued_messages in its settings (Mosquitto's default "
    "of 1000 also limits retained messages) and restart it; until then some files find no match"
)

log = structlog.get_logger("mirror")


class NotYet(S2PError):
    """The table is not whole, so that a scene is not here does not say that there is none: ask again."""


class Mirror:
    """The scenes as the broker has them, and what the watcher says of itself; `loaded` is how the last load went.

    `on_scene` is called with the id of every scene that comes or changes after the first load, `on_load` after each.
    """

    def __init__(self, service: Service, options: Options) -> None:
        self.catalog = Catalog(options.paths)
        self.loaded: Loaded | None = None
        self.suspect = ""
        self.on_scene: Callable[[int], None] = lambda _: None
        self.on_load: Callable[[], None] = lambda: None
        self._service = service
        self._table = Table(service.topics.scenes, service.reader, service.bus)
        self._info: WatcherInfo | None = None
        self._state: WatcherState | None = None
        self._due = asyncio.Event()
        self._loading = False
        self._seen: set[int] = set()
        self._fresh: set[int] = set()
        self._unreadable: dict[int, int] = {}
        self._loaded_at = 0.0
        self._rows: int | None = None
        self._doubt: asyncio.TimerHandle | None = None

    @property
    def whole(self) -> bool:
        """Whether what is not here is nowhere: a load was complete, or as complete as this broker lets it be."""
        first_load_runs = self._info is not None and self._info.loading and not self._rows
        return self._rows is not None and not first_load_runs

    @property
    def stash(self) -> str:
        """How Stash is, as the watcher says; `unknown` when it is not there to say."""
        return self._state.stash if self._state is not None and self._state.state == "online" else "unknown"

    async def listen(self) -> None:
        """Register what keeps the mirror up to date; before the session connects."""
        bus, topics = self._service.bus, self._service.topics
        await bus.subscribe([f"{topics.scenes}/+"], self._on_scene, retained=False)
        await bus.subscribe([topics.stash("info")], self._on_info)
        await bus.subscribe([topics.stash("state")], self._on_state)
        bus.on_up.append(lambda _: self._due.set())

    async def load_forever(self) -> None:
        """Load after every connect, and when the watcher's count and ours differ for long."""
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                loaded = await self._table.load_counted(self._begin, self._counted)
            except Unavailable as error:
                log.warning("load_failed", why=str(error), effect="the last good table answers; loading again")
                self._due.set()
                await asyncio.sleep(RETRY)
            else:
                self._judge(loaded)

    def _begin(self) -> Callable[[int, bytes], None]:
        self._loading = True
        self._seen, self._fresh = set(), set()
        return self._on_row

    def _on_row(self, scene_id: int, payload: bytes) -> None:
        """Take in a row of a load; a removal that it sees is the live subscription's to carry out, or the sweep's."""
        if payload:
            self._seen.add(scene_id)
            self._put(scene_id, payload)
        else:
            self._seen.discard(scene_id)

    def _on_scene(self, message: Message) -> None:
        scene_id = row_id(self._table.prefix, message.topic)
        if scene_id is None:
            return
        if self._loading:
            self._fresh.add(scene_id)
        if message.payload:
            self._put(scene_id, message.payload)
        else:
            self.catalog.remove(scene_id)
            self._unreadable.pop(scene_id, None)

    def _put(self, scene_id: int, payload: bytes) -> None:
        """Take in a row; of one that cannot be read, the last that could stays, and it is counted once."""
        try:
            is_news = self.catalog.put(scene_id, payload)
            self._unreadable.pop(scene_id, None)
            if is_news and self.loaded is not None:
                self.on_scene(scene_id)
        except Undecodable as error:
            mark = hash(payload)
            if self._unreadable.get(scene_id) != mark:
                self._unreadable[scene_id] = mark
                self._service.undecoded.add(self._table.topic(scene_id), error)

    async def _counted(self) -> Counted | None:
        topic = self._service.topics.stash("info")
        payload = (await self._service.reader.read([topic])).get(topic)
        info = self._info_of(topic, payload) if payload else None
        return Counted(info.stamp, info.scenes, info.loading) if info else None

    def _judge(self, loaded: Loaded) -> None:
        if loaded.verdict == "complete" and loaded.counted is not None:
            self._sweep(loaded.counted)
        self._loading = False
        self._seen, self._fresh = set(), set()
        self.loaded = loaded
        if loaded.verdict in ("complete", "suspect"):
            self._rows = loaded.rows
        counted = loaded.counted.rows if loaded.counted else 0
        self.suspect = SUSPECT.format(rows=loaded.rows, counted=counted) if loaded.verdict == "suspect" else ""
        self._loaded_at = asyncio.get_running_loop().time()
        self._log(loaded)
        self._tell_ready()
        self.on_load()

    def _log(self, loaded: Loaded) -> None:
        log.info("table_loaded", rows=loaded.rows, verdict=loaded.verdict, scenes=len(self.catalog))
        if self.suspect:
            log.error("table_suspect", why=self.suspect)
        elif not self.whole:
            why = "the watcher loads still" if loaded.counted else "the watcher has not said how many scenes there are"
            log.warning("table_not_whole", why=why, effect="a file without a scene gets no answer until it has")

    def _sweep(self, counted: Counted) -> None:
        """Remove what a complete load did not bring, unless it came meanwhile or is newer than what was counted."""
        for scene_id in self.catalog:
            if scene_id in self._seen or scene_id in self._fresh:
                continue
            stamp = self.catalog.stamp(scene_id)
            if stamp is not None and stamp <= counted.stamp:
                self.catalog.remove(scene_id)
        for scene_id in self._unreadable.keys() - self._seen - self._fresh:
            del self._unreadable[scene_id]

    def _tell_ready(self) -> None:
        self._service.ready = self.whole
        self._service.set_state(ready=self.whole)

    def _on_info(self, message: Message) -> None:
        self._info = self._info_of(message.topic, message.payload) if message.payload else None
        self._tell_ready()
        if self._info is None or self._info.loading or self.loaded is None:
            return
        if self.loaded.verdict == "unknown":
            self._due.set()
        elif self._differs(self._info):
            self._doubt_in(DOUBT)

    def _info_of(self, topic: str, payload: bytes) -> WatcherInfo | None:
        try:
            return messages.decode(WatcherInfo, payload)
        except Undecodable as error:
            self._service.undecoded.add(topic, error)
            return None

    def _differs(self, info: WatcherInfo) -> bool:
        """Tell whether the watcher counts other than we do, at a stamp that no load has been judged by."""
        counted = self.loaded.counted if self.loaded else None
        unread = sum(scene_id not in self.catalog for scene_id in self._unreadable)
        return (counted is None or counted.stamp != info.stamp) and info.scenes != len(self.catalog) + unread

    def _doubt_in(self, seconds: float) -> None:
        if self._doubt is None:
            loop = asyncio.get_running_loop()
            self._doubt = loop.call_later(seconds, self._resolve, self._info)

    def _resolve(self, doubted: WatcherInfo | None) -> None:
        """Load again when a difference has outlasted what may have been under way, at most once a minute."""
        self._doubt = None
        if self._info is None or self._info.loading or not self._differs(self._info):
            return
        wait = self._loaded_at + RELOAD_EVERY - asyncio.get_running_loop().time()
        if self._info != doubted or wait > 0:
            self._doubt_in(max(wait, DOUBT))
            return
        log.warning("table_differs", scenes=len(self.catalog), counted=self._info.scenes, effect="loading again")
        self._due.set()

    def _on_state(self, message: Message) -> None:
        try:
            self._state = messages.decode(WatcherState, message.payload) if message.payload else None
        except Undecodable as error:
            self._service.undecoded.add(message.topic, error)
            self._state = None
