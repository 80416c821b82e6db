"""Finds the items of scenes: reads what may be theirs, and lets `match` decide by what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from services.plex_writer import job as step
from services.plex_writer.match import Verdict, decide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from common.options import Options
    from services.plex_writer.job import Job
    from services.plex_writer.library import Library
    from services.plex_writer.plan import Current
    from services.plex_writer.plex import Plex

AT_ONCE = 100
SUSPECTS = 20
LOOK_UPS = 3


class _Read(NamedTuple):
    """Items as just read, and the hashes of the files of some."""

    items: dict[str, Current]
    hashes: dict[str, frozenset[str]]


class Aim:
    """Costs one read for the items of up to 100 scenes, and more only for scenes that the index has no path of.

    `lost` is told of scenes whose item was seen to have lost a file.
    """

    def __init__(self, plex: Plex, library: Library, options: Options, lost: Callable[[int], None]) -> None:
        self._plex = plex
        self._lost = lost
        self._library = library
        self._options = options

    async def at(self, jobs: Sequence[Job]) -> None:
        """Plan for each job's items, by the files they have when read, whatever the index or an outcome remembers."""
        candidates = {job.scene.id: self._candidates(job) for job in jobs}
        read = _Read(await self._details(key for keys in candidates.values() for key in keys), {})
        for job in jobs:
            await self._look_up(job, candidates, read)
        doubtful = [job for job in jobs if not self._verdict(job, candidates, read).found]
        await self._compare_contents(doubtful, candidates, read)
        for job in jobs:
            verdict = self._verdict(job, candidates, read)
            step.aim(job, verdict, self._options)
            if not (verdict.found or verdict.tied):
                there = self._library.near(_names(job))
                job.near = [read.items[key] for key in candidates[job.scene.id] if key in there and key in read.items]

    def _candidates(self, job: Job) -> list[str]:
        """Return the items worth reading for a scene: the pinned one, those at its paths, or what may be one of it."""
        if job.outcome.pinned is not None:
            return [job.outcome.pinned]
        at_paths = self._library.find(job.item.paths)
        if at_paths:
            return at_paths
        suspects = [*job.outcome.items, *self._library.of_scene(job.scene.id), *self._library.near(_names(job))]
        return list(dict.fromkeys(suspects))[:SUSPECTS]

    async def _details(self, rating_keys: Iterable[str]) -> dict[str, Current]:
        wanted = sorted(set(rating_keys))
        found: dict[str, Current] = {}
        for start in range(0, len(wanted), AT_ONCE):
            found |= await self._plex.details(wanted[start : start + AT_ONCE])
        for rating_key in wanted:
            current = found.get(rating_key)
            for scene_id in self._library.saw(rating_key, current.paths if current else ()):
                self._lost(scene_id)
        return found

    async def _look_up(self, job: Job, candidates: dict[int, list[str]], read: _Read) -> None:
        """Ask Plex for the files of a scene that changed just now, which the last listing did not bring."""
        if not job.ticket.live or job.outcome.pinned is not None or self._verdict(job, candidates, read).found:
            return
        names = list(dict.fromkeys(path.rpartition("/")[2] for path in job.item.paths))[:LOOK_UPS]
        listed = {
            item.rating_key
            for section in self._library.sections
            for name in names
            for item in await self._plex.with_file(section.id, name)
        }
        fresh = await self._details(listed - read.items.keys())
        read.items.update(fresh)
        candidates[job.scene.id] = list(dict.fromkeys([*candidates[job.scene.id], *fresh]))[: 2 * SUSPECTS]

    async def _compare_contents(
        self, jobs: Iterable[Job], candidates: Mapping[int, Sequence[str]], read: _Read
    ) -> None:
        """Ask for the hashes of the files of items that may be a scene's."""
        wanted = {
            key
            for job in jobs
            if job.outcome.pinned is None and any(file.oshash for file in job.scene.files)
            for key in candidates[job.scene.id]
            if key in read.items
        }
        for start in range(0, len(wanted), AT_ONCE):
            read.hashes.update(await self._plex.hashes(sorted(wanted)[start : start + AT_ONCE]))

    def _verdict(self, job: Job, candidates: Mapping[int, Sequence[str]], read: _Read) -> Verdict:
        return decide(
            [read.items[key] for key in candidates[job.scene.id] if key in read.items],
            paths=job.item.paths,
            oshashes=[file.oshash for file in job.scene.files],
            hashes=read.hashes,
            pinned=job.outcome.pinned,
            key=self._options.paths.key,
        )


def _names(job: Job) -> Sequence[str]:
    """Return the paths whose names are looked for; Stash's own where no rule takes them to Plex."""
    return job.item.paths or [file.path for file in job.scene.files]
