"""Pictures in a lane of their own: fetched from the provider, uploaded when their content is another, selected, locked.

Words never wait for pictures: this lane has a connection to Plex of its own, and what fails here is tried again later.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import time
from typing import TYPE_CHECKING

import msgspec
import structlog

from common.errors import Rejected, Unauthorized, Unavailable, Undecodable
from common.images import NoPicture, picture_of
from common.item import cover_version
from common.messages import ImageOutcome
from services.plex_writer import pictures
from services.plex_writer.covers import NoCover, NotNow, Same
from services.plex_writer.gallery import Gallery
from services.plex_writer.job import read_scene
from services.plex_writer.plex import PlexUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.messages import Outcome, Scene
    from common.options import Options
    from common.table import Table
    from services.plex_writer.covers import Covers
    from services.plex_writer.gallery import Offered
    from services.plex_writer.link import Link
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.pictures import Task
    from services.plex_writer.plex import Plex

TRIES = 3
NAP = 1.0
NAPS = 15.0

log = structlog.get_logger("images")


class Images:
    """Scenes whose pictures are to be looked at, by id; bounded by the number of scenes."""

    def __init__(
        self,
        *,
        plex: Plex,
        covers: Covers,
        scenes: Table,
        outcomes: Outcomes,
        options: Options,
        link: Link,
        halted: Callable[[], bool],
    ) -> None:
        self.uploads = 0
        self._plex = plex
        self._gallery = Gallery(plex)
        self._covers = covers
        self._scenes = scenes
        self._outcomes = outcomes
        self._options = options
        self._link = link
        self._halted = halted
        self._new: dict[int, None] = {}
        self._queue: dict[int, None] = {}
        self._later: dict[int, float] = {}
        self._wake = asyncio.Event()
        self._missed = 0

    @property
    def due(self) -> int:
        """How many scenes have a picture that is not as it should be, those that wait for a while included."""
        return len(self._new.keys() | self._queue.keys() | self._later.keys())

    @property
    def requests(self) -> int:
        """How many requests to Plex this took."""
        return self._plex.requests

    def look(self, scene: Scene, outcome: Outcome | None = None) -> None:
        """Note a scene that was settled, if a picture of it is to be looked at; `outcome` is its newest, if known."""
        now = dt.datetime.now(dt.UTC)
        outcome = outcome or self._outcomes.get(scene.id)
        if outcome is None:
            return
        if pictures.tasks(scene, outcome, self._options, now):
            self._later.pop(scene.id, None)
            (self._new if pictures.is_new(outcome, self._options) else self._queue).setdefault(scene.id)
            self._wake.set()
        elif outcome.state == "synced" and (rest := pictures.next_due(outcome, now)) is not None:
            self._later[scene.id] = time.monotonic() + rest

    async def run(self) -> None:
        """Look at pictures, one scene after the other, for ever."""
        while True:
            await self._link.well()
            scene_id = await self._next()
            missed = self._missed
            try:
                await self._scene(scene_id)
            except (PlexUnavailable, Unauthorized) as error:
                await self._after_failure(scene_id, error)
            except Unavailable as error:
                log.warning("pictures_wait", why=str(error), effect="trying again; words are not concerned")
                self._queue.setdefault(scene_id)
                self._missed += 1
            if self._missed == missed:
                self._missed = 0
                continue
            await asyncio.sleep(min(NAPS, NAP * 2 ** min(missed, 5)))

    async def _next(self) -> int:
        while True:
            now = time.monotonic()
            for scene_id in [scene_id for scene_id, at in self._later.items() if at <= now]:
                del self._later[scene_id]
                self._queue.setdefault(scene_id)
            queue = self._new or self._queue
            if queue and not self._halted():
                scene_id = next(iter(queue))
                del queue[scene_id]
                return scene_id
            self._wake.clear()
            try:
                async with asyncio.timeout(NAP):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _after_failure(self, scene_id: int, error: PlexUnavailable | Unauthorized) -> None:
        """Plex away: nothing is charged to a picture. Plex well: this one is tried again later."""
        if not await self._link.doubt(error):
            self._queue.setdefault(scene_id)
            return
        now = dt.datetime.now(dt.UTC)
        outcome = self._outcomes.get(scene_id)
        scene = await self._read(scene_id)
        if outcome is not None and scene is not None:
            for task in pictures.tasks(scene, outcome, self._options, now)[:1]:
                await self._record(
                    scene_id, task, pictures.postponed(self._begun(task, scene, outcome), str(error), now)
                )
            self._look_again(scene_id, scene)

    async def _scene(self, scene_id: int) -> None:
        scene, outcome = await self._read(scene_id), self._outcomes.get(scene_id)
        if scene is None or outcome is None:
            return
        for task in pictures.tasks(scene, outcome, self._options, dt.datetime.now(dt.UTC)):
            begun = self._begun(task, scene, outcome)
            after = await self._picture(scene, task, begun)
            if after is not None:
                now = dt.datetime.now(dt.UTC)
                await self._record(scene_id, task, pictures.once_more(after, begun, scene, now))
        self._look_again(scene_id, scene)

    def _begun(self, task: Task, scene: Scene, outcome: Outcome) -> ImageOutcome:
        before = outcome.images.get(task.key, ImageOutcome())
        return pictures.begun(before, scene, pictures.shape_of(task, self._options))

    def _look_again(self, scene_id: int, scene: Scene) -> None:
        if scene_id in self._outcomes:
            self.look(scene)

    async def _read(self, scene_id: int) -> Scene | None:
        row = (await self._scenes.read([scene_id])).get(scene_id)
        try:
            return None if row is None else read_scene(scene_id, row)
        except Undecodable:
            return None

    async def _record(self, scene_id: int, task: Task, image: ImageOutcome) -> None:
        newest = self._outcomes.get(scene_id)
        if newest is not None and task.rating_key in newest.items:
            images = pictures.kept({**newest.images, task.key: image}, newest.items)
            acknowledged = await self._outcomes.amend(scene_id, images=images)
            if acknowledged is not None:
                await acknowledged

    async def _picture(self, scene: Scene, task: Task, begun: ImageOutcome) -> ImageOutcome | None:
        """Bring one picture of one item to what is wanted; return what to record, None for an item that is gone.

        Raises Unavailable where nobody answers.
        """
        answer = await self._covers.fetch(scene.id, task.kind, begun.etag)
        now = dt.datetime.now(dt.UTC)
        if isinstance(answer, NotNow):
            self._missed += answer.all_of_them
            if answer.after is None:
                return pictures.unanswered(begun, answer.why, now)
            return pictures.postponed(begun, answer.why, now, after=answer.after)
        if answer.version != cover_version(scene):
            return pictures.unanswered(begun, "the provider has not heard of the scene's change yet", now)
        if isinstance(answer, NoCover):
            return pictures.ended(msgspec.structs.replace(begun, etag=""), answer.why)
        if isinstance(answer, Same):
            return pictures.ended(begun)
        return await self._changed(task, msgspec.structs.replace(begun, etag=answer.etag), answer.content)

    async def _changed(self, task: Task, begun: ImageOutcome, content: bytes) -> ImageOutcome | None:
        try:
            await asyncio.to_thread(picture_of, content)
            return await self._show(task, begun, content)
        except NoPicture as error:
            return pictures.ended(msgspec.structs.replace(begun, etag=""), f"the cover is no picture: {error}")
        except Rejected as error:
            return pictures.ended(msgspec.structs.replace(begun, etag=""), f"Plex refused the picture: {error}")

    async def _show(self, task: Task, begun: ImageOutcome, content: bytes) -> ImageOutcome | None:
        current = (await self._plex.details([task.rating_key])).get(task.rating_key)
        if current is None:
            return None
        offered = await self._gallery.offered(task.rating_key, task.kind)
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        locked, field = task.kind in current.locked, self._options.fields[task.kind]
        ours = next((picture for picture in offered if picture.name == digest), None)
        if ours is None or not ours.selected:
            why = pictures.objection(field.policy, offered, begun.hash, locked=locked)
            if why:
                # without an ETag it is held against Plex at the next change, when the person's may be gone
                return pictures.ended(msgspec.structs.replace(begun, etag=""), why)
            ours = await self._put_up(task, offered, ours, content)
            if ours is None:
                unseen = msgspec.structs.replace(begun, etag="")
                return pictures.postponed(unseen, "Plex took the picture and does not show it", dt.datetime.now(dt.UTC))
            await self._gallery.lock(current, task.kind, lock=field.lock)
        elif field.lock and not locked:
            await self._gallery.lock(current, task.kind, lock=True)
        return pictures.ended(msgspec.structs.replace(begun, hash=ours.name))

    async def _put_up(self, task: Task, offered: list[Offered], ours: Offered | None, content: bytes) -> Offered | None:
        """Upload a picture unless Plex has it, select it, and look until it is shown; None when it never is."""
        if ours is None:
            await self._gallery.upload(task.rating_key, task.kind, content)
            self.uploads += 1
        else:
            await self._gallery.select(task.rating_key, task.kind, ours.key)
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        known = {picture.key for picture in offered}
        for left in range(TRIES - 1, -1, -1):
            seen = await self._gallery.offered(task.rating_key, task.kind)
            new = [one for one in seen if one.name == digest] or [one for one in seen if one.key not in known]
            if new and new[0].selected:
                return new[0]
            if new:
                await self._gallery.select(task.rating_key, task.kind, new[0].key)
            elif left:
                await asyncio.sleep(NAP)
        return None
