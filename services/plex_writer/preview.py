"""Dry runs: the same way through the same decisions as the lane's, without a write and without an outcome."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from typing import TYPE_CHECKING

from common.answers import Plan, PlannedItem, PlannedScene
from common.errors import Rejected, Undecodable
from services.plex_writer import diff
from services.plex_writer import job as step
from services.plex_writer.aim import Aim
from services.plex_writer.dirty import Ticket

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from common.messages import Request
    from common.options import Options
    from common.table import Table
    from services.plex_writer.dirty import Dirty
    from services.plex_writer.job import Job
    from services.plex_writer.library import Library
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.plex import Plex

PAGE = 100
IDS_VALID = 60.0


class Preview:
    """Plans scenes as they are now, 100 at most at a time: one read of the broker, one of Plex."""

    def __init__(
        self,
        *,
        plex: Plex,
        scenes: Table,
        loads: Table,
        outcomes: Outcomes,
        library: Library,
        options: Options,
        dirty: Dirty,
    ) -> None:
        self._scenes = scenes
        self._loads = loads
        self._outcomes = outcomes
        self._library = library
        self._options = options
        self._fingerprint = options.fingerprint()
        self._aim = Aim(plex, library, options, lambda scene_id: dirty.mark(scene_id, live=False, look=True))
        self._ids: tuple[float, list[int]] = (0.0, [])

    async def on_plan(self, request: Request) -> Plan:
        """Answer `plan` for `ids`, or with `every` for a page of all scenes in order of their ids."""
        if request.every == bool(request.ids):
            raise Rejected("name scenes in `ids`, or all of them with `every`")
        known = await self._all_ids() if request.every else list(request.ids)
        end = request.offset + max(1, min(PAGE, request.limit))
        scenes = [self.planned(job) for job in await self.jobs(known[request.offset : end])]
        counts = Counter(
            field for scene in scenes for field in {change.field for item in scene.items for change in item.changes}
        )
        following = end if end < len(known) else None
        return Plan(scenes=tuple(scenes), counts=dict(counts), total=len(known), next=following)

    async def jobs(self, scene_ids: Sequence[int]) -> list[Job]:
        """Return these scenes as they would be handled now; those that do not exist or can't be read are left out."""
        rows = await self._scenes.read(scene_ids)
        await self._outcomes.ensure(rows)
        jobs = [job for scene_id in scene_ids if (job := self._opened(scene_id, rows.get(scene_id))) is not None]
        await self._aim.at([job for job in jobs if not job.item.skipped])
        return jobs

    def planned(self, job: Job) -> PlannedScene:
        """Return what would be done for a scene."""
        outcome = self._outcomes.get(job.scene.id)
        obstacle = self.obstacle(job)
        return PlannedScene(
            scene=job.scene.id,
            title=job.item.title,
            state=outcome.state if outcome else "",
            detail=obstacle,
            items=() if obstacle else tuple(self._items(job)),
        )

    def obstacle(self, job: Job) -> str:
        """Return why nothing of a scene would be written, or nothing."""
        if job.item.skipped:
            return f"Not written: {job.item.skipped}."
        now = dt.datetime.now(dt.UTC)
        if job.tied:
            return step.tied(job, now).detail
        if not job.targets:
            return step.missing(job, self._library.why_missing(job.scene))
        for target in job.targets:
            rating_key = target.current.rating_key
            other = self._outcomes.claim(rating_key, besides=job.scene.id)
            if other is not None and other > job.claim(target.found):
                return step.rival(job, rating_key, other.scene_id, now).detail
        return ""

    def library_of(self, section_id: str) -> str:
        """Return the title of a library."""
        section = self._library.section(section_id)
        return section.title if section else section_id

    def _items(self, job: Job) -> Iterable[PlannedItem]:
        for target in job.targets:
            yield PlannedItem(
                rating_key=target.current.rating_key,
                title=target.current.scalars.get("title", ""),
                library=self.library_of(target.current.section),
                changes=diff.changes(target, self._options.fields),
            )

    def _opened(self, scene_id: int, row: bytes | None) -> Job | None:
        try:
            scene = None if row is None else step.read_scene(scene_id, row)
        except Undecodable:
            return None
        if scene is None or self._outcomes.is_unreadable(scene_id):
            return None
        ticket = Ticket(scene_id, 0, live=False, gone=False, look=True)
        return step.opened(
            ticket,
            scene,
            self._outcomes.get(scene_id),
            options=self._options,
            fingerprint=self._fingerprint,
            now=dt.datetime.now(dt.UTC),
        )

    async def _all_ids(self) -> list[int]:
        """Return the ids of all scenes; read from the broker once a minute at most, since pages follow each other."""
        at, ids = self._ids
        if time.monotonic() - at > IDS_VALID or not ids:
            found: set[int] = set()
            await self._loads.load(lambda key, row: found.add(key) if row else found.discard(key))
            ids = sorted(found)
            self._ids = (time.monotonic(), ids)
        return ids
