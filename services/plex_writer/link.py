"""Whether Plex can be used: the probe, the outage history, the jittered way back.

Only the probe says that Plex is away; a failure of one request merely makes it look.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Literal

import structlog

from common import messages
from common.errors import NotFound, Unauthorized, Undecodable
from common.messages import Outages
from common.service import now
from services.plex_writer import outages
from services.plex_writer.plex import NotXml, PlexUnavailable

if TYPE_CHECKING:
    from common.service import Service
    from services.plex_writer.plex import Facts, Plex

FIRST_DELAY = 5.0
LAST_DELAY = 60.0

log = structlog.get_logger("plex")

Condition = Literal["reachable", "unreachable", "starting", "maintenance", "unauthorized"]


class Link:
    """Keeps `state` and `outages` true, and lets others wait until Plex is well.

    `times_up` grows each time that Plex comes (back): whoever remembers less has to list the libraries anew.
    """

    def __init__(self, service: Service, plex: Plex) -> None:
        self.facts: Facts | None = None
        self.times_up = 0
        self.section: str | None = None
        self._service = service
        self._plex = plex
        self._well = False
        self._trouble = ""
        self._history = Outages()
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Read the outage history back from the broker."""
        topic = self._service.topics.plex(self._service.settings.plex.name, "outages")
        row = (await self._service.reader.read([topic])).get(topic)
        try:
            self._history = messages.decode(Outages, row) if row else Outages()
        except Undecodable as error:
            self._service.undecoded.add(topic, error)

    async def tell(self) -> None:
        """Publish the outage history again, for a broker that may have lost it."""
        await self._service.publish("outages", self._history)

    @property
    def is_well(self) -> bool:
        """Whether Plex answered when asked last."""
        return self._well

    async def well(self) -> None:
        """Wait until Plex is well; the first caller asks it, again and again, the others wait with it."""
        if self._well:
            return
        async with self._lock:
            delay = FIRST_DELAY
            while not self._well and not await self._come_up():
                await asyncio.sleep(random.uniform(delay / 2, delay))  # noqa: S311 - spreads load, hides nothing
                delay = min(LAST_DELAY, delay * 2)

    def remark(self, trouble: str) -> None:
        """Tell on `state` what is wrong with a Plex that answers; empty when nothing is."""
        self._trouble = trouble
        if self._well:
            self._service.set_state(why=trouble)

    async def doubt(self, error: PlexUnavailable | Unauthorized) -> bool:
        """After a failed request: probe, and say whether Plex is well all the same, so that the request is to blame."""
        self._count_if_unreadable(error)
        return await self._probe(self.section)

    async def _probe(self, section: str | None) -> bool:
        try:
            await self._plex.probe(section)
        except NotFound:
            # the library was removed, which is no outage; without one the probe reads the list of libraries
            return await self._probe(None) if section else True
        except (PlexUnavailable, Unauthorized) as error:
            self._count_if_unreadable(error)
            await self._went_away(error)
            return False
        return True

    def _count_if_unreadable(self, error: PlexUnavailable | Unauthorized) -> None:
        if isinstance(error, NotXml):
            self._service.undecoded.add("Plex", Undecodable(str(error)))

    async def _come_up(self) -> bool:
        try:
            self.facts = await self._plex.connect()
        except (PlexUnavailable, Unauthorized) as error:
            await self._went_away(error)
            return False
        if not await self._probe(self.section):
            return False
        self._well = True
        self.times_up += 1
        self._service.set_state(plex="reachable", plex_since=now(), why=self._trouble)
        await self._remember(outages.end(self._history, now()))
        log.info("plex_reachable", server=self.facts.name, version=self.facts.version)
        return True

    async def _went_away(self, error: PlexUnavailable | Unauthorized) -> None:
        condition = _condition(error)
        if self._well or getattr(self._service.state, "plex", "") != condition:
            log.warning("plex_away", condition=condition, why=str(error), effect="waiting; nothing is lost")
            self._service.set_state(plex=condition, plex_since=now(), why=str(error))
        self._well = False
        await self._remember(outages.begin(self._history, now(), str(error)))

    async def _remember(self, history: Outages) -> None:
        if history != self._history:
            self._history = history
            await self._service.publish("outages", history)


def _condition(error: PlexUnavailable | Unauthorized) -> Condition:
    if isinstance(error, Unauthorized):
        return "unauthorized"
    message = str(error)
    if message.endswith("maintenance"):
        return "maintenance"
    return "starting" if message.endswith("starting") else "unreachable"
