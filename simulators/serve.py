"""How every simulator is served: its own process, a free port unless told otherwise, one JSON line when ready."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from starlette.applications import Starlette


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Connections inherit TCP_NODELAY; without it every small answer on a kept connection waits 40 ms for an
    acknowledgement, and asyncio does not set it on sockets that it did not make.
    """
    sock = socket.create_server((host, port), backlog=512)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def announce(**facts: object) -> None:
    """Print the one line that tells whoever started us where we are."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def serve(app: Starlette, *, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve `app` until SIGTERM or SIGINT; prints `{"url": "http://host:port"}` once it listens."""
    sock = listen(host, port)
    announce(url=f"http://{host}:{sock.getsockname()[1]}")
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="auto", timeout_graceful_shutdown=2)
    asyncio.run(uvicorn.Server(config).serve(sockets=[sock]))
