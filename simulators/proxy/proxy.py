"""The proxy: an open port, its links to the target, and the faults that are armed."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from typing import TYPE_CHECKING, Final, Self

from simulators.proxy.armed import WAY_KINDS, Way
from simulators.proxy.faults import Bandwidth, Blackhole, Clear, Cut, CutInPublish, Delay, HalfOpen, LosePuback, Refuse
from simulators.proxy.link import Link

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.proxy.faults import Command, Direction

LINKS: Final = 1_000
BACKLOG: Final = 512


class Proxy:
    """Carries every connection to `port` on to `target` ("host:port"), with the faults that `apply` arms.

    Use as `async with Proxy("127.0.0.1:1883") as proxy`; `hits` counts by kind how often a fault has struck.
    """

    def __init__(self, target: str, *, host: str = "127.0.0.1", port: int = 0) -> None:
        name, _, number = target.rpartition(":")
        self._target = (name.strip("[]"), int(number))
        self.host = host
        self.port = port
        self.hits: Counter[str] = Counter()
        self._ways: dict[Direction, Way] = {"up": Way(self.hits), "down": Way(self.hits)}
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._accepted = 0
        self._held: socket.socket | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._held = self._bind(self.port)
        self.port = self._held.getsockname()[1]
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop_listening()
        await asyncio.sleep(0)
        await self._end(self._links)
        if self._held:
            self._held.close()

    async def apply(self, fault: Command) -> None:
        """Arm a fault in the place of the last of its kind; one that strikes at once has struck on return."""
        match fault:
            case Cut(after_bytes=None):
                self.hits[fault.kind] += len(self._links)
                await self._end(self._links)
            case HalfOpen(survivor=survivor):
                for link in self._links:
                    link.lose("target" if survivor == "client" else "client")
                self.hits[fault.kind] += len(self._links)
            case Refuse():
                self.hits[fault.kind] += self._server is not None
                self._stop_listening()
            case Clear(only=only):
                await self._clear(only)
            case Cut() | CutInPublish() | LosePuback():
                self._ways[fault.direction].arm(fault)
            case Blackhole() | Delay() | Bandwidth():
                for direction, way in self._ways.items():
                    if fault.direction in {direction, "both"}:
                        way.arm(fault)

    def state(self) -> dict[str, object]:
        """Return what is open, armed and has struck so far."""
        return {
            "port": self.port,
            "target": "{}:{}".format(*self._target),
            "accepted": self._accepted,
            "links": len(self._links),
            "half_open": sum(link.half_open for link in self._links),
            "refuse": self._server is None,
            "armed": {direction: way.armed() for direction, way in self._ways.items()},
            "hits": dict(self.hits),
        }

    async def _clear(self, only: str | None) -> None:
        for kind in WAY_KINDS:
            if only in {None, kind}:
                for way in self._ways.values():
                    way.clear(kind)
        if only in {None, "half_open"}:
            await self._end(link for link in self._links if link.half_open)
        if only in {None, "refuse"} and self._server is None:
            await self._listen()

    async def _end(self, links: Iterable[Link]) -> None:
        """Reset links, and return once they are."""
        tasks = [self._links[link] for link in links]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._carry, sock=self._bind(self.port), backlog=BACKLOG)

    def _stop_listening(self) -> None:
        if self._server:
            self._server.close()
            self._server = None

    def _bind(self, port: int) -> socket.socket:
        """Bind one more socket to the port; the first, which never listens, holds it while connections are refused."""
        sock = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((self.host, port))
        return sock

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._accepted += 1
        task = asyncio.current_task()
        if task is None or len(self._links) >= LINKS:
            writer.transport.abort()
            return
        link = Link(reader, writer, self._ways)
        self._links[link] = task
        try:
            await link.run(*self._target)
        finally:
            del self._links[link]
