"""One HTTP connection: how many there may be, how long a head may take and grow, and how an answer leaves."""

from __future__ import annotations

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

CONNECTIONS: Final = 256
HEAD_WITHIN: Final = 30.0
HEAD_LIMIT: Final = 64 * 1024


class _Joined(asyncio.Transport):
    """A transport that sends what is written in one turn of the event loop in one piece.

    uvicorn writes the head of an answer and its body apart, and uvloop sends each at once, so that whoever waits wakes
    up twice, which takes a sixth of the time of an answer.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._pieces: list[bytes] = []
        self._soon = asyncio.get_running_loop().call_soon

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._pieces:
            self._soon(self._flush)
        self._pieces.append(bytes(data))

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def get_extra_info(self, name: str, default: object = None) -> object:
        return self._transport.get_extra_info(name, default)

    def _flush(self) -> None:
        if self._pieces and not self._transport.is_closing():
            self._transport.writelines(self._pieces)
        self._pieces.clear()


class Connection(HttpToolsProtocol):
    """A connection that is one of a bounded number, and whose requests begin with a bounded head within 30 seconds.

    uvicorn itself keeps silent connections for ever, until the process has no descriptors left, and with httptools,
    which is four times as fast as h11, it takes headers without end. A timer runs only where a head has not come whole.
    """

    _patience: asyncio.TimerHandle | None = None
    _in_head = False
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        """Take one more connection in, unless there are too many."""
        super().connection_made(_Joined(transport))
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self._in_head = True
            self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for no head any more."""
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came, and end a connection whose head is too large."""
        self._head += len(data)
        super().data_received(data)
        if not self._in_head:
            return
        if self._head > HEAD_LIMIT:
            self.transport.abort()
        else:
            self._be_patient()

    def on_message_begin(self) -> None:
        """Begin to wait for a head."""
        super().on_message_begin()
        if not self._in_head:
            self._in_head = True
            self._head = 0

    def on_headers_complete(self) -> None:
        """End the wait for a head."""
        self._have_head()
        super().on_headers_complete()

    def _be_patient(self) -> None:
        if self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(HEAD_WITHIN, self.transport.close)

    def _have_head(self) -> None:
        self._in_head = False
        self._head = 0
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
