"""Walks over all scenes of Stash in id order, a page a step: whole scenes for a load, the light listing for a sweep."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from common.errors import Unavailable
from services.stash_watcher.changes import plan_fetch, removal_limit
from services.stash_watcher.pace import reading_pause
from services.stash_watcher.pages import Pages
from services.stash_watcher.pulse import COUNTED
from services.stash_watcher.rows import read_row, take_row
from services.stash_watcher.work import Removal, Walk

if TYPE_CHECKING:
    from services.stash_watcher.parts import Parts

SHORT_SWEEPS = 2
BROKER_PAUSE = 2.0

log = structlog.get_logger("walker")


class Walker:
    """Does one step of the walk that is wanted; raises as Library."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._pages = Pages(parts.library)
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

    def fetch_again(self, ids: list[int]) -> None:
        """Have published scenes fetched, in id order: a few at once, many in turn, most of them by pages."""
        parts = self._parts
        plan = plan_fetch([key for key in ids if not parts.work.will_reach(key)], parts.publisher.book.entries)
        if plan.after is not None:
            self.start_load(plan.after)
        parts.want(plan.ids)

    async def load(self) -> None:
        """Fetch and publish the next page of whole scenes."""
        parts, walk = self._parts, self._parts.work.load
        if walk is None:
            return
        if not parts.total:
            parts.total = (await parts.library.count()).total
        with parts.desk.question() as began:
            page = await self._pages.whole(walk.after)
            if not await parts.desk.apply(page.found, began):
                return
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
            listing = await self._pages.light(walk.after)
            if not parts.link.holds(began):
                return
            if parts.suspect and not await self._adopt([row.id for row in listing.rows if row.id not in book.entries]):
                return
            walk.differing += [row.id for row in listing.rows if book.differs(row, began)]
        if not listing.rows:
            await self._swept(walk)
            return
        walk.evidence = walk.evidence.with_rows(listing.rows, book.entries)
        walk.seen.update(row.id for row in listing.rows)
        walk.after = listing.rows[-1].id
        parts.watermark.saw(listing.times, listing.clock)
        parts.progress.step("sweep", len(walk.seen), parts.total, time.monotonic())

    async def read(self) -> None:
        """Read the next page of whole scenes: edits in the database itself move nothing that a listing shows."""
        parts, reading, began = self._parts, self._parts.work.reading, time.monotonic()
        if reading is None:
            return
        with parts.desk.question() as asked:
            page = await self._pages.whole(reading.after)
            if not await parts.desk.apply(page.found, asked):
                return
        if page.last is None:
            parts.work.reading = None
            parts.progress.end("reading")
            return
        now, size = time.monotonic(), len(page.found.ids)
        reading.after, reading.done = page.last, reading.done + size
        every = None if reading.hurried else parts.service.settings.stash.sweep
        reading.at = now + reading_pause(now - began, size / max(size, len(parts.publisher.book)), every)
        if reading.hurried:
            parts.progress.step("reading", reading.done, parts.total, now)

    def drop(self) -> None:
        """Give up all walks: what they have seen is of another Stash."""
        self._parts.work.reading = None
        self._end_load()
        self._end_sweep()
        removal, self._parts.work.removal = self._parts.work.removal, None
        if removal is not None:
            self._parts.publisher.book.end(removal.began)

    def _begin_again(self, walk: Walk) -> None:
        """Give up a walk that may be of two Stashes, and have it made anew."""
        is_load = walk is self._parts.work.load
        self.drop()
        self._parts.work.sweep_wanted = True
        if is_load:
            self.start_load(confirmed=walk.confirmed)

    def _walk(self) -> Walk:
        began = self._parts.publisher.book.begin(time.monotonic())
        return Walk(began, self._parts.watermark.clock)

    def _start_sweep(self) -> Walk:
        parts = self._parts
        called_for = parts.work.called_for(time.monotonic())
        walk = self._walk()
        parts.work.begin_sweep(walk)
        if called_for:
            parts.publisher.book.try_all_again()
            parts.work.want(COUNTED)
            walk.thorough = True
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

    async def _adopt(self, unknown: list[int]) -> bool:
        """Look on the broker, topic by topic, for rows that it left out of our table; False when it is away."""
        parts = self._parts
        try:
            found = await parts.table.read(unknown)
        except Unavailable as error:
            log.warning("rows_not_read", why=str(error), effect="trying again")
            await asyncio.sleep(BROKER_PAUSE)
            return False
        for key, payload in found.items():
            scene = read_row(parts.table, key, payload, parts.service.undecoded)
            if scene is not None:
                parts.publisher.stamps.saw(scene.stamp)
                take_row(parts, scene)
        return True

    async def _loaded(self, walk: Walk) -> None:
        if walk.whole:
            if not await self._seen_all(walk):
                return
            self._end_sweep()
        self._end_load()
        log.info("loaded", scenes=len(self._parts.publisher.book), requests=self._parts.library.requests)

    async def _swept(self, walk: Walk) -> None:
        """Have fetched what differs, then remove what is gone."""
        parts = self._parts
        if walk.evidence.other > walk.evidence.same:
            self._begin_again(walk)
            parts.link.doubt()
            return
        if not await self._seen_all(walk):
            return
        self._end_sweep()
        plan = plan_fetch(walk.differing, walk.seen)
        parts.work.fetch(plan.ids)
        if plan.after is not None:
            self.start_load(plan.after)
        if walk.thorough:
            parts.work.read_all(hurried=walk.asked)

    async def _seen_all(self, walk: Walk) -> bool:
        """Conclude what a whole walk shows; False when another Stash may have answered a part of it.

        With more scenes counted than seen, none is taken for gone.
        """
        parts, book = self._parts, self._parts.publisher.book
        with parts.desk.question() as began:
            glance = await parts.library.count()
        if not parts.link.holds(began):
            return False
        if glance.oldest != parts.link.oldest:
            self._begin_again(walk)
            parts.link.recheck()
            return False
        parts.total = glance.total
        complete = glance.total <= len(walk.seen)
        gone = book.gone(walk.seen, walk.began) if complete else []
        self._conclude(walk, gone, complete=complete)
        pending = sum(1 for key in walk.differing if key not in book.entries)
        staying = len(book) - len(gone) + parts.held
        parts.balance = len(walk.seen) - staying - pending if complete else None
        return True

    def _conclude(self, walk: Walk, gone: list[int], *, complete: bool) -> None:
        parts, now = self._parts, time.monotonic()
        parts.work.seen_all(
            now, parts.service.settings.stash.sweep, 0.0 if walk is parts.work.load else now - walk.began
        )
        if not complete:
            self._short += 1
            parts.work.sweep_wanted |= self._short < SHORT_SWEEPS
            log.warning("listing_short", seen=len(walk.seen), counted=parts.total, effect="nothing is removed")
            return
        self._short = 0
        parts.desk.removals = 0
        parts.watermark.floor = parts.pulses["file"].watermark.floor = walk.clock
        self._check(gone, confirmed=walk.confirmed)
        if gone and not parts.held:
            parts.work.removal = Removal(parts.publisher.book.begin(walk.began), gone)

    def _check(self, gone: list[int], *, confirmed: bool) -> None:
        """Hold removals that are so many that a person should have a look."""
        parts, rows = self._parts, len(self._parts.publisher.book)
        parts.held = len(gone) if len(gone) > removal_limit(rows) and not confirmed else 0
        text = ""
        if parts.held:
            text = (
                f"Stash lacks {parts.held} of {rows} scenes; none of them is removed until you say "
                "`s2p sweep --confirm`. If that is wrong, look at Stash's library and database first"
            )
            log.error("removals_held", why=text)
        parts.link.note(text)

    async def remove(self) -> None:
        """Remove what a walk found to be gone, unless it was published since."""
        parts, removal = self._parts, self._parts.work.removal
        if removal is None:
            return
        for key in removal.ids:
            if not parts.publisher.book.touched(key, removal.began):
                await parts.publisher.remove(key)
        parts.publisher.book.end(removal.began)
        parts.work.removal = None
