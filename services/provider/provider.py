"""The provider's answers: looked up in the mirror, held back while that is not whole, counted and reported."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from common import messages
from common.errors import NotFound, S2PError, Unavailable, Undecodable
from common.filters import excluded
from common.messages import Outcome, ProviderInfo, ProviderStats
from common.version import VERSION
from services.provider import document
from services.provider.check import Check
from services.provider.document import IDENTIFIER, Metadata
from services.provider.match import find, path_key, path_keys
from services.provider.mirror import Mirror
from services.provider.pictures import Pictures
from services.provider.reports import Reports
from services.provider.tally import Tally
from services.provider.targets import is_known, target_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from common.messages import Scene
    from common.service import Service
    from services.provider.match import Found, Query
    from services.provider.targets import Target

    T = TypeVar("T")

HOLD: Final = 20.0
LOOK_AGAIN: Final = 0.2
READ: Final = 2.0
TELL_EVERY: Final = 5.0

log = structlog.get_logger("provider")


class NotYet(S2PError):
    """The table is not whole, so that a scene is not here does not say that there is none: ask again."""


class TableHealth(msgspec.Struct, frozen=True):
    """How much of the table of scenes is here; `whole` once what is not here is nowhere."""

    scenes: int
    verdict: str
    whole: bool
    suspect: str


class Health(msgspec.Struct, frozen=True):
    """The body of `GET /health` and `GET /ready`; `stash` is the watcher's word on Stash."""

    status: str
    version: str
    broker: str
    table: TableHealth
    stash: str
    stash_reachable: bool


