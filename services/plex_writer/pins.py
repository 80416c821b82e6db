"""Pins: a person says which Plex item a scene is; nothing decides against it until it is taken back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from common.answers import Detail
from common.errors import NotFound, Rejected
from services.plex_writer import settle
from services.plex_writer.job import read_scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.messages import Outcome, Request
    from common.table import Table
    from services.plex_writer.dirty import Dirty
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.plex import Plex


class Pins:
    """Answers `pin` and `unpin`; a pin is kept in the scene's outcome, so that it outlives this process."""

    def __init__(
        self, *, plex: Plex, scenes: Table, outcomes: Outcomes, dirty: Dirty, wake: Callable[[], None]
    ) -> None:
        self._plex = plex
        self._scenes = scenes
        self._outcomes = outcomes
        self._dirty = dirty
        self._wake = wake

    async def pin(self, request: Request) -> Detail:
        """Bind the one scene of `ids` to the item `rating_key`, and write it there."""
        scene_id = _only(request)
        if not (request.rating_key.isascii() and request.rating_key.isdecimal()):
            raise Rejected("a pin needs the item's rating key, a number: see `rating_key` in the outcome's detail")
        if request.rating_key not in await self._plex.details([request.rating_key]):
            raise NotFound(f"Plex has no item {request.rating_key}")
        await self._keep(scene_id, request.rating_key)
        return Detail(detail=f"scene {scene_id} is written to item {request.rating_key}, whatever files that has")

    async def unpin(self, request: Request) -> Detail:
        """Let the one scene of `ids` be found by its files again."""
        scene_id = _only(request)
        await self._keep(scene_id, None)
        return Detail(detail=f"scene {scene_id} is found by its files again")

    async def _keep(self, scene_id: int, rating_key: str | None) -> None:
        before = self._outcomes.get(scene_id) or await self._begun(scene_id)
        if before.pinned != rating_key or scene_id not in self._outcomes:
            if scene_id not in self._outcomes:
                await (await self._outcomes.put(before))
            kept = await self._outcomes.amend(scene_id, pinned=rating_key)
            if kept is not None:
                await kept
        self._dirty.mark(scene_id, live=True, look=True)
        self._wake()

    async def _begun(self, scene_id: int) -> Outcome:
        """Return an outcome for a scene that was not handled yet; its empty `want` lets it be handled."""
        row = (await self._scenes.read([scene_id])).get(scene_id)
        if row is None or self._outcomes.is_unreadable(scene_id):
            raise NotFound(f"there is no scene {scene_id} that could be pinned")
        return settle.begin(read_scene(scene_id, row), "", None, dt.datetime.now(dt.UTC))


def _only(request: Request) -> int:
    if len(request.ids) != 1:
        raise Rejected("name one scene in `ids`")
    return request.ids[0]
