"""Walks over all scenes of Stash in id order, a page a step: whole scenes for a load, the light listing for a sweep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import structlog

from common.stash import Failed, TooMuch
from services.stash_watcher.changes import in_batches, plan_fetch, removal_limit
from services.stash_watcher.library import Listing, Scenes, joined
from services.stash_watcher.pace import PageSize
from services.stash_watcher.rows import read_row
from services.stash_watcher.work import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.stash_watcher.parts import Parts

WHOLE_PAGE = 200
LIGHT_PAGE = 2_000
SMALLEST_PAGE = 10
ISOLATED = 20
SHORT_SWEEPS = 2

log = structlog.get_logger("walker")


class _Page(NamedTuple):
    found: Scenes
    last: int | None


class Walker:
    """Does one step of the walk that is wanted; raises as Library."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._whole = PageSize(WHOLE_PAGE, SMALLEST_PAGE)
        self._light = PageSize(LIGHT_PAGE, SMALLEST_PAGE)
        self._short = 0

    def start_load(self, after: int = 0, *, confirmed: bool = False) -> None:
        """Have all whole scenes after an id fetched; a load that is under way goes back to there if it has to."""
        work = self._parts.work
        if work.load is None:
            work.load = self._walk()
            work.load.after, work.load.whole = after, after == 0
        work.load.after = min(work.load.after, after)
        work.load.confirmed |= confirmed
        self._parts.wake_bulk.set()

    async def load(self) -> None:
        """Fetch and publish the next page of whole scenes."""
        parts, walk = self._parts, self._parts.work.load
        if walk is None:
            return
        if not parts.total:
            parts.total = await parts.library.total()
        with parts.desk.question() as began:
            page = await self._whole_page(walk.after)
            await parts.desk.apply(page.found, began)
        if page.last is None:
            await self._loaded(walk)
            return
        walk.after = max(walk.after, page.last)
        walk.seen.update(page.found.ids)
        parts.watermark.saw([scene.updated_at for scene in page.found.scenes], page.found.clock)
        parts.progress.step("load", len(walk.seen), parts.total, time.monotonic())

    async def sweep(self) -> None:
        """Compare the next page of the light listing with what is published."""
        parts = self._parts
        walk = parts.work.sweep or self._start_sweep()
        book = parts.publisher.book
        with parts.desk.question() as began:
            listing = await self._light_page(walk.after)
            await self._adopt(row.id for row in listing.rows if row.id not in book.entries)
            walk.differing += [row.id for row in listing.rows if book.differs(row, began)]
        if not listing.rows:
            await self._swept(walk)
            return
        walk.evidence = walk.evidence.with_rows(listing.rows, book.entries)
        walk.seen.update(row.id for row in listing.rows)
        walk.after = listing.rows[-1].id
        parts.watermark.saw(listing.times, listing.clock)
        parts.progress.step("sweep", len(walk.seen), parts.total, time.monotonic())

    def drop(self) -> None:
        """Give up all walks: what they have seen is of another Stash."""
        self._end_load()
        self._end_sweep()

    def _walk(self) -> Walk:
        began = self._parts.publisher.book.begin(time.monotonic())
        return Walk(began, self._parts.watermark.clock)

    def _start_sweep(self) -> Walk:
        parts = self._parts
        if parts.work.called_for(time.monotonic()):
            parts.publisher.book.try_all_again()
        walk = self._walk()
        parts.work.begin_sweep(walk)
        return walk

    def _end_load(self) -> None:
        work = self._parts.work
        if work.load is not None:
            self._parts.publisher.book.end(work.load.began)
            work.load = None
        self._parts.progress.end("load")

    def _end_sweep(self) -> None:
        work = self._parts.work
        if work.sweep is not None:
            self._parts.publisher.book.end(work.sweep.began)
            work.sweep = None
        self._parts.progress.end("sweep")

    async def _whole_page(self, after: int) -> _Page:
        """Return the next page; where a scene spoils it for the others, one by one."""
        while True:
            try:
                found = await self._parts.library.page(after, self._whole.size)
            except TooMuch:
                if not self._whole.halve():
                    raise
                continue
            except Failed as error:
                log.warning("page_failed", why=str(error), effect="its scenes are fetched one by one")
                return await self._one_by_one(after)
            self._whole.did_well()
            if 0 in found.ids:
                return await self._one_by_one(after)
            return _Page(found, max(found.ids, default=None))

    async def _one_by_one(self, after: int) -> _Page:
        listing = await self._parts.library.ids(after, self._whole.size)
        ids = [row.id for row in listing.rows]
        if not ids:
            return _Page(Scenes(listing.clock, [], [], []), None)
        return _Page(joined([await self._parts.library.some(batch) for batch in in_batches(ids, ISOLATED)]), ids[-1])

    async def _light_page(self, after: int) -> Listing:
        while True:
            try:
                listing = await self._parts.library.ids(after, self._light.size)
            except TooMuch:
                if not self._light.halve():
                    raise
                continue
            self._light.did_well()
            return listing

    async def _adopt(self, unknown: Iterable[int]) -> None:
        """Look on the broker for rows that it left out when our table was loaded, topic by topic."""
        parts = self._parts
        if not parts.suspect:
            return
        for key, payload in (await parts.table.read(unknown)).items():
            scene = read_row(parts.table, key, payload, parts.service.undecoded)
            if scene is not None:
                parts.publisher.book.hold(scene)
                parts.publisher.stamps.saw(scene.stamp)

    async def _loaded(self, walk: Walk) -> None:
        if walk.whole:
            await self._seen_all(walk)
            self._end_sweep()
        self._end_load()
        log.info("loaded", scenes=len(self._parts.publisher.book), requests=self._parts.library.requests)

    async def _swept(self, walk: Walk) -> None:
        """Remove what is gone, then have fetched what differs."""
        parts = self._parts
        if walk.evidence.other > walk.evidence.same:
            self.drop()
            parts.work.sweep_wanted = True
            parts.link.recheck()
            return
        await self._seen_all(walk)
        self._end_sweep()
        plan = plan_fetch(walk.differing, walk.seen)
        parts.work.fetch(plan.ids)
        if plan.after is not None:
            self.start_load(plan.after)

    async def _seen_all(self, walk: Walk) -> None:
        """Conclude what a whole walk shows: which scenes are gone, unless more are counted than it has seen."""
        parts, book = self._parts, self._parts.publisher.book
        parts.total = await parts.library.total()
        now = time.monotonic()
        complete = parts.total <= len(walk.seen)
        if complete:
            await self._remove(book.gone(walk.seen, walk.began), confirmed=walk.confirmed)
            self._short = 0
            parts.desk.removals = 0
            parts.watermark.floor = walk.clock
        else:
            self._short += 1
            log.warning("listing_short", seen=len(walk.seen), counted=parts.total, effect="nothing is removed")
        parts.work.seen_all(
            now, parts.service.settings.stash.sweep, 0.0 if walk is parts.work.load else now - walk.began
        )
        parts.work.sweep_wanted |= not complete and self._short < SHORT_SWEEPS
        pending = sum(1 for key in walk.differing if key not in book.entries)
        parts.balance = len(walk.seen) - len(book) - pending

    async def _remove(self, gone: list[int], *, confirmed: bool) -> None:
        """Remove scenes that Stash has no more, unless they are so many that a person should have a look."""
        parts = self._parts
        rows = len(parts.publisher.book)
        if len(gone) > removal_limit(rows) and not confirmed:
            parts.held = len(gone)
            text = (
                f"Stash lacks {len(gone)} of {rows} scenes; none of them is removed until you say "
                "`s2p sweep --confirm`. If that is wrong, look at Stash's library and database first"
            )
            log.error("removals_held", why=text)
            parts.link.note(text)
            return
        parts.held = 0
        parts.link.note("")
        for key in gone:
            await parts.publisher.remove(key)
