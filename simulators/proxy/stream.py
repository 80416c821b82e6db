"""One direction of a link: read, be late, wait at a black hole, let pass what the shaper lets pass."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from simulators.proxy.armed import Way
    from simulators.proxy.shaper import Shaper

CHUNK: Final = 65_536
CHUNKS_WAITING: Final = 16
SLICES_A_SECOND: Final = 20


class Stream:
    """Carries bytes from `source` to `sink`; once `silent` it takes what comes and tells the sink nothing any more."""

    def __init__(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: Way, shaper: Shaper) -> None:
        self.silent = False
        self._source = source
        self._sink = sink
        self._way = way
        self._shaper = shaper
        self._waiting: asyncio.Queue[tuple[float, bytes | None]] = asyncio.Queue(CHUNKS_WAITING)

    async def run(self) -> None:
        """Carry until the source ends; raises OSError when it breaks, when the sink does, or when a fault cuts it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read())
            group.create_task(self._write())

    async def _read(self) -> None:
        """Take everything that comes, an end as b"" and a break as None, with the time at which it is due."""
        data: bytes | None = None
        while data != b"":
            try:
                data = await self._source.read(CHUNK)
            except OSError:
                data = None
            due = asyncio.get_running_loop().time() + self._way.lateness
            await self._waiting.put((due, data))
            if data is None:
                return

    async def _write(self) -> None:
        while True:
            due, data = await self._waiting.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            await self._way.open.wait()
            if not data:
                return self._end(broken=data is None)
            if not self.silent:
                await self._pass(data)

    def _end(self, *, broken: bool) -> None:
        if self.silent:
            return
        if broken:
            raise ConnectionResetError("the other end is gone")
        self._sink.write_eof()

    async def _pass(self, data: bytes) -> None:
        data, cut = self._shaper.shape(data)
        while data:
            limit = self._way.bandwidth
            size = max(1, int(limit.bytes_per_s / SLICES_A_SECOND)) if limit else len(data)
            part, data = data[:size], data[size:]
            await asyncio.sleep(len(part) / limit.bytes_per_s if limit else 0)
            self._sink.write(part)
            await self._sink.drain()
        if cut:
            raise ConnectionAbortedError("a fault cuts the connection")
