"""What of one connection's stream passes in one direction: the decisions, without any I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulators.proxy.packets import PUBACK, PUBLISH, Framer, Malformed

if TYPE_CHECKING:
    from simulators.proxy.armed import Way
    from simulators.proxy.packets import Piece


FIRST_BYTES: Final = (0x10, 0x20)


class Shaper:
    """Takes a stream piece by piece; one that begins like CONNECT or CONNACK is MQTT, whose packets it tells apart."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._framer: Framer | None = None
        self._begun = False
        self._keep = 0
        self._cut_after = False

    def shape(self, data: bytes) -> tuple[bytes, bool]:
        """Return what of `data` passes, and whether the connection is reset after it."""
        if not self._begun:
            self._begun = True
            self._framer = Framer() if data[0] in FIRST_BYTES else None
        passing, cut = self._packets(self._framer, data) if self._framer else (data, False)
        if self._way.cut is None:
            return passing, cut
        budget = self._way.left["cut"]
        self._way.left["cut"] -= len(passing)
        if len(passing) < budget:
            return passing, cut
        self._way.struck("cut")
        return passing[:budget], True

    def _packets(self, framer: Framer, data: bytes) -> tuple[bytes, bool]:
        passing = bytearray()
        try:
            for piece in framer.feed(data):
                if piece.offset == 0:
                    self._judge(piece)
                passing += piece.data[: max(0, self._keep - piece.offset)]
                if self._cut_after and piece.offset + len(piece.data) >= min(self._keep + 1, piece.size):
                    return bytes(passing), True
        except Malformed:
            return bytes(passing), True
        return bytes(passing), False

    def _judge(self, piece: Piece) -> None:
        """Decide at a packet's first byte how much of it passes, and whether that is the end."""
        self._keep, self._cut_after = piece.size, False
        way = self._way
        if piece.kind == PUBACK and way.lose_puback:
            self._keep, self._cut_after = 0, way.lose_puback.cut
            way.left["lose_puback"] -= 1
            way.struck("lose_puback")
        elif piece.kind == PUBLISH and way.cut_in_publish:
            way.left["cut_in_publish"] -= 1
            if not way.left["cut_in_publish"]:
                self._keep = min(way.cut_in_publish.keep_bytes or piece.size // 2, piece.size - 1)
                self._cut_after = True
                way.struck("cut_in_publish")
