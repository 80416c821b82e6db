"""Plex's questions answered from the mirror: held back while that is not whole, counted, and reported when in vain."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from typing import TYPE_CHECKING, Final

from common.errors import NotFound
from common.filters import excluded
from common.guids import id_of_key
from common.item import cover_version
from services.provider import document, search
from services.provider.document import Style, collection_of_key, collections
from services.provider.match import SURE, Found, Query, find, named, path_key, path_keys
from services.provider.mirror import NotYet
from services.provider.targets import is_known, target_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from common.messages import Scene
    from common.options import Options
    from common.settings import Settings
    from services.provider.document import Collection
    from services.provider.match import Hit
    from services.provider.metadata import Image, Metadata
    from services.provider.mirror import Mirror
    from services.provider.rebirth import Rebirth
    from services.provider.reports import Reports
    from services.provider.tally import Tally
    from services.provider.targets import Target

    T = TypeVar("T")

HOLD: Final = 20.0
LOOK_AGAIN: Final = 0.2
SEARCH_WITHIN: Final = 10.0
SUGGESTED: Final = 10
STEP: Final = 100


class Desk:
    """Answers Plex; `base` is our address as whoever asks reaches it, with which addresses of pictures begin."""

    def __init__(
        self,
        settings: Settings,
        *,
        mirror: Mirror,
        reports: Reports,
        tally: Tally,
        rebirth: Rebirth,
        stop: asyncio.Event,
    ) -> None:
        self._options = settings.options
        self._based = "", self._options
        self._adult = settings.provider.adult
        self._style = Style(
            fields=document.shown_fields(settings.options),
            pictures=bool(settings.stash.url),
            adult=settings.provider.adult != "unmarked",
            one_genre=settings.provider.genres == "joined",
        )
        self._mirror = mirror
        self._reports = reports
        self._tally = tally
        self._rebirth = rebirth
        self._stop = stop
        self._searching = asyncio.Lock()

    async def match(self, query: Query, base: str) -> list[Metadata]:
        """Return the movies that answer a query, best first. Raises NotYet."""
        started = time.perf_counter()
        found = await self._settled(lambda: self._found(query))
        if found is None:
            self._tally.delayed += 1
            self._report(query, "the table of scenes was not complete when Plex asked", ())
            raise NotYet("the table of scenes is not complete, and this file is not in it yet")
        hits = await self._proposals(query, found) if query.manual else list(found.hits)
        if self._adult == "asked" and not query.include_adult:
            hits = []
        options = self._options_at(base)
        movies = [
            document.match(hit.scene, options, hit.score if hit.score == SURE else None, self._style) for hit in hits
        ]
        if not query.manual:
            self._tally.took(time.perf_counter() - started)
        self._note(query, found)
        return movies

    async def movie(self, key: str, base: str) -> Metadata:
        """Return the movie or collection with this rating key. Raises NotFound, NotYet."""
        if collection_of_key(key) is not None:
            return await self.collection(key, base)
        started = time.perf_counter()
        scene = await self._scene(key)
        movie = document.movie(scene, self._options_at(base), self._style)
        self._tally.took(time.perf_counter() - started)
        self._tally.metadata += 1
        if self._reports.standing:
            self._reports.matched(path_keys(self._mirror.catalog, scene.id))
        return movie

    async def images(self, key: str, base: str) -> tuple[Image, ...]:
        """Return the pictures of the movie or collection with this rating key. Raises NotFound, NotYet."""
        if collection_of_key(key) is not None:
            return (await self.collection(key, base)).images
        return document.images(await self._scene(key), self._options_at(base), self._style)

    async def exists(self, key: str) -> None:
        """Return when there is a movie or collection with this rating key. Raises NotFound, NotYet."""
        if collection_of_key(key) is not None:
            await self._collection(key)
        else:
            await self._scene(key)

    async def collection(self, key: str, base: str) -> Metadata:
        """Return the collection with this rating key. Raises NotFound, NotYet."""
        found, first = await self._collection(key)
        return document.collection(found, first, self._options_at(base), self._style)

    async def members(self, key: str, base: str, start: int, size: int) -> tuple[list[Metadata], int]:
        """Return a page of a collection's movies, oldest id first, and how many there are. Raises NotFound, NotYet."""
        found, _ = await self._collection(key)
        options = self._options_at(base)
        page: list[Metadata] = []
        total = 0
        for count, scene_id in enumerate(sorted(self._mirror.catalog.entities.members(found.kind, found.id)), 1):
            scene = self._mirror.catalog.scene(scene_id)
            if scene is not None and excluded(scene, self._options.filters) is None:
                if start <= total < start + size:
                    page.append(document.match(scene, options, None, self._style))
                total += 1
            if not count % STEP:
                await asyncio.sleep(0)
        return page, total

    async def picture_version(self, kind: str, entity: int) -> str:
        """Return which state of a scene its picture is of, empty where none is known for sure. Raises NotYet."""
        catalog = self._mirror.catalog
        await self._settled(lambda: is_known(catalog, kind, entity) or self._mirror.whole or None)
        if not (is_known(catalog, kind, entity) or self._mirror.whole):
            raise NotYet(f"the table of scenes is not complete, and {kind} {entity} is not in it yet")
        scene = catalog.scene(entity) if kind == "scene" else None
        return cover_version(scene) if scene else ""

    def picture(self, kind: str, entity: int, leaf: str) -> Target:
        """Return which picture in Stash is meant; `leaf` tells a scene's poster. Raises NotFound."""
        shape = self._options.mapping.poster if leaf == "poster" else "raw"
        return target_of(self._mirror.catalog, self._options, kind, entity, shape)

    def look(self, path: str) -> tuple[Found, list[Hit]]:
        """Return what a scan gets for a path, and what a person who looks by hand could choose from."""
        found = find(self._mirror.catalog, self._options, Query(type=1, filename=path))
        return found, list(find(self._mirror.catalog, self._options, Query(type=1, filename=path, manual=True)).hits)

    def has_scene(self, path: str) -> bool:
        """Tell whether a scan would get a scene for a path, or one that is kept from Plex on purpose."""
        return find(self._mirror.catalog, self._options, Query(type=1, filename=path)).known

    def appeared(self, scene_id: int) -> None:
        """Take back the reports about the files of a scene that has just come or changed."""
        self._reports.appeared(lambda: path_keys(self._mirror.catalog, scene_id), self.has_scene)

    def _options_at(self, base: str) -> Options:
        """Return the options with the address that pictures are at, which the settings may leave to us."""
        if self._options.mapping.provider_url:
            return self._options
        if self._based[0] != base:
            mapping = dataclasses.replace(self._options.mapping, provider_url=base)
            self._based = base, dataclasses.replace(self._options, mapping=mapping)
        return self._based[1]

    def _found(self, query: Query) -> Found | None:
        """Look a file up; before the first load has ended nothing is unique, so nothing is answered."""
        if self._mirror.loaded is None:
            return None
        found = find(self._mirror.catalog, self._options, query)
        return found if found.known or found.tied or self._mirror.whole else None

    async def _proposals(self, query: Query, found: Found) -> list[Hit]:
        """Add what a search through all scenes finds within 10 seconds; one search at a time."""
        best: list[Hit] = []
        looking = search.look_through(self._mirror.catalog, self._options, search.wish_of(query), best)
        with contextlib.suppress(TimeoutError), contextlib.closing(looking):
            async with asyncio.timeout(SEARCH_WITHIN), self._searching:
                for _ in looking:
                    await asyncio.sleep(0)
        return search.merged(found.hits, best)

    async def _scene(self, key: str) -> Scene:
        scene_id = id_of_key(key)
        if scene_id is None:
            raise NotFound(f"{key} is no rating key of ours")
        await self._settled(lambda: scene_id in self._mirror.catalog or self._mirror.whole or None)
        scene = self._mirror.catalog.scene(scene_id)
        if scene is None and not self._mirror.whole:
            raise NotYet(f"the table of scenes is not complete, and scene {scene_id} is not in it yet")
        if scene is None:
            raise NotFound(f"there is no scene {scene_id} in Stash")
        if (reason := excluded(scene, self._options.filters)) is not None:
            raise NotFound(f"scene {scene_id} is kept from Plex: {reason}")
        if scene_id in self._mirror.catalog.reborn and not await self._rebirth.is_rematched(scene):
            raise NotFound(
                f"scene {scene_id} is not the one that had this id before, and no item has been matched to it"
            )
        return scene

    async def _collection(self, key: str) -> tuple[Collection, Scene]:
        """Return a collection and its first movie."""
        wanted = collection_of_key(key)
        if wanted is None:
            raise NotFound(f"{key} is no rating key of a collection of ours")
        members = self._mirror.catalog.entities.members
        await self._settled(lambda: bool(members(*wanted)) or self._mirror.whole or None)
        for count, scene in enumerate(map(self._mirror.catalog.scene, sorted(members(*wanted))), 1):
            if scene is not None and excluded(scene, self._options.filters) is None:
                for found in collections(scene, self._options).values():
                    if (found.kind, found.id) == wanted:
                        return found, scene
            if not count % STEP:
                await asyncio.sleep(0)
        if not self._mirror.whole:
            raise NotYet(f"the table of scenes is not complete, and no scene in it has {wanted[0]} {wanted[1]} yet")
        raise NotFound(f"no scene that Plex may show has {wanted[0]} {wanted[1]} as its collection")

    async def _settled(self, look: Callable[[], T | None]) -> T | None:
        """Look until there is an answer, the time is up or we are asked to stop; at once when the table is whole."""
        deadline = time.monotonic() + HOLD
        while (answer := look()) is None and time.monotonic() < deadline and not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._stop.wait()
        return answer

    def _note(self, query: Query, found: Found) -> None:
        if found.hits:
            self._tally.matches += 1
            self._mirror.catalog.reborn.difference_update(hit.scene.id for hit in found.hits)
        else:
            self._tally.misses += 1
        if found.known and query.filename:
            if self._reports.standing:
                self._reports.matched([path_key(self._options.paths, query.filename)])
        elif not query.manual:
            proposed = named(self._mirror.catalog, self._options.paths, query.filename or "")
            self._report(query, found.why, found.tied or tuple(proposed[:SUGGESTED]))

    def _report(self, query: Query, why: str, candidates: tuple[int, ...]) -> None:
        """Report a file that Plex itself asked for; what a person searches says nothing of the library."""
        if query.filename and not query.manual:
            self._reports.missed(path_key(self._options.paths, query.filename), query.filename, why, candidates)
