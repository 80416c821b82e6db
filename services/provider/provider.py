"""The provider as a service: its parts put together, what it tells about itself, and the requests that it answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from common.answers import Match, Proposal
from common.errors import Rejected
from common.guids import IDENTIFIER
from common.messages import ProviderInfo, ProviderStats
from common.version import VERSION
from services.provider.check import Check
from services.provider.desk import Desk
from services.provider.gaps import GapReports
from services.provider.hooks import Hooks
from services.provider.mirror import Mirror
from services.provider.pictures import Pictures
from services.provider.rebirth import Rebirth
from services.provider.reports import Reports
from services.provider.tally import Tally

if TYPE_CHECKING:
    from common import messages
    from common.messages import Request
    from common.service import Service

TELL_EVERY: Final = 5.0


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
    """Answers Plex by its `desk` and `pictures`; `run` keeps them true until the service is asked to stop."""

    def __init__(self, service: Service) -> None:
        settings, options = service.settings, service.settings.options
        self.stop = service.stop
        self.pictures = Pictures(settings, lambda: self._mirror.stash == "replaced")
        self.hooks = Hooks(service, settings.provider.hook_secret)
        self.gaps = GapReports(service)
        self.address = settings.provider.url
        self._service = service
        self._mirror = Mirror(service, options)
        self._reports = Reports(service)
        self._tally = Tally()
        self.desk = Desk(
            settings,
            mirror=self._mirror,
            reports=self._reports,
            tally=self._tally,
            rebirth=Rebirth(service, self._mirror),
            stop=service.stop,
        )
        self._told: dict[str, messages.Payload] = {}
        self._review = asyncio.Event()

    async def run(self) -> None:
        """Stay on the bus until asked to stop. Raises Stopped, DuplicateInstance."""
        self._mirror.on_scene = self.desk.appeared
        self._mirror.on_load = self._review.set
        await self._mirror.listen()
        await self._reports.listen()
        await self.hooks.listen()
        await self.gaps.listen()
        async with self.pictures, self._service, asyncio.TaskGroup() as group:
            check = Check(self._service, self._mirror)
            await self._service.serve({"check": check.on_check, "explain": self.explain})
            beside = [
                self._mirror.load_forever(),
                self._reports.publish_forever(),
                self._review_forever(),
                self._tell_forever(),
            ]
            tasks = [group.create_task(work) for work in beside]
            await self.stop.wait()
            for task in tasks:
                task.cancel()

    async def explain(self, request: Request) -> Match:
        """Answer which scene Plex gets for `path` and why. Raises Rejected without one."""
        if not request.path:
            raise Rejected("give the path of a file, as Plex or Stash has it, as `path`")
        found, proposals = self.desk.look(request.path)
        sure = next(iter(found.hits), None)
        return Match(
            path=request.path,
            scene=sure.scene.id if sure else None,
            title=sure.scene.title if sure else "",
            why=found.why,
            proposals=tuple(Proposal(scene=h.scene.id, title=h.scene.title, score=h.score) for h in proposals),
        )

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

    async def _review_forever(self) -> None:
        """Look again, after each load, whether the reported files have scenes by now."""
        while True:
            await self._review.wait()
            self._review.clear()
            await self._reports.review(self.desk.has_scene)

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
        return ProviderInfo(service=VERSION, identifier=IDENTIFIER, url=self.address, scenes=len(self._mirror.catalog))

    def _stats(self) -> ProviderStats:
        return ProviderStats(
            scenes=len(self._mirror.catalog),
            matches=self._tally.matches,
            misses=self._tally.misses,
            metadata=self._tally.metadata,
            delayed=self._tally.delayed,
            unmatched=self._reports.standing,
            pictures=self.pictures.asked,
            suspect=self._mirror.suspect,
            p50_ms=self._tally.percentile_ms(50),
            p99_ms=self._tally.percentile_ms(99),
            undecodable=self._service.undecoded.payload(),
        )
