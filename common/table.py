"""A retained prefix as a table: one row a topic, the decimal id as its key.

Reading goes over a second, clean connection, so that a load never stands before the live messages of a session. The
end of a load is found by a probe: a message to ourselves, which the broker queues behind what it has retained
(measured on Mosquitto 2.0.11 and 2.1.2; no guarantee of the standard, and a truncating broker sends the probe too,
which is why rows are also counted).
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from common.errors import Unavailable
from common.tally import Loaded, judge
from common.topics import row_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence

    from common.bus import Bus, Message
    from common.tally import Counted

FILTERS_A_SUBSCRIBE = 100
SILENCE = 15.0
PROBE_AGAIN = 1.0
QUIET = 5.0


class Reader:
    """Reads retained topics over a connection of its own; one load or read at a time."""

    def __init__(self, bus: Bus, probe: str) -> None:
        self._bus = bus
        self._probe = probe
        self._lock = asyncio.Lock()
        self._last_message = 0.0

    async def load(self, prefix: str, on_row: Callable[[int, bytes], None]) -> None:
        """Give every row below `prefix` to `on_row`, an empty payload for a row removed meanwhile.

        Returns after the last one. Raises Unavailable when the connection is lost or the broker falls silent.
        """

        def handle(message: Message) -> None:
            self._last_message = asyncio.get_running_loop().time()
            key = row_id(prefix, message.topic)
            if key is not None:
                on_row(key, message.payload)

        async with self._lock:
            await self._until_probe([f"{prefix}/+"], handle, qos=1)

    async def read(self, topics: Sequence[str]) -> dict[str, bytes]:
        """Return the retained payloads of exact topics; a topic without one is missing from the answer."""
        found: dict[str, bytes] = {}

        def handle(message: Message) -> None:
            self._last_message = asyncio.get_running_loop().time()
            if message.payload:
                found[message.topic] = message.payload
            else:
                found.pop(message.topic, None)

        async with self._lock:
            for start in range(0, len(topics), FILTERS_A_SUBSCRIBE):
                await self._until_probe(topics[start : start + FILTERS_A_SUBSCRIBE], handle, qos=0)
        return found

    async def _until_probe(self, filters: Sequence[str], handle: Callable[[Message], None], qos: int) -> None:
        await self._bus.wait_connected()
        nonce = uuid.uuid4().bytes
        seen: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_probe(message: Message) -> None:
            if message.payload == nonce and not seen.done():
                seen.set_result(None)

        self._last_message = asyncio.get_running_loop().time()
        await self._bus.subscribe([self._probe], on_probe, qos=qos, retained=False, keep=False)
        whole = False
        try:
            await self._unless_lost(self._bus.subscribe(filters, handle, qos=qos, keep=False))
            await self._unless_lost(self._until_seen(seen, nonce, qos))
            whole = True
        finally:
            # given up, nobody waits for an answer that comes behind all the rows that are on their way
            await self._bus.unsubscribe([*filters, self._probe], answered=whole)

    async def _until_seen(self, seen: asyncio.Future[None], nonce: bytes, qos: int) -> None:
        """Send the probe and wait for it, and send it again in silence: a broker that drops rows may drop it too."""
        loop = asyncio.get_running_loop()
        while not seen.done():
            if loop.time() - self._last_message > SILENCE:
                raise Unavailable(
                    f"the broker did not send back our message on {self._probe} within {SILENCE:.0f} s; "
                    "its access rules must let this service write and read that topic"
                )
            await self._bus.publish(self._probe, nonce, qos=qos)
            sent = loop.time()
            while not seen.done() and loop.time() - max(sent, self._last_message) < PROBE_AGAIN:
                await asyncio.wait((seen,), timeout=PROBE_AGAIN)

    async def _unless_lost(self, work: Coroutine[None, None, None]) -> None:
        doing = asyncio.ensure_future(work)
        lost = asyncio.ensure_future(self._bus.lost())
        try:
            await asyncio.wait((doing, lost), return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                raise Unavailable(f"the connection to the broker was lost: {lost.result()}")
            await doing
        finally:
            doing.cancel()
            lost.cancel()
            # whoever waited may have been cancelled in the moment in which it failed
            await asyncio.gather(doing, lost, return_exceptions=True)


class Table:
    """One prefix, read through a Reader and, by its owner, written through a Bus."""

    def __init__(self, prefix: str, reader: Reader, bus: Bus) -> None:
        self.prefix = prefix
        self._reader = reader
        self._bus = bus

    def topic(self, key: int) -> str:
        """Topic of the row with this id."""
        return f"{self.prefix}/{key}"

    async def load(self, on_row: Callable[[int, bytes], None]) -> None:
        """Read all rows once, as Reader.load."""
        await self._reader.load(self.prefix, on_row)

    async def load_counted(
        self,
        begin: Callable[[], Callable[[int, bytes], None]],
        counted: Callable[[], Awaitable[Counted | None]],
    ) -> Loaded:
        """Read all rows and check their number against the owner's, twice when rows are missing.

        `begin` starts an empty table and returns its row handler; the last one begun is the one to keep.
        """
        before: Loaded | None = None
        while True:
            rows: set[int] = set()
            await self.load(_counting(begin(), rows))
            told = await counted()
            loaded = Loaded(len(rows), judge(len(rows), told, before), told)
            if loaded.verdict != "short":
                return loaded
            before = loaded
            await asyncio.sleep(QUIET)

    async def read(self, keys: Iterable[int]) -> dict[int, bytes]:
        """Return the present rows of these ids; an id without a row is missing from the answer."""
        topics = {self.topic(key): key for key in keys}
        found = await self._reader.read(list(topics))
        return {topics[topic]: payload for topic, payload in found.items()}

    async def put(self, key: int, payload: bytes) -> asyncio.Future[None]:
        """Write a row; the future ends with the broker's acknowledgement. Raises as Bus.send."""
        return await self._bus.send(self.topic(key), payload, retain=True)

    async def delete(self, key: int) -> asyncio.Future[None]:
        """Remove a row; live subscribers get an empty payload."""
        return await self._bus.send(self.topic(key), b"", retain=True)


def _counting(handler: Callable[[int, bytes], None], rows: set[int]) -> Callable[[int, bytes], None]:
    def handle(key: int, payload: bytes) -> None:
        if payload:
            rows.add(key)
        else:
            rows.discard(key)
        handler(key, payload)

    return handle
