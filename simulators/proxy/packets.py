"""Where MQTT control packets begin and end in a stream: fixed header and remaining length, nothing else of MQTT.

The fixed header is one byte, packet type in its upper half, and the remaining length in one to four bytes of seven bits
each, least significant first, the eighth bit set on all but the last (MQTT 5.0, sections 2.1 and 1.5.5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT: Final = 1
PUBLISH: Final = 3
PUBACK: Final = 4
HEADER_LIMIT: Final = 5


class Malformed(ValueError):
    """A remaining length of more than four bytes: this is no MQTT."""


class Piece(NamedTuple):
    """Some bytes of one packet: its type, its size with the header, and where in it these bytes stand."""

    kind: int
    size: int
    offset: int
    data: bytes


class Framer:
    """Cuts a stream at the borders of packets; it holds back an unfinished fixed header, never a payload."""

    def __init__(self) -> None:
        self._header = b""
        self._kind = self._size = self._offset = 0

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Yield the pieces of packets that `data` completes, in order; raises Malformed."""
        rest = self._header + data
        self._header = b""
        while rest:
            if self._offset == self._size and not self._begin(rest):
                self._header = rest
                return
            taken, rest = rest[: self._size - self._offset], rest[self._size - self._offset :]
            yield Piece(self._kind, self._size, self._offset, taken)
            self._offset += len(taken)

    def _begin(self, data: bytes) -> bool:
        """Read the fixed header at the start of `data`; tell whether it is whole."""
        length = 0
        for place, byte in enumerate(data[1:HEADER_LIMIT]):
            length |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                self._kind, self._size, self._offset = data[0] >> 4, place + 2 + length, 0
                return True
        if len(data) >= HEADER_LIMIT:
            raise Malformed(data[:HEADER_LIMIT].hex())
        return False
