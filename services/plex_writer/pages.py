"""Many rows, kept small: 100 a block, compressed, so that a report of 50,000 fits in a few MB. Pure."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import msgspec

from common.messages import Gap

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK = 100

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Gap]).decode


class Pages:
    """The rows of one kind, in their order; holds nothing but compressed blocks."""

    def __init__(self, rows: Iterable[Gap] = ()) -> None:
        self._blocks: list[bytes] = []
        self._rows = 0
        block: list[Gap] = []
        for row in rows:
            block.append(row)
            if len(block) == BLOCK:
                self._close(block)
                block = []
        if block:
            self._close(block)

    def __len__(self) -> int:
        return self._rows

    def page(self, offset: int, limit: int) -> list[Gap]:
        """Return up to `limit` rows from `offset` on."""
        first, last = offset // BLOCK, (offset + limit - 1) // BLOCK
        rows = [row for block in self._blocks[first : last + 1] for row in _decode(zlib.decompress(block))]
        return rows[offset - first * BLOCK :][:limit]

    def _close(self, block: list[Gap]) -> None:
        self._blocks.append(zlib.compress(_encode(block), 1))
        self._rows += len(block)
