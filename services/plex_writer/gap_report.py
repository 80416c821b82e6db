"""The gap report: gathered beside the lane, retained in short, answered in pages on request."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import TYPE_CHECKING

import msgspec
import structlog

from common import answers, messages
from common.bus import TooLarge
from common.errors import Rejected, Unauthorized, Unavailable, Undecodable
from common.item import item_of, want
from common.messages import GapReport
from common.service import now
from services.plex_writer.gaps import (
    EMPTY_ITEM,
    KINDS,
    PLEX_WITHOUT_SCENE,
    SCENE_WITHOUT_ITEM,
    STALE,
    Gathering,
    scene_gap,
)
from services.plex_writer.job import read_scene
from services.plex_writer.pages import Pages
from services.plex_writer.schedule import Schedule

if TYPE_CHECKING:
    from array import array

    from common.messages import Gap, Request
    from common.options import Options
    from common.service import Service
    from common.table import Table
    from services.plex_writer.gaps import Shelved
    from services.plex_writer.library import Library
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.plex import Plex

SHOWN = 100
FRESH = 60.0
# a page is one answer on the bus
LONGEST_PAGE = 1_000
NO_TIME = dt.datetime.min.replace(tzinfo=dt.UTC)

log = structlog.get_logger("gaps")


class Gaps:
    """Makes reports one at a time, on schedule and on request, and keeps the last one to page through.

    `scenes` is read by key for pages, `loads` is streamed.
    """

    def __init__(
        self,
        service: Service,
        *,
        plex: Plex,
        scenes: Table,
        loads: Table,
        outcomes: Outcomes,
        library: Library,
        options: Options,
    ) -> None:
        self.report = GapReport(at="")
        self.schedule = Schedule("gaps", service.settings.gaps, self._make, lambda: self.report.at)
        self._service = service
        self._plex = plex
        self._scenes = scenes
        self._loads = loads
        self._outcomes = outcomes
        self._library = library
        self._options = options
        self._fingerprint = options.fingerprint()
        self._items: dict[str, Pages] = {}
        self._ids: dict[str, array[int]] = {}

    async def load(self) -> None:
        """Read the last report back, which tells when it was made."""
        topic = self._service.topics.plex(self._service.settings.plex.name, "gaps")
        row = (await self._service.reader.read([topic])).get(topic)
        try:
            self.report = messages.decode(GapReport, row) if row else self.report
        except Undecodable as error:
            self._service.undecoded.add(topic, error)

    async def tell(self) -> None:
        """Publish the report, shorter where the broker takes no packet of its size."""
        if not self.report.at:
            return
        for shown in (SHOWN, SHOWN // 10, 0):
            first = {kind: rows[:shown] for kind, rows in self.report.first.items()}
            try:
                await self._service.publish("gaps", msgspec.structs.replace(self.report, first=first))
            except TooLarge as error:
                log.warning("report_cut", why=str(error))
            else:
                return

    async def on_request(self, request: Request) -> object:
        """Answer with a page of one kind; a first page makes a new report if the last one is older than a minute."""
        if request.kind and request.kind not in KINDS:
            raise Rejected(f"there is no kind {request.kind}; there are: {', '.join(KINDS)}")
        has_rows = bool(self._items)
        if not has_rows or (request.offset == 0 and _age(self.report.at) > FRESH):
            await self._now()
        limit = min(max(1, request.limit), LONGEST_PAGE)
        rows = await self._page(request.kind, request.offset, limit) if request.kind else []
        end = request.offset + limit
        more = request.kind and end < self.report.counts.get(request.kind, 0)
        return answers.Gaps(
            at=self.report.at,
            counts=self.report.counts,
            rows=tuple(msgspec.to_builtins(row) for row in rows),
            next=end if more else None,
        )

    async def _now(self) -> None:
        try:
            await self.schedule.once()
        except (Unavailable, Unauthorized) as error:
            raise Rejected(f"no gaps can be told now: {error}") from None

    async def _make(self) -> None:
        """Compare both sides; the lane goes on meanwhile."""
        began = time.monotonic()
        gathering = Gathering(await self._list(), self._options.paths.key)
        await self._loads.load(lambda key, row: self._add(gathering, key, row))
        await self._keep(gathering)
        found = gathering.counts()
        first = {kind: tuple(await self._page(kind, 0, SHOWN)) for kind in KINDS}
        self.report = GapReport(
            at=now(),
            seconds=round(time.monotonic() - began, 3),
            items=len(gathering),
            scenes=gathering.scenes,
            counts=found,
            oldest=dict(gathering.oldest),
            first=first,
        )
        log.info("gaps", **found, items=len(gathering), scenes=gathering.scenes, seconds=self.report.seconds)
        await self.tell()

    async def _list(self) -> list[Shelved]:
        items: dict[str, Shelved] = {}
        for section in list(self._library.sections):
            start, total = 0, 1
            while start < total:
                page, total = await self._plex.shelf(section, start)
                items.update((item.rating_key, item) for item in page)
                start += len(page)
                if not page:
                    break
        return list(items.values())

    def _add(self, gathering: Gathering, scene_id: int, row: bytes) -> None:
        if not row:
            return
        try:
            scene = read_scene(scene_id, row)
        except Undecodable as error:
            self._service.undecoded.add(self._loads.topic(scene_id), error)
            return
        item = item_of(scene, self._options)
        gathering.add(scene, item, self._outcomes.get(scene_id), want(item, self._fingerprint))

    async def _keep(self, gathering: Gathering) -> None:
        """Keep what pages need; compressing 50,000 rows takes a second, which is not the loop's."""
        without, empty = await asyncio.to_thread(
            lambda: (Pages(gathering.items_without_scene()), Pages(gathering.empty_items()))
        )
        self._items = {PLEX_WITHOUT_SCENE: without, EMPTY_ITEM: empty}
        self._ids = {
            kind: type(ids)("q", sorted(ids))
            for kind, ids in ((SCENE_WITHOUT_ITEM, gathering.without_item), (STALE, gathering.stale))
        }

    async def _page(self, kind: str, offset: int, limit: int) -> list[Gap]:
        """Return rows; those of scenes as they are now, without those that are gone."""
        if kind in self._items:
            return self._items[kind].page(offset, limit)
        ids = self._ids.get(kind, ())[offset : offset + limit]
        rows = await self._scenes.read(ids)
        found: list[Gap] = []
        for scene_id in ids:
            if scene_id in rows:
                try:
                    scene = read_scene(scene_id, rows[scene_id])
                except Undecodable as error:
                    self._service.undecoded.add(self._scenes.topic(scene_id), error)
                    continue
                found.append(scene_gap(scene, item_of(scene, self._options), kind, self._outcomes.get(scene_id)))
        return found


def _age(at: str) -> float:
    """Return how many seconds ago that was; a day without a time."""
    moment = dt.datetime.fromisoformat(at) if at else NO_TIME
    return (dt.datetime.now(dt.UTC) - moment).total_seconds()
