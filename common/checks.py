"""What a service can find out about the broker for itself, by round trips on `selftest/<owner>/…`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from common.answers import Finding
from common.bus import Refused
from common.service import now

if TYPE_CHECKING:
    from common.service import Service

# above Mosquitto's own limits of 1,000 and 1,040 (measured on 2.0.11 and 2.1.2)
ROWS: Final = 1_200
AMPLE: Final = 200_000


class BrokerCheck:
    """Checks the broker as one service sees it, and remembers what it had it retain, and when that was lost."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._given = False
        self._lost_at = 0

    async def findings(self) -> list[Finding]:
        """Return what every service checks: may it write and read what is its own, and how much fits in a packet."""
        topic = self._service.topics.selftest(self._service.owner, "check")
        try:
            await self._service.bus.publish(topic, b"x", retain=True)
            back = topic in await self._service.reader.read([topic])
            await self._service.bus.publish(topic, b"", retain=True)
        except Refused as error:
            return [self._denied(str(error))]
        if not back:
            return [self._denied("what it published did not come back")]
        owner = self._service.owner
        fine = Finding(
            id=f"broker.access.{owner}", level="ok", what=f"{owner} writes and reads its own topics on the broker."
        )
        return [fine, *self._packet()]

    async def table_findings(self) -> list[Finding]:
        """Return what the owner of the largest table checks besides: is all of it sent, and is it kept."""
        return [await self._limits(), await self._persistence()]

    def _denied(self, why: str) -> Finding:
        owner = self._service.owner
        return Finding(
            id=f"broker.access.{owner}",
            level="error",
            what=f"The broker does not let {owner} write and read its own topics: {why}.",
            effect="What it has to tell is lost.",
            remedy=f"Give its account the lines of mosquitto/acl.template, selftest/{owner}/# included.",
        )

    def _packet(self) -> list[Finding]:
        connection = self._service.bus.connection
        limit = connection.maximum_packet_size if connection else None
        if limit is None or limit >= AMPLE:
            return []
        return [
            Finding(
                id="broker.packet",
                level="warning",
                what=f"The broker takes packets of at most {limit:,} bytes.",
                effect="Scenes with many markers or long details are cut, or left out when even that does not help.",
                remedy="Set max_packet_size 1000000 in the broker's configuration.",
            )
        ]

    async def _limits(self) -> Finding:
        """Retain more than a default Mosquitto sends to a new subscriber, and count what comes back."""
        bus = self._service.bus
        prefix = self._service.topics.selftest(self._service.owner, "limit")
        rows: set[int] = set()
        try:
            await self._each(prefix, b"x")
            await self._service.reader.load(prefix, lambda key, payload: rows.add(key) if payload else None)
        finally:
            if bus.connected:
                await self._each(prefix, b"")
        if len(rows) >= ROWS:
            return Finding(id="broker.limits", level="ok", what=f"The broker sends tables of {ROWS:,} rows whole.")
        return Finding(
            id="broker.limits",
            level="error",
            what=f"The broker sent {len(rows):,} of {ROWS:,} retained messages to a new subscriber.",
            effect="Tables are read in part; nothing is taken for removed, and what is left out is not compared.",
            remedy="Set max_queued_messages 1000000 and max_queued_bytes 2000000000 in the broker's configuration.",
        )

    async def _each(self, prefix: str, payload: bytes) -> None:
        sent = [await self._service.bus.send(f"{prefix}/{row}", payload, retain=True) for row in range(1, ROWS + 1)]
        await asyncio.gather(*sent)

    async def _persistence(self) -> Finding:
        """Look for what an earlier check had the broker retain; a restart in between must not lose it.

        A loss is told until something outlives a reconnect.
        """
        topic = self._service.topics.selftest(self._service.owner, "kept")
        found = (await self._service.reader.read([topic])).get(topic, b"").decode(errors="replace")
        generation = (await self._service.bus.wait_connected()).generation
        if not found:
            await self._service.bus.publish(topic, now().encode(), retain=True)
            self._lost_at = generation if self._given else 0
        elif generation > self._lost_at:
            self._lost_at = 0
        self._given = True
        if self._lost_at:
            return Finding(
                id="broker.persistence",
                level="error",
                what="The broker has lost what it was told to retain.",
                effect="After each of its restarts everything is published again, and what was written is not known.",
                remedy="Set persistence true and autosave_interval 60 (2.0) or the sqlite plugin (2.1), on a volume.",
            )
        what = (
            f"The broker still has what it was given at {found}."
            if found
            else ("The broker was given something to keep; after its next restart, doctor says whether it did.")
        )
        return Finding(id="broker.persistence", level="ok", what=what)
