"""What every request to Plex passes: it is counted, meets the faults in force, shows its token, and is carried out."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulators.plex import answers
from simulators.plex.answers import Refused
from simulators.plex.faults import MAINTENANCE, STARTUP, Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.server import Plex

    Handler = Callable[[Plex, Request], Awaitable[Response]]


@dataclass(eq=False)
class Held:
    """A request that was received and waits; `go` is set by a release."""

    fault: Fault
    kind: str
    go: asyncio.Event = field(default_factory=asyncio.Event)


class Gate:
    """Counts, faults and token for all routes of one server."""

    def __init__(self, plex: Plex) -> None:
        self._plex = plex
        self.waiting: list[Held] = []

    @property
    def held(self) -> int:
        """How many requests a hold keeps waiting now."""
        return sum(waiting.fault.kind == "hold" for waiting in self.waiting)

    def release(self, fault_id: int | None = None, *, holds_only: bool = True) -> int:
        """Let waiting requests go on, all or those of one fault; returns how many."""
        going = [
            waiting
            for waiting in self.waiting
            if fault_id in {None, waiting.fault.id} and (waiting.fault.kind == "hold" or not holds_only)
        ]
        for waiting in going:
            waiting.go.set()
        return len(going)

    async def pass_through(self, kind: str, handler: Handler, request: Request, *, free: bool) -> Response:
        """Answer a request of `kind`; `free` routes ask for no token."""
        plex = self._plex
        await request.body()
        fault = plex.faults.take(kind, keys_of(request), scanning=plex.scanning)
        if fault is not None and fault.kind == "down":
            plex.ledger.refused += 1
            await plex.connections.cut(request.scope)
            return answers.error(503)
        plex.ledger.requests[kind] += 1
        if plex.settings.latency_ms:
            await asyncio.sleep(plex.settings.latency_ms / 1000)

        async def carry_out() -> Response:
            if not (free or self._known(request)):
                return answers.error(401)
            if 0 < plex.settings.longest_url < len(request.url.path) + len(request.url.query):
                return answers.error(414)
            try:
                return await handler(plex, request)
            except Refused as refusal:
                return answers.error(refusal.status, refusal.reason)

        return await carry_out() if fault is None else await self._spoilt(fault, kind, request, carry_out)

    def _known(self, request: Request) -> bool:
        given = request.headers.get("x-plex-token") or request.query_params.get("X-Plex-Token")
        return given == self._plex.settings.token

    async def _spoilt(
        self, fault: Fault, kind: str, request: Request, carry_out: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Answer as `fault` wants it."""
        if fault.kind in {"slow", "sqlite-busy"}:
            await asyncio.sleep(fault.ms / 1000)
            return await carry_out()
        if fault.kind == "late-commit":
            await asyncio.sleep(fault.delay)
            return await carry_out()
        if fault.kind == "hold":
            return await self._hold(fault, kind, carry_out)
        if fault.kind == "hang":
            await self._wait(Held(fault, kind), request)
        done = await carry_out() if fault.commit else None
        if fault.kind == "truncated" and done is not None:
            half = bytes(done.body)[: len(done.body) // 2]
            return answers.page(half, done.status_code, done.headers["content-type"])
        if fault.kind in {"reset", "hang"}:
            await self._plex.connections.cut(request.scope, reset=True)
        return _said(fault)

    async def _hold(self, fault: Fault, kind: str, carry_out: Callable[[], Awaitable[Response]]) -> Response:
        done = await carry_out() if fault.when == "after" else None
        await self._wait(Held(fault, kind))
        return done if done is not None else await carry_out()

    async def _wait(self, held: Held, request: Request | None = None) -> None:
        """Wait until released or the fault's time is over; with `request`, also until its client goes away."""
        left = None if held.fault.until is None else max(0.0, held.fault.until - time.monotonic())
        waits: list[asyncio.Future[bool]] = [asyncio.ensure_future(_set(held.go))]
        if request is not None:
            waits.append(asyncio.ensure_future(_gone(request)))
        self.waiting.append(held)
        try:
            await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiting.remove(held)
            for wait in waits:
                wait.cancel()


async def _set(event: asyncio.Event) -> bool:
    return await event.wait()


async def _gone(request: Request) -> bool:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return True


def _said(fault: Fault) -> Response:
    """Return the answer that a fault gives in place of Plex."""
    if fault.kind == "maintenance":
        return answers.maintenance(fault.body or MAINTENANCE)
    if fault.kind == "startup":
        return answers.maintenance(fault.body or STARTUP)
    if fault.kind == "unauthorized":
        return answers.error(401)
    if fault.kind == "html":
        return answers.page((fault.body or "<html><body>Sign in to continue").encode(), 200, "text/html")
    if fault.body is not None:
        return answers.page(fault.body.encode(), fault.status, "text/html")
    return answers.error(fault.status)


def keys_of(request: Request) -> frozenset[str]:
    """Return the rating keys that a request names, in its path or its query."""
    query, path = request.query_params, request.path_params
    named = (path.get("ids", ""), path.get("key", ""), query.get("id", ""), query.get("key", ""))
    return frozenset(key for text in named for key in str(text).split(",") if key)
