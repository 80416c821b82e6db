"""Keeps what the writer knows of Plex's libraries true: listings, Plex's events, hints; wakes the scenes concerned.

While the stream of events can be trusted nothing is polled: an item is looked at when an event names it, libraries
when a scan ends, when the stream was opened anew and every five minutes, at one request.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import TYPE_CHECKING

import structlog

from common.errors import Rejected, Unauthorized
from services.plex_writer.notices import Scan
from services.plex_writer.plex import PlexUnavailable
from services.plex_writer.sightings import AT_ONCE, Sightings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from services.plex_writer.events import Events
    from services.plex_writer.library import Library
    from services.plex_writer.link import Link
    from services.plex_writer.notices import Notice
    from services.plex_writer.pace import Pace
    from services.plex_writer.plan import Current
    from services.plex_writer.plex import Plex
    from services.plex_writer.sightings import Sighting

TRUSTED = 300.0
BUSY = 5.0
IDLE = 60.0
SETTLE = 0.5
GATHER = 0.1

log = structlog.get_logger("writer")


class Scout:
    """`listed` is set after the first complete listing, without which every scene would seem to be missing.

    `wake` is given the scenes whose items may have come, gone, moved or changed; `in_hand` are those being written.
    """

    def __init__(
        self,
        *,
        plex: Plex,
        link: Link,
        library: Library,
        events: Events,
        pace: Pace,
        wake: Callable[[set[int]], None],
        in_hand: Callable[[], Collection[int]],
    ) -> None:
        self.listed = asyncio.Event()
        self._plex = plex
        self._link = link
        self._library = library
        self._events = events
        self._pace = pace
        self._wake = wake
        self._in_hand = in_hand
        self._sightings = Sightings()
        self._sighted = asyncio.Event()
        self._heard_since = math.inf
        self._look_again = asyncio.Event()
        self._listed_at = 0
        self._looked_at = 0.0
        self._listing = asyncio.Lock()
        self._scanning: set[str] = set()
        self._trouble = ""

    async def run(self) -> None:
        """List, listen and look for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._list_forever())
            group.create_task(self._look_forever())
            group.create_task(self._events.run(self._until_listed, self))

    async def list_all(self) -> set[int]:
        """List every library in full; return the scenes woken. Raises PlexUnavailable, Unauthorized or Rejected."""
        async with self._listing:
            times_up = self._link.times_up
            woken = await self._library.load()
            self._listed_at = times_up
            self._after_listing()
        self._wake(woken)
        return woken | await self._seek_hidden()

    def on_open(self) -> None:
        """See what the stream could not tell."""
        self._heard_since = time.monotonic()
        self.look_soon()

    def on_lost(self) -> None:
        """Forget scans whose end will not be told."""
        self._heard_since = math.inf
        self._scanning.clear()
        self._pace.scanning = False

    def on_notice(self, notice: Notice) -> None:
        """Take in what Plex's events tell; nothing is asked here."""
        if isinstance(notice, Scan):
            (self._scanning.discard if notice.over else self._scanning.add)(notice.section)
            self._pace.scanning = bool(self._scanning)
            if notice.over:
                self.look_soon()
            return
        if self._sightings.add(notice, time.monotonic(), known=notice.rating_key in self._library):
            self._sighted.set()
        else:
            self.look_soon()

    def look_soon(self) -> None:
        """See whether the libraries changed."""
        self._look_again.set()

    async def _until_listed(self) -> None:
        await self._link.well()
        await self.listed.wait()

    async def _list_forever(self) -> None:
        """List at start and after every outage; then see what changed since."""
        while True:
            await self._link.well()
            self._look_again.clear()
            began = time.monotonic()
            failed = not await self._listed_well()
            self._looked_at = began
            await self._until_due(began, failed=failed)

    async def _listed_well(self) -> bool:
        try:
            if self._listed_at != self._link.times_up or self._sightings.overflown:
                self._sightings.clear()
                self._heard_since = max(self._heard_since, time.monotonic())
                await self.list_all()
            else:
                await self._refresh()
        except (PlexUnavailable, Unauthorized) as error:
            await self._link.doubt(error)
            return False
        except Rejected as error:
            log.warning("listing_refused", why=str(error), effect="listing again later")
            return False
        return True

    async def _refresh(self) -> None:
        silent_since = self._events.noticed_at
        async with self._listing:
            changed, woken = await self._library.refresh()
            self._judge()
        if changed and self._events.trusted and silent_since < self._looked_at:
            self._events.distrust()
        self._wake(woken)
        await self._seek_hidden()

    async def _until_due(self, began: float, *, failed: bool) -> None:
        """Wait for a reason to look: an event, another return of Plex, or time."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BUSY):
                    await self._look_again.wait()
            if self._look_again.is_set():
                await asyncio.sleep(SETTLE)
                return
            waited = time.monotonic() - began
            if failed or self._listed_at != self._link.times_up or waited >= self._interval():
                return

    async def _look_forever(self) -> None:
        """Look at the items that events named, up to 100 a request."""
        while True:
            await self._until_listed()
            due = self._sightings.take(time.monotonic())
            if not due:
                await self._until_sighted()
                continue
            try:
                await self._look(due)
            except (PlexUnavailable, Unauthorized) as error:
                # whatever was missed is seen by the listing after an outage, or now
                self._heard_since = max(self._heard_since, time.monotonic())
                await self._link.doubt(error)
                self.look_soon()
                await asyncio.sleep(BUSY)
            except Rejected as error:
                log.warning("items_refused", why=str(error), effect="the libraries are looked at instead")
                self._heard_since = max(self._heard_since, time.monotonic())
                self.look_soon()

    async def _look(self, due: Sequence[Sighting]) -> None:
        fresh = {sighting.rating_key: sighting for sighting in due if self._is_news(sighting)}
        found, woken = await self._read(list(fresh))
        for rating_key, sighting in fresh.items():
            if rating_key in found and not found[rating_key].paths:
                self._sightings.again(sighting, time.monotonic())
        self._wake(woken)

    async def _read(self, rating_keys: Sequence[str]) -> tuple[dict[str, Current], set[int]]:
        """Read items, up to 100; return them, and the scenes whose item is not as it was when they were handled."""
        began, readings = time.monotonic(), self._library.readings
        found = await self._plex.details(rating_keys)
        readings.looked_at(rating_keys, began)
        changed = (key for key in rating_keys if key not in found or not readings.is_as_read(found[key]))
        woken = {owner for key in changed if (owner := self._library.owner(key)) is not None}
        woken |= self._library.note(item for item in found.values() if item.paths)
        for rating_key in set(rating_keys) - found.keys():
            self._library.gone(rating_key)
        return found, woken

    async def _seek_hidden(self) -> set[int]:
        """Read items that may hide an edit; wake and return the scenes whose item does."""
        heard_since = self._heard_since if self._events.trusted else math.inf
        hiding = self._library.readings.hiding(heard_since, time.monotonic())
        hiding = [key for key in hiding if self._library.owner(key) not in self._in_hand()]
        woken: set[int] = set()
        for start in range(0, len(hiding), AT_ONCE):
            _, found = await self._read(hiding[start : start + AT_ONCE])
            self._wake(found)
            woken |= found
        return woken

    def _is_news(self, sighting: Sighting) -> bool:
        """Tell whether an item has to be read; not while it is in the lane's hand, nor for echoes of our own writes."""
        if self._library.owner(sighting.rating_key) in self._in_hand():
            self._sightings.postpone(sighting, time.monotonic())
            return False
        return not self._library.readings.read_since(sighting.rating_key, sighting.heard_at)

    async def _until_sighted(self) -> None:
        self._sighted.clear()
        due = self._sightings.next_due()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                await self._sighted.wait()
        if due is not None and self._sighted.is_set():
            # a crowd of events arrives one by one; each must not cost a pass over all that wait
            await asyncio.sleep(GATHER)

    def _after_listing(self) -> None:
        log.info("libraries_listed", items=len(self._library), libraries=[s.title for s in self._library.sections])
        self._judge()
        self.listed.set()

    def _judge(self) -> None:
        """Tell on `state` what is wrong with the libraries, once for each change of it."""
        self._link.section = self._library.sections[0].id if self._library.sections else None
        trouble = self._library.trouble()
        if trouble == self._trouble:
            return
        self._trouble = trouble
        self._link.remark(trouble)
        if trouble:
            log.error("libraries_wrong", why=trouble, effect="scenes of theirs wait; nothing counts as gone")
        else:
            log.info("libraries_right")

    def _interval(self) -> float:
        if self._events.trusted:
            return TRUSTED
        return BUSY if len(self._library.waiting) > 0 else IDLE
