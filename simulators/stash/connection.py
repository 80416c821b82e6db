"""What ASGI has no message for: cutting a TCP connection, and a `Date` header by the simulated clock.

Both are taken from uvicorn's request cycle, which is what the server's own `receive` is bound to.
"""

from __future__ import annotations

import socket
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.types import Message, Receive


def _cycle(receive: Receive) -> Any:
    return receive.__self__  # type: ignore[attr-defined] # a bound method, see above


async def left(receive: Receive) -> None:
    """Return when the client has closed its connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def abort(receive: Receive) -> None:
    """Close the connection at once, without an answer."""
    _cycle(receive).transport.abort()
    await left(receive)


async def close(receive: Receive) -> None:
    """Close the connection after what was written has gone out."""
    _cycle(receive).transport.close()
    await left(receive)


def prepare(receive: Receive, moment: datetime) -> None:
    """Let the answer's `Date` header say `moment`, which is in UTC, and let each of its parts go out at once.

    Without the latter, a connection from a listening socket that was made elsewhere waits 40 ms for acknowledgements.
    """
    cycle = _cycle(receive)
    cycle.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    others = [(name, value) for name, value in cycle.default_headers if name != b"date"]
    cycle.default_headers = [(b"date", format_datetime(moment, usegmt=True).encode()), *others]


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body that was read once more, and then what is to come."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay
