"""The live lane: scenes that somebody asks for at once, and a look at what changed every few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import time
from itertools import islice
from typing import TYPE_CHECKING

from common.errors import Incompatible, Unavailable
from services.stash_watcher.entities import KINDS, Kind
from services.stash_watcher.pace import look_pause

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.stash_watcher.census import Census
    from services.stash_watcher.looker import Looker
    from services.stash_watcher.parts import Parts

BATCH = 50
HOLD = 60.0
COALESCE = 0.2
HOOKED_AT_MOST = 10_000


class Live:
    """Asks for changes, and fetches them, for as long as the process runs."""

    def __init__(self, parts: Parts, looker: Looker, census: Census) -> None:
        self._parts = parts
        self._looker = looker
        self._census = census
        self._looked = self._acted = -HOLD
        self._held: dict[str, float] = {}
        self._hinted = False
        self._entities: dict[Kind, dict[int, None]] = {kind: {} for kind in KINDS}

    def hooked(self, kind: str, ids: Collection[int]) -> int:
        """Take in what Stash's plugin tells; return how many rows will be asked for.

        Of what has no row of its own here, such as a marker, a look finds more than the hook tells.
        """
        self._parts.stirred = time.monotonic()
        known: Kind | None = next((one for one in KINDS if one == kind), None)
        if kind == "scene" and len(self._parts.desk.asks) + len(ids) <= HOOKED_AT_MOST:
            self._parts.desk.ask(ids)
        elif known is not None and len(self._entities[known]) + len(ids) <= HOOKED_AT_MOST:
            self._entities[known].update(dict.fromkeys(ids))
        else:
            self._hinted = True
        self._parts.desk.asked.set()
        return len(ids)

    async def run(self) -> None:
        """Do the next thing that is due, else wait."""
        parts = self._parts
        while True:
            await parts.link.up.wait()
            parts.desk.asked.clear()
            now = time.monotonic()
            parts.put_off(parts.desk.take_due(now))
            what = self._next(now)
            if what is None:
                await self._rest(now)
            else:
                await self._guarded(what)

    def forget(self) -> None:
        """Try again what did not fit the Stash before."""
        self._held.clear()
        self._looker.forget()

    def _next(self, now: float) -> str | None:
        """Return what to do: the first of several hooks at once, those that follow together a little later."""
        desk = self._parts.desk
        may_act = now >= self._acted + COALESCE or len(desk.asks) >= BATCH
        if any(self._entities.values()) and self._free("entities", now) and may_act:
            return "entities"
        if desk.asks and self._free("asks", now) and may_act:
            return "asks"
        if self._due() <= now or (self._hinted and may_act and self._free("look", now)):
            return "look"
        return None

    def _free(self, what: str, now: float) -> bool:
        return self._held.get(what, now) <= now

    async def _rest(self, now: float) -> None:
        """Wait until somebody asks for something or something is due."""
        desk = self._parts.desk
        until = min(self._due(), desk.next_due() or self._due())
        if self._hinted or desk.asks or any(self._entities.values()):
            until = min(until, max(self._acted, now - COALESCE / 2) + COALESCE)
            await asyncio.sleep(max(0.0, until - now))
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - now)):
                await desk.asked.wait()

    def _due(self) -> float:
        stash = self._parts.service.settings.stash
        pause = look_pause(time.monotonic(), self._parts.stirred, stash.poll, stash.idle)
        return max(self._looked + pause, self._held.get("look", 0.0))

    async def _guarded(self, what: str) -> None:
        link, steps = self._parts.link, {"asks": self._fetch, "entities": self._fetch_entities, "look": self._look}
        if what != "look" or self._hinted:
            self._acted = time.monotonic()
        try:
            await steps[what]()
        except Incompatible as error:
            link.lacks(what, error)
            self._held[what] = time.monotonic() + HOLD
        except Unavailable as error:
            link.lost(error)
        else:
            link.fits(what)
            self._held.pop(what, None)

    async def _look(self) -> None:
        self._looked, self._hinted = time.monotonic(), False
        fetching = bool(self._parts.desk.asks) and self._free("asks", self._looked)
        await self._looker.look(fetching=fetching)

    async def _fetch(self) -> None:
        """Fetch the next few scenes that were asked for; one that turns out stale stays asked for."""
        parts = self._parts
        ids = list(islice(parts.desk.asks, BATCH))
        parts.stirred = time.monotonic()
        with parts.desk.question() as began:
            found = await parts.library.some(ids)
            if not parts.link.holds(began):
                return
            for key in ids:
                parts.desk.asks.pop(key, None)
            if not await parts.desk.apply(found, began):
                parts.desk.ask(ids)
            elif not await parts.desk.remove_few(found.gone, began):
                parts.want_sweep()

    async def _fetch_entities(self) -> None:
        """Fetch entities that the plugin told of: one that is not there any more was merged or deleted."""
        parts = self._parts
        kind = next(kind for kind, ids in self._entities.items() if ids)
        ids = list(islice(self._entities[kind], BATCH))
        with parts.desk.question() as began:
            found = await parts.library.some_entities(kind, ids)
            if not parts.link.holds(began):
                return
            now = time.monotonic()
            changed = parts.entities.saw(kind, found.rows, began, now)
            self._census.follow(changed | parts.entities.gone(kind, found.gone, began, now))
        for key in ids:
            self._entities[kind].pop(key, None)
