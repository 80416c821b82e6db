"""The look: one request every few seconds that asks what changed, and what follows from its answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.stash_watcher.census import Census
    from services.stash_watcher.entities import Kind, Row
    from services.stash_watcher.observed import Glance, Listing, Mark, Seen
    from services.stash_watcher.parts import Parts
    from services.stash_watcher.pulse import Rows
    from services.stash_watcher.walker import Walker
    from services.stash_watcher.watermark import Window

PAGE = 500
LIMIT = 2_000
FEW = 200
WIDE_EVERY = 120.0


class Looker:
    """Looks, and has fetched, listed or swept what its answer calls for."""

    def __init__(self, parts: Parts, walker: Walker, census: Census) -> None:
        self._parts = parts
        self._walker = walker
        self._census = census
        self._wide_at = -WIDE_EVERY
        self._marks: dict[int, Mark] = {}

    def forget(self) -> None:
        """Take in that another Stash is followed from here on."""
        self._marks.clear()

    async def look(self, *, fetching: bool) -> None:
        """Ask once what changed lately, and whether there is as much of everything as there should be.

        While scenes are being fetched the numbers mean nothing; those that can't be, count.
        """
        parts, now = self._parts, time.monotonic()
        wide = now - self._wide_at >= WIDE_EVERY
        windows = {name: pulse.watermark.window(wide=wide) for name, pulse in parts.pulses.items()}
        with parts.desk.question() as began:
            glance = await parts.library.look(windows, PAGE, FEW)
            pages = await self._rest(glance.changed, windows["scene"])
            if glance.oldest != parts.link.oldest:
                parts.link.recheck()
            if not parts.link.holds(began):
                return
            self._take_scenes(glance, pages, windows, began, wide=wide)
            for kind, seen in glance.entities.items():
                self._take_entities(kind, seen, glance, windows[kind], began)
        self._take_markers(glance, windows["marker"])
        parts.total = glance.total
        parts.looks += 1
        if wide:
            self._wide_at = now
        if not fetching:
            self._check_balance(glance)
        self._settle()

    async def _rest(self, first: Listing, window: Window) -> list[Listing]:
        """Return the first page with those that follow, as long as there are some."""
        pages = [first]
        while len(pages[-1].rows) == PAGE and len(pages) * PAGE < LIMIT:
            pages.append(await self._parts.library.changed(window, pages[-1].rows[-1].id, PAGE))
        return pages

    def _take_scenes(
        self, glance: Glance, pages: Sequence[Listing], windows: Mapping[str, Window], began: float, *, wide: bool
    ) -> None:
        parts, pulse, file = self._parts, self._parts.pulses["scene"], self._parts.pulses["file"]
        rows = [(row.id, raw) for page in pages for row, raw in zip(page.rows, page.times, strict=True)]
        cut = len(rows) >= LIMIT
        moved_zone = pulse.watermark.saw((raw for _, raw in rows), glance.clock, glance.told)
        if moved_zone:
            parts.want_all()
        file.watermark.saw(glance.moved_times, glance.clock, glance.told)
        odd = pulse.heard(glance.newest, rows, windows["scene"], whole=not cut)
        if odd or (cut and not wide) or len(glance.moved.rows) >= FEW:
            parts.want_sweep()
        self._want(
            sorted(
                {
                    row.id
                    for page in (*pages, glance.moved)
                    for row in page.rows
                    if parts.publisher.book.differs(row, began)
                }
            )
        )

    def _take_entities(self, kind: Kind, seen: Seen[Row], glance: Glance, window: Window, began: float) -> None:
        parts, pulse = self._parts, self._parts.pulses[kind]
        changed = parts.entities.saw(kind, seen.rows, began, time.monotonic())
        if changed:
            parts.stirred = time.monotonic()
            self._census.follow(changed)
        times = [(row.id, row.updated_at) for row in seen.rows]
        self._hear(kind, seen, times, glance, window)
        if pulse.balance is not None and seen.total - len(parts.entities.rows[kind]) != pulse.balance:
            self._list(kind)

    def _take_markers(self, glance: Glance, window: Window) -> None:
        """Have the scenes fetched whose markers are new or other ones than at the last look."""
        seen = glance.markers
        changed = {mark.scene for mark in seen.rows if self._marks.get(mark.id) != mark}
        self._marks = {mark.id: mark for mark in seen.rows}
        self._want(sorted(changed))
        self._hear("marker", seen, [(mark.id, mark.updated_at) for mark in seen.rows], glance, window)

    def _hear(
        self,
        kind: Rows,
        seen: Seen[Row] | Seen[Mark],
        times: Sequence[tuple[int, str]],
        glance: Glance,
        window: Window,
    ) -> None:
        pulse, cut = self._parts.pulses[kind], len(times) >= FEW
        pulse.watermark.saw((raw for _, raw in times), glance.clock, glance.told)
        if pulse.heard(seen.newest, times, window, whole=not cut) or cut:
            self._list(kind)

    def _check_balance(self, glance: Glance) -> None:
        """Have listed what is missing or too much: nothing else tells of deletions and merges."""
        parts, book = self._parts, self._parts.publisher.book
        if not parts.work.idle or parts.balance is None:
            return
        unknown = sum(1 for key in parts.desk.asks if key not in book.entries)
        if glance.total - len(book) - unknown != parts.balance:
            parts.stirred = time.monotonic()
            parts.want_sweep()
        balance = parts.pulses["marker"].balance
        if balance is not None and glance.markers.total - book.markers != balance:
            self._list("marker")

    def _settle(self) -> None:
        """Once nothing is left to fetch, a restart need not look again at what was seen so far."""
        parts = self._parts
        if not parts.desk.asks and not parts.work.backlog and parts.desk.next_due() is None:
            for pulse in parts.pulses.values():
                pulse.watermark.settled = pulse.watermark.mark

    def _want(self, ids: list[int]) -> None:
        """Have scenes fetched, unless they will be anyway."""
        wanted = [key for key in ids if not self._parts.work.will_reach(key)]
        if wanted:
            self._parts.stirred = time.monotonic()
            self._parts.want(wanted)

    def _list(self, kind: Rows) -> None:
        self._parts.stirred = time.monotonic()
        self._parts.work.want((kind,))
        self._parts.wake_bulk.set()
