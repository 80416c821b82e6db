"""The start mode `review`: everything is planned, counts by field are told, and nothing is written until `start`.

The decision to start is kept on `info`, so that a restart does not forget it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.plex_writer.dirty import Dirty, Ticket
    from services.plex_writer.job import Job
    from services.plex_writer.preview import Preview


class Review:
    """Counts what would be written, scene by scene; bounded by the number of scenes."""

    def __init__(self, preview: Preview, dirty: Dirty) -> None:
        self.active = False
        self._preview = preview
        self._dirty = dirty
        self._fields: dict[int, frozenset[str]] = {}

    @property
    def scenes(self) -> int:
        """How many scenes were planned."""
        return len(self._fields)

    @property
    def counts(self) -> Mapping[str, int]:
        """Of how many scenes each field would be written; `waiting` and the like count scenes that would not be."""
        return Counter(field for fields in self._fields.values() for field in fields)

    async def handle(self, tickets: Sequence[Ticket]) -> None:
        """Plan these scenes in place of writing them."""
        jobs = {job.scene.id: job for job in await self._preview.jobs([ticket.scene_id for ticket in tickets])}
        for ticket in tickets:
            job = jobs.get(ticket.scene_id)
            if job is None:
                self._fields.pop(ticket.scene_id, None)
            else:
                self._fields[ticket.scene_id] = frozenset(self._planned(job))
            self._dirty.settle(ticket)

    def end(self) -> None:
        """Let scenes be written from now on."""
        self.active = False
        self._fields.clear()

    def _planned(self, job: Job) -> Iterable[str]:
        if job.item.skipped:
            yield "skipped"
        elif job.tied:
            yield "ambiguous"
        elif not job.targets:
            yield "waiting"
        elif not self._preview.obstacle(job):
            for target in job.targets:
                yield from (*target.edit.scalars, *target.edit.lists)
