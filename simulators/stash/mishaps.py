"""How each fault shows on the wire; every public request passes here, below Starlette's own routes.

A fault takes the place of the execution, delays it, holds it, or spoils its answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from simulators.stash import access, connection
from simulators.stash.engine import encode, operation_name
from simulators.stash.faults import STATUSES, Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from simulators.stash.server import Stash

PAGE = "<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"
IMAGES = {"image", "screenshot", "frontimage", "backimage"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request on its way to `app`; `receive` is the connection's own, `again` repeats the body that was read."""

    stash: Stash
    app: ASGIApp
    scope: Scope
    receive: Receive
    again: Receive
    send: Send
    operation: str

    async def run(self) -> None:
        """Execute and answer as if nothing were wrong."""
        await self.app(self.scope, self.again, self.send)

    async def executed(self) -> list[Message]:
        """Execute and return the answer without sending it."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(self.scope, self.again, keep)
        return messages

    async def answer(self, response: Response) -> None:
        """Send an answer of our own."""
        await response(self.scope, self.again, self.send)


class Mishaps:
    """Counts every public request, and lets a fault in force befall it."""

    def __init__(self, stash: Stash, app: ASGIApp) -> None:
        self.stash = stash
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        connection.prepare(receive, self.stash.clock.moment())
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        operation = operation_of(request.url.path, body)
        self.stash.stats.count(operation)
        again = connection.replayed(body, receive)
        exchange = Exchange(self.stash, self.app, scope, receive, again, send, operation)
        fault = self.stash.faults.take(operation)
        await (BEFALL[fault.kind](exchange, fault) if fault else exchange.run())


def operation_of(path: str, body: bytes) -> str:
    """Return what a request counts as: a GraphQL operation's name, `image`, or the last part of its path."""
    if path.rstrip("/") != "/graphql":
        leaf = path.rpartition("/")[2]
        return "image" if leaf in IMAGES else leaf or "root"
    try:
        asked = json.loads(body)
    except ValueError:
        return "unreadable"
    return operation_name(asked) if isinstance(asked, dict) else "unreadable"


async def _hold(exchange: Exchange, fault: Fault) -> None:
    """Answer when released; a request held `before` whose client has left is never executed."""
    if fault.options.get("when", "before") == "before":
        if await _released(exchange):
            await exchange.run()
        return
    messages = await exchange.executed()
    if await _released(exchange):
        for message in messages:
            await exchange.send(message)


async def _released(exchange: Exchange) -> bool:
    """Wait for the release; False if the client leaves first."""
    stats = exchange.stash.stats
    stats.held, stats.held_total = stats.held + 1, stats.held_total + 1
    released = asyncio.create_task(exchange.stash.released.wait())
    left = asyncio.create_task(connection.left(exchange.receive))
    try:
        await asyncio.wait((released, left), return_when=asyncio.FIRST_COMPLETED)
        return not left.done()
    finally:
        stats.held -= 1
        released.cancel()
        left.cancel()


async def _slow(exchange: Exchange, fault: Fault) -> None:
    await asyncio.sleep(float(fault.options.get("delay_ms", 1000)) / 1000)
    await exchange.run()


async def _truncated(exchange: Exchange, _fault: Fault) -> None:
    """Answer in full HTTP with the first half of the body."""
    start, *rest = await exchange.executed()
    body = b"".join(message.get("body", b"") for message in rest)
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    half = body[: len(body) // 2]
    await exchange.send({**start, "headers": [*headers, (b"content-length", str(len(half)).encode())]})
    await exchange.send({"type": "http.response.body", "body": half})


async def _cut(exchange: Exchange, _fault: Fault) -> None:
    """Promise the whole body and leave after the first half."""
    start, *rest = await exchange.executed()
    body = b"".join(message.get("body", b"") for message in rest)
    await exchange.send(start)
    await exchange.send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await connection.close(exchange.receive)


async def _down(exchange: Exchange, _fault: Fault) -> None:
    await connection.abort(exchange.receive)


async def _hang(exchange: Exchange, fault: Fault) -> None:
    """Say nothing for `for_s` seconds or until the client leaves, then close."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(float(fault.options.get("for_s", 3600))):
            await connection.left(exchange.receive)
            return
    await connection.abort(exchange.receive)


async def _locked(exchange: Exchange, _fault: Fault) -> None:
    error = {"message": "database is locked", "path": [exchange.operation]}
    await exchange.answer(Response(encode({"errors": [error], "data": None}), 200, media_type="application/json"))


async def _html(exchange: Exchange, _fault: Fault) -> None:
    await exchange.answer(HTMLResponse(PAGE))


async def _status(exchange: Exchange, fault: Fault) -> None:
    """Answer with an HTTP status; 401, 302 and 403 as Stash's own access check does."""
    status = STATUSES.get(fault.kind) or int(fault.options["status"])
    special: dict[int, Callable[[], Response]] = {
        401: access.unauthorized,
        302: lambda: access.to_login(Request(exchange.scope)),
        403: lambda: PlainTextResponse(access.TRIPPED, 403),
    }
    await exchange.answer(special[status]() if status in special else PlainTextResponse("simulated\n", status))


BEFALL: dict[str, Callable[[Exchange, Fault], Awaitable[None]]] = {
    "hold": _hold,
    "slow": _slow,
    "truncated": _truncated,
    "cut": _cut,
    "down": _down,
    "hang": _hang,
    "locked": _locked,
    "html": _html,
    "http": _status,
    **dict.fromkeys(STATUSES, _status),
}
