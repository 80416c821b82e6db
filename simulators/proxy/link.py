"""One client and its connection to the target: a stream each way, and how they end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Final, Literal

from simulators.proxy.shaper import Shaper
from simulators.proxy.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.proxy.armed import Way
    from simulators.proxy.faults import Direction

RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)

Side = Literal["client", "target"]


class Link:
    """A client's connection and ours to the target; `half_open` once one of the two ends is gone untold."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ways: Mapping[Direction, Way]
    ) -> None:
        self.half_open = False
        self._reader = reader
        self._writers: dict[Side, asyncio.StreamWriter] = {"client": writer}
        self._ways = ways
        self._streams: list[Stream] = []

    async def run(self, host: str, port: int) -> None:
        """Carry both streams to their ends; when one breaks, or the task is cancelled, both connections are reset."""
        try:
            await self._ways["up"].open.wait()
            reader, self._writers["target"] = await asyncio.open_connection(host, port)
            await self._carry(reader)
            await self._close()
        except* (OSError, asyncio.CancelledError):
            for writer in self._writers.values():
                _reset(writer)
            await self._close()

    async def _carry(self, target: asyncio.StreamReader) -> None:
        for writer in self._writers.values():
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._streams = [
            Stream(self._reader, self._writers["target"], self._ways["up"], Shaper(self._ways["up"])),
            Stream(target, self._writers["client"], self._ways["down"], Shaper(self._ways["down"])),
        ]
        async with asyncio.TaskGroup() as group:
            for stream in self._streams:
                group.create_task(stream.run())

    def lose(self, gone: Side) -> None:
        """Reset one end's connection, and tell the other end nothing, now or later."""
        self.half_open = True
        for stream in self._streams:
            stream.silent = True
        if gone in self._writers:
            _reset(self._writers[gone])

    async def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST, which a peer can't take for a proper end."""
    if not writer.transport.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()
