"""The live lane: scenes that somebody asks for at once, and a look at what changed every few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import time
from itertools import islice
from typing import TYPE_CHECKING

from common.errors import Incompatible, Unavailable
from services.stash_watcher.pace import look_pause

if TYPE_CHECKING:
    from services.stash_watcher.library import Glance
    from services.stash_watcher.parts import Parts

BATCH = 50
LOOK_PAGE = 500
LOOK_LIMIT = 2_000
WIDE_EVERY = 120.0
HOLD = 60.0


class Live:
    """Asks for changes, and fetches them, for as long as the process runs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._looked = -HOLD
        self._looked_wide = -WIDE_EVERY
        self._changed: float | None = None
        self._held: dict[str, float] = {}

    async def run(self) -> None:
        """Fetch what is asked for, look when it is time, else wait."""
        parts = self._parts
        while True:
            await parts.link.up.wait()
            parts.desk.asked.clear()
            now = time.monotonic()
            parts.put_off(parts.desk.take_due(now))
            if parts.desk.asks and self._held.get("asks", now) <= now:
                await self._guarded("asks")
            elif self._due() <= now:
                await self._guarded("look")
            else:
                await self._rest(now)

    async def _rest(self, now: float) -> None:
        """Wait until somebody asks for something or something is due."""
        desk = self._parts.desk
        until = min(self._due(), desk.next_due() or self._due())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - now)):
                await desk.asked.wait()

    def forget(self) -> None:
        """Try again what did not fit the Stash before."""
        self._held.clear()

    def _due(self) -> float:
        stash = self._parts.service.settings.stash
        pause = look_pause(time.monotonic(), self._changed, stash.poll, stash.idle)
        return max(self._looked + pause, self._held.get("look", 0.0))

    async def _guarded(self, what: str) -> None:
        link = self._parts.link
        try:
            await (self._fetch() if what == "asks" else self._look())
        except Incompatible as error:
            link.lacks(what, error)
            self._held[what] = time.monotonic() + HOLD
        except Unavailable as error:
            link.lost(error)
        else:
            link.fits(what)
            self._held.pop(what, None)

    async def _fetch(self) -> None:
        """Fetch the next few scenes that were asked for; one that turns out stale stays asked for."""
        parts = self._parts
        ids = list(islice(parts.desk.asks, BATCH))
        self._changed = time.monotonic()
        with parts.desk.question() as began:
            found = await parts.library.some(ids)
            if not parts.link.holds(began):
                return
            for key in ids:
                parts.desk.asks.pop(key, None)
            if not await parts.desk.apply(found, began):
                parts.desk.ask(ids)
            elif not await parts.desk.remove_few(found.gone, began):
                self._want_sweep()

    async def _look(self) -> None:
        """Ask what changed lately, and whether there are as many scenes as there should be."""
        parts, now = self._parts, time.monotonic()
        wide = now - self._looked_wide >= WIDE_EVERY
        self._looked = now
        with parts.desk.question() as began:
            glance, overflow = await self._glance(began, wide=wide)
        if glance.oldest != parts.link.oldest:
            parts.link.recheck()
        if not parts.link.holds(began):
            return
        parts.total = glance.total
        if wide:
            self._looked_wide = now
        elif overflow:
            self._want_sweep()
        self._check_balance(glance.total)
        if not parts.desk.asks and not parts.work.backlog and parts.desk.next_due() is None:
            parts.watermark.settled = parts.watermark.mark

    async def _glance(self, began: float, *, wide: bool) -> tuple[Glance, bool]:
        """Look through the window page by page and ask for what differs; True when the window is too long for that."""
        parts, window, after = self._parts, self._parts.watermark.window(wide=wide), 0
        first: Glance | None = None
        rows = 0
        differing: list[int] = []
        while True:
            glance = await parts.library.look(window, after, LOOK_PAGE)
            first = first or glance
            changed = glance.changed
            rows += len(changed.rows)
            differing += [row.id for row in changed.rows if parts.publisher.book.differs(row, began)]
            if parts.watermark.saw(changed.times, changed.clock):
                self._want_sweep()
            if len(changed.rows) < LOOK_PAGE or rows >= LOOK_LIMIT:
                break
            after = changed.rows[-1].id
        parts.want([key for key in differing if not parts.work.will_reach(key)])
        return first, rows >= LOOK_LIMIT

    def _check_balance(self, total: int) -> None:
        """Have a listing made when scenes are missing or too many: nothing else tells of deletions and merges."""
        parts, book = self._parts, self._parts.publisher.book
        fetching = bool(parts.desk.asks) and "asks" not in self._held
        if fetching or not parts.work.idle or parts.balance is None:
            return
        unknown = sum(1 for key in parts.desk.asks if key not in book.entries)
        if total - len(book) - unknown != parts.balance:
            self._changed = time.monotonic()
            self._want_sweep()

    def _want_sweep(self) -> None:
        self._parts.work.sweep_wanted = True
        self._parts.wake_bulk.set()
