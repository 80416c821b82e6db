"""The TCP connections below the server, so that one can be cut as a crash or a network would cut it."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

Address = tuple[str, int]


class Connections:
    """All open connections by the client's address, which is how ASGI names them."""

    def __init__(self) -> None:
        self._open: WeakValueDictionary[Address, asyncio.Transport] = WeakValueDictionary()

    def opened(self, transport: asyncio.Transport) -> None:
        """Remember a connection for as long as it exists."""
        self._open[address_of(transport.get_extra_info("peername"))] = transport

    async def cut(self, scope: Mapping[str, Any], *, reset: bool = False) -> None:
        """Close the connection of a request without a word; with `reset` the client sees ECONNRESET."""
        transport = self._open.get(address_of(scope["client"]))
        if transport is None:
            return
        if reset:
            _linger_off(transport.get_extra_info("socket"))
        transport.abort()
        await asyncio.sleep(0)

    def cut_all(self, besides: Mapping[str, Any]) -> None:
        """Close every connection but the one of this request."""
        kept = address_of(besides["client"])
        for address, transport in list(self._open.items()):
            if address != kept:
                transport.abort()

    def protocol(self) -> type[asyncio.Protocol]:
        """Return uvicorn's HTTP protocol that reports its connections here."""
        opened = self.opened

        class Reporting(H11Protocol):
            def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
                opened(transport)
                super().connection_made(transport)

        return Reporting


def address_of(found: Any) -> Address:
    """Return host and port of a peer."""
    return (str(found[0]), int(found[1]))


def _linger_off(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
