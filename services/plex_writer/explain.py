"""`explain`: all that the writer knows of one scene, found by its id, a path on either side, or an item in Plex."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from common.answers import ExplainedItem, Explanation
from common.errors import NotFound, Rejected, Undecodable
from services.plex_writer import diff
from services.plex_writer.job import read_scene

if TYPE_CHECKING:
    from common.messages import Request
    from common.options import Options
    from common.table import Table
    from services.plex_writer.dirty import Dirty
    from services.plex_writer.job import Job
    from services.plex_writer.library import Library
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.plex import Plex
    from services.plex_writer.preview import Preview

WHY = {
    "path": "it has a file of the scene",
    "hash": "its file has the content of the scene's",
    "pin": "the scene is pinned to it",
}


class Explain:
    """Answers `explain`; costs a read of the whole table only for a path or an item that no scene is known to have."""

    def __init__(
        self,
        *,
        plex: Plex,
        loads: Table,
        outcomes: Outcomes,
        library: Library,
        options: Options,
        dirty: Dirty,
        preview: Preview,
    ) -> None:
        self._plex = plex
        self._loads = loads
        self._outcomes = outcomes
        self._library = library
        self._options = options
        self._dirty = dirty
        self._preview = preview

    async def on_explain(self, request: Request) -> Explanation:
        """Answer `explain` for the one scene of `ids`, a `path` of Stash or Plex, or the item `rating_key`."""
        scene_id = await self._scene_of(request)
        if scene_id is None:
            return Explanation(next="No scene has this file: Stash does not know it, or the path rules lead elsewhere.")
        jobs = await self._preview.jobs([scene_id])
        if not jobs:
            raise NotFound(f"there is no scene {scene_id} on the broker, or it can't be read")
        job = jobs[0]
        outcome = self._outcomes.get(scene_id)
        return Explanation(
            scene=scene_id,
            title=job.item.title,
            paths=diff.mapped(job.scene, self._options),
            items=tuple(self._item(job, number) for number in range(len(job.targets))),
            outcome=None if outcome is None else msgspec.to_builtins(outcome),
            next=self._next(job),
        )

    def _item(self, job: Job, number: int) -> ExplainedItem:
        target = job.targets[number]
        return ExplainedItem(
            rating_key=target.current.rating_key,
            library=self._preview.library_of(target.current.section),
            title=target.current.scalars.get("title", ""),
            why=WHY[target.found],
            fields=diff.explained(job.item, target, self._options.fields),
        )

    def _next(self, job: Job) -> str:
        """Say in one sentence what happens next."""
        if job.scene.id in self._dirty:
            return "It is about to be handled."
        obstacle, outcome = self._preview.obstacle(job), self._outcomes.get(job.scene.id)
        due = f" It is looked at again at {outcome.due} at the latest." if outcome and outcome.due else ""
        if obstacle:
            return f"{obstacle}{due}"
        changed = sorted({change for target in job.targets for change in (*target.edit.scalars, *target.edit.lists)})
        if changed:
            return f"{', '.join(changed)} would be written at the next look.{due}"
        return f"Nothing: Plex shows what the policies say.{due}"

    async def _scene_of(self, request: Request) -> int | None:
        if len(request.ids) == 1 and not (request.path or request.rating_key):
            return request.ids[0]
        if request.rating_key and not request.ids:
            current = (await self._plex.details([request.rating_key])).get(request.rating_key)
            if current is None:
                raise NotFound(f"Plex has no item {request.rating_key}")
            owner = self._outcomes.owner(request.rating_key)
            return owner if owner is not None else await self._scene_with(current.paths)
        if request.path and not request.ids:
            return await self._scene_with([request.path, self._options.paths.to_plex(request.path) or request.path])
        raise Rejected("name one scene in `ids`, or a `path`, or a `rating_key`")

    async def _scene_with(self, paths: tuple[str, ...] | list[str]) -> int | None:
        """Return the scene that has one of these files, in Plex's words or Stash's."""
        for rating_key in self._library.find(paths):
            owner = self._outcomes.owner(rating_key)
            if owner is not None:
                return owner
        key = self._options.paths.key
        wanted = {key(path) for path in paths}
        wanted |= {key(path) for plex in paths if (path := self._options.paths.to_stash(plex)) is not None}
        found: set[int] = set()

        def look(scene_id: int, row: bytes) -> None:
            try:
                files = read_scene(scene_id, row).files if row else ()
            except Undecodable:
                return
            if any(key(file.path) in wanted for file in files):
                found.add(scene_id)

        await self._loads.load(look)
        return min(found, default=None)
