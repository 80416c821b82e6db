"""The HTTP server inside the service's event loop: its port, its log lines, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from typing import TYPE_CHECKING, Final

import structlog
import uvicorn

from common.errors import Misconfigured
from services.provider.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp

BACKLOG: Final = 100
DRAIN: Final = 4

log = structlog.get_logger("http")


class _Server(uvicorn.Server):
    """A server that leaves signals to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _LogLines(logging.Handler):
    """Hands the server's log lines to the service's log."""

    def emit(self, record: logging.LogRecord) -> None:
        log.log(record.levelno, "http_server", what=record.getMessage(), exc_info=record.exc_info)


def listen(port: int) -> socket.socket:
    """Return a socket that listens on all addresses of this machine. Raises Misconfigured."""
    # asyncio turns Nagle's algorithm off only where the protocol is named; an answer takes 44 ms otherwise
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("0.0.0.0", port))  # noqa: S104 - Plex asks from another host
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        why = "something else listens there" if error.errno == errno.EADDRINUSE else str(error)
        raise Misconfigured(
            [f"S2P_PROVIDER_PORT is {port}, which cannot be used: {why}. Stop that, or choose another port."]
        ) from error
    return sock


async def serve(app: ASGIApp, sock: socket.socket, stop: asyncio.Event) -> None:
    """Answer on `sock` until `stop` is set, then give answers under way 4 seconds."""
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=DRAIN,
    )
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [_LogLines(logging.WARNING)], False
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        serving.cancel()