class Provider:
    """Answers Plex; `run` keeps it true to the broker until the service is asked to stop. `pictures` are Stash's."""

    def __init__(self, service: Service) -> None:
        self.stop = service.stop
        self.pictures = Pictures(service.settings)
        self._service = service
        self._options = service.settings.options
        self._mirror = Mirror(service, self._options)
        self._reports = Reports(service)
        self._tally = Tally()
        self._told: dict[str, messages.Payload] = {}

    async def run(self) -> None:
        """Stay on the bus until asked to stop. Raises Stopped, DuplicateInstance."""
        await self._mirror.listen()
        await self._reports.listen()
        async with self.pictures, self._service, asyncio.TaskGroup() as group:
            beside = [self._mirror.load_forever(), self._reports.publish_forever(), self._tell_forever()]
            tasks = [group.create_task(work) for work in beside]
            await self._service.serve({"check": Check(self._service, self._mirror).on_check})
            await self.stop.wait()
            for task in tasks:
                task.cancel()

    async def match(self, query: Query) -> list[Metadata]:
        """Return the movies that answer a query, best first. Raises NotYet."""
        started = time.perf_counter()
        found = await self._settled(lambda: self._found(query))
        if found is None:
            self._tally.delayed += 1
            self._report(query)
            raise NotYet("the table of scenes is not complete, and this file is not in it yet")
        movies = [document.match(hit.scene, self._options, hit.score) for hit in found.hits]
        self._tally.took(time.perf_counter() - started)
        self._note(query, found)
        return movies

    async def movie(self, key: str) -> Metadata:
        """Return the movie with this rating key. Raises NotFound, NotYet."""
        started = time.perf_counter()
        scene = await self._scene(key)
        movie = document.movie(scene, self._options)
        self._tally.took(time.perf_counter() - started)
        self._tally.metadata += 1
        if self._reports.standing:
            self._reports.matched(path_keys(self._mirror.catalog, scene.id))
        return movie

    async def exists(self, key: str) -> None:
        """Return when there is a movie with this rating key. Raises NotFound, NotYet."""
        await self._scene(key)

    async def picture(self, kind: str, entity: int, leaf: str) -> Target:
        """Return which picture in Stash is meant; `leaf` tells a scene's poster. Raises NotFound, NotYet."""
        catalog = self._mirror.catalog
        await self._settled(lambda: is_known(catalog, kind, entity) or self._mirror.whole or None)
        if not (is_known(catalog, kind, entity) or self._mirror.whole):
            raise NotYet(f"the table of scenes is not complete, and {kind} {entity} is not in it yet")
        shape = self._service.settings.provider.poster if leaf == "poster" else "raw"
        return target_of(catalog, self._options, kind, entity, shape)

    @property
    def ready(self) -> bool:
        """Whether every question can be answered."""
        return self._mirror.whole

    def health(self) -> Health:
        """Return how we are."""
        loaded = self._mirror.loaded
        return Health(
            status="ok",
            version=VERSION,
            broker="connected" if self._service.bus.connected else "away",
            table=TableHealth(
                scenes=len(self._mirror.catalog),
                verdict=loaded.verdict if loaded else "loading",
                whole=self._mirror.whole,
                suspect=self._mirror.suspect,
            ),
            stash=self._mirror.stash,
            stash_reachable=self._mirror.stash == "reachable",
        )

    def _found(self, query: Query) -> Found | None:
        """Look a file up; before the first load has ended nothing is unique, so nothing is answered."""
        if self._mirror.loaded is None:
            return None
        found = find(self._mirror.catalog, self._options, query)
        return found if found.known or self._mirror.whole else None

    async def _scene(self, key: str) -> Scene:
        scene_id = document.id_of_key(key)
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
        if scene_id in self._mirror.catalog.reborn and not await self._is_rematched(scene):
            raise NotFound(
                f"scene {scene_id} is not the one that had this id before, and no item has been matched to it"
            )
        return scene

    async def _settled(self, look: Callable[[], T | None]) -> T | None:
        """Look until there is an answer, the time is up or we are asked to stop; at once when the table is whole."""
        deadline = time.monotonic() + HOLD
        while (answer := look()) is None and time.monotonic() < deadline and not self.stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self.stop.wait()
        return answer

    async def _is_rematched(self, scene: Scene) -> bool:
        """Ask the writer's outcome whether it has handled the scene that has the id now. Raises NotYet."""
        topic = self._service.topics.outcome(self._service.settings.plex.name, scene.id)
        try:
            async with asyncio.timeout(READ):
                payload = (await self._service.reader.read([topic])).get(topic)
            outcome = messages.decode(Outcome, payload) if payload else None
        except (TimeoutError, Unavailable) as error:
            raise NotYet(f"the broker cannot say now whether scene {scene.id} has been matched anew") from error
        except Undecodable as error:
            self._service.undecoded.add(topic, error)
            return False
        if outcome is None or outcome.born != scene.born:
            return False
        self._mirror.catalog.reborn.discard(scene.id)
        return True

    def _note(self, query: Query, found: Found) -> None:
        if found.hits:
            self._tally.matches += 1
            self._mirror.catalog.reborn.difference_update(hit.scene.id for hit in found.hits)
            if query.filename:
                self._reports.matched([path_key(self._options.paths, query.filename)])
        else:
            self._tally.misses += 1
            if not found.known:
                self._report(query)

    def _report(self, query: Query) -> None:
        """Report a file that Plex itself asked for; what a person searches says nothing of the library."""
        if query.filename and not query.manual:
            self._reports.missed(path_key(self._options.paths, query.filename), query.filename)

    async def _tell_forever(self) -> None:
        while True:
            await self._tell("info", self._info())
            await self._tell("stats", self._stats())
            await asyncio.sleep(TELL_EVERY)

    async def _tell(self, leaf: str, payload: messages.Payload) -> None:
        if self._told.get(leaf) != payload:
            await self._service.publish(leaf, payload)
            self._told[leaf] = payload

    def _info(self) -> ProviderInfo:
        url = self._service.settings.provider.url
        return ProviderInfo(service=VERSION, identifier=IDENTIFIER, url=url, scenes=len(self._mirror.catalog))

    def _stats(self) -> ProviderStats:
        return ProviderStats(
            scenes=len(self._mirror.catalog),
            matches=self._tally.matches,
            misses=self._tally.misses,
            metadata=self._tally.metadata,
            delayed=self._tally.delayed,
            suspect=self._mirror.suspect,
            p50_ms=self._tally.percentile_ms(50),
            p99_ms=self._tally.percentile_ms(99),
            undecodable=self._service.undecoded.payload(),
        )
