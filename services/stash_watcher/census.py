"""Complete listings of what scenes refer to: tags, performers, studios, groups and markers, a page a step.

Only such a listing tells what was merged or deleted, since that moves no time of anything that is left (Stash source
v0.30). What it finds is a hint: the scenes concerned are fetched, and publish what Stash has now.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar, cast

from common.stash import TooMuch
from services.stash_watcher.changes import DIGEST, mark
from services.stash_watcher.entities import KINDS, PLACES
from services.stash_watcher.pace import PageSize
from services.stash_watcher.work import Count

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable

    from services.stash_watcher.entities import Kind
    from services.stash_watcher.observed import Mark, Seen
    from services.stash_watcher.parts import Parts
    from services.stash_watcher.pulse import Rows
    from services.stash_watcher.walker import Walker

R = TypeVar("R")

PAGE = 500
SMALLEST_PAGE = 10
TAGS_AT_ONCE = 100


class Census:
    """Does one step of the listing that is wanted; raises as Library."""

    def __init__(self, parts: Parts, walker: Walker) -> None:
        self._parts = parts
        self._walker = walker

    def follow(self, links: Collection[int]) -> None:
        """Have the scenes fetched that show any of these entities, which changed or went."""
        if not links:
            return
        work, place = self._parts.work, PLACES["tag"]
        self._walker.fetch_again(self._parts.publisher.book.linked(links))
        # a marker is called after its tag, which is no tag of its scene
        work.tags.update((one // len(KINDS), None) for one in links if one % len(KINDS) == place)
        self._parts.wake_bulk.set()

    async def entities(self) -> None:
        """Take in the next page of the entities that are wanted."""
        count = self._parts.work.count_of(KINDS, time.monotonic(), self._begin)
        if count is None:
            return
        kind = cast("Kind", count.kind)
        parts = self._parts
        with parts.desk.question() as began:
            seen = await self._page(count, lambda: parts.library.entities(kind, count.page, count.size.size))
            if seen is None or not parts.link.holds(began):
                return
            self.follow(parts.entities.saw(kind, seen.rows, began, time.monotonic()))
        parts.pulses[kind].watermark.saw((row.updated_at for row in seen.rows), parts.watermark.clock)
        if not self._turn(count, [row.id for row in seen.rows], seen.total):
            return
        known = parts.entities.rows[kind]
        if count.complete:
            self.follow(parts.entities.gone(kind, set(known) - count.seen, count.began, time.monotonic()))
            if kind == "tag":
                # those of a merged tag have another one now
                parts.work.want(("marker",))
        self._end(count, len(parts.entities.rows[kind]))

    async def markers(self) -> None:
        """Take in the next page of markers, and compare them with those of our scenes at the end."""
        count = self._parts.work.count_of(("marker",), time.monotonic(), self._begin)
        if count is None:
            return
        parts = self._parts
        with parts.desk.question() as began:
            seen = await self._page(count, lambda: parts.library.markers(count.page, count.size.size))
            if seen is None or not parts.link.holds(began):
                return
        self._add(count, seen.rows)
        parts.pulses["marker"].watermark.saw((row.updated_at for row in seen.rows), parts.watermark.clock)
        if not self._turn(count, [row.id for row in seen.rows], seen.total):
            return
        if count.complete:
            self._walker.fetch_again(parts.publisher.book.marked_otherwise(count.marks, count.began))
        self._end(count, parts.publisher.book.markers)

    async def tags(self) -> None:
        """Have the scenes fetched that have a marker with one of the tags that changed."""
        parts = self._parts
        some = list(parts.work.tags)[:TAGS_AT_ONCE]
        size, page = PageSize(PAGE, SMALLEST_PAGE), 1
        scenes: set[int] = set()
        while True:
            try:
                seen = await parts.library.markers(page, size.size, some)
            except TooMuch:
                if not size.halve():
                    raise
                page, scenes = 1, set()
                continue
            scenes.update(row.scene for row in seen.rows)
            if len(seen.rows) < size.size:
                break
            page += 1
        for tag in some:
            parts.work.tags.pop(tag, None)
        self._walker.fetch_again(sorted(scenes))

    def drop(self) -> None:
        """Give up the listings under way: they may be of two databases."""
        for count in self._parts.work.counts.values():
            self._parts.publisher.book.end(count.began)
        self._parts.work.counts.clear()

    def _begin(self, kind: Rows) -> Count:
        parts = self._parts
        began = parts.publisher.book.begin(time.monotonic())
        return Count(kind, began, parts.watermark.clock, PageSize(PAGE, SMALLEST_PAGE))

    async def _page(self, count: Count, ask: Callable[[], Awaitable[Seen[R]]]) -> Seen[R] | None:
        """Return the next page, or None when it has to be smaller."""
        try:
            return await ask()
        except TooMuch:
            if not count.halve():
                raise
            return None

    def _add(self, count: Count, rows: Iterable[Mark]) -> None:
        name = self._parts.entities.name
        for row in rows:
            if row.id not in count.seen:
                shown = mark(row.title, row.seconds, name("tag", row.tag) or "")
                count.marks[row.scene] = (count.marks.get(row.scene, 0) + shown) & DIGEST

    def _turn(self, count: Count, ids: Collection[int], total: int) -> bool:
        """Go on to the next page; True after the last one."""
        count.seen.update(ids)
        if len(ids) == count.size.size:
            count.page += 1
            return False
        count.complete = len(count.seen) >= total
        count.total = total
        return True

    def _end(self, count: Count, known: int) -> None:
        """Conclude a listing; one that rows were missing from is made once more."""
        parts = self._parts
        pulse = parts.pulses[count.kind]
        parts.publisher.book.end(count.began)
        parts.work.counted(count, time.monotonic())
        if count.complete:
            pulse.balance = count.total - known
            pulse.watermark.floor = count.clock
        else:
            parts.work.want((count.kind,))
