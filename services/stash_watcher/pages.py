"""Pages of scenes in id order, as large as Stash can answer in time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import structlog

from common.stash import Failed, TooMuch
from services.stash_watcher.changes import in_batches
from services.stash_watcher.observed import Listing, Scenes, joined
from services.stash_watcher.pace import PageSize

if TYPE_CHECKING:
    from services.stash_watcher.library import Library

WHOLE_PAGE = 500
FIRST_PAGE = 200
LIGHT_PAGE = 2_000
SMALLEST_PAGE = 10
ISOLATED = 20

log = structlog.get_logger("pages")


class Page(NamedTuple):
    """Whole scenes, and the largest id among those that were asked for; None past the end."""

    found: Scenes
    last: int | None


class Pages:
    """Asks for pages; raises as Library, TooMuch only for the smallest page."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._whole = PageSize(WHOLE_PAGE, SMALLEST_PAGE, FIRST_PAGE)
        self._light = PageSize(LIGHT_PAGE, SMALLEST_PAGE)

    async def whole(self, after: int) -> Page:
        """Return the next page; where a scene spoils it for the others, one by one."""
        while True:
            began = time.monotonic()
            try:
                found = await self._library.page(after, self._whole.size)
            except TooMuch:
                if not self._whole.halve():
                    raise
                continue
            except Failed as error:
                log.warning("page_failed", why=str(error), effect="its scenes are fetched one by one")
                return await self._one_by_one(after)
            self._whole.answered(time.monotonic() - began)
            if 0 in found.ids:
                return await self._one_by_one(after)
            return Page(found, max(found.ids, default=None))

    async def _one_by_one(self, after: int) -> Page:
        listing = await self._library.ids(after, self._whole.size)
        ids = [row.id for row in listing.rows]
        if not ids:
            return Page(Scenes(listing.clock, [], [], []), None)
        return Page(joined([await self._library.some(batch) for batch in in_batches(ids, ISOLATED)]), ids[-1])

    async def light(self, after: int) -> Listing:
        """Return the next page of the light listing; an empty one is the end."""
        while True:
            began = time.monotonic()
            try:
                listing = await self._library.ids(after, self._light.size)
            except TooMuch:
                if not self._light.halve():
                    raise
                continue
            self._light.answered(time.monotonic() - began)
            return listing
