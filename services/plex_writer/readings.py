"""What items showed when they were read last, and which of our writes may hide an edit by somebody else. Pure.

Plex's updatedAt has whole seconds. Who edits an item within the second of our own write, after it was read back, moves
nothing that a listing shows: unless Plex's events told of it, only another read does, once that second is over.
Times are of a monotonic clock. Bounded: of the oldest nothing is known, which costs a look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.plex_writer.plan import Current

T = TypeVar("T")

REMEMBERED = 10_000
SECOND = 1.0
LOOKED_AT = 60.0

_encoder = msgspec.json.Encoder(order="deterministic")


class _Reading(NamedTuple):
    began: float
    digest: int


class Readings:
    """By rating key, of the newest 10,000: what handling its scene read, and when we wrote last."""

    def __init__(self) -> None:
        self._read: dict[str, _Reading] = {}
        self._written: dict[str, float] = {}

    def read(self, items: Iterable[Current], began: float) -> None:
        """Note items that were read in full, by a request that began then, to be brought to what is wanted."""
        for item in items:
            _put(self._read, item.rating_key, _Reading(began, _digest(item)))
            self.looked_at([item.rating_key], began)

    def wrote(self, rating_key: str, answered: float) -> None:
        """Note that a write of ours was answered then."""
        _put(self._written, rating_key, answered)

    def looked_at(self, rating_keys: Iterable[str], began: float) -> None:
        """Note that items were read, by whomever: what happened within the second of a write is seen if it was over."""
        for rating_key in rating_keys:
            if self._written.get(rating_key, began) + SECOND <= began:
                del self._written[rating_key]

    def read_since(self, rating_key: str, moment: float) -> bool:
        """Tell whether an item was read after that moment; what was told of it before is known then."""
        reading = self._read.get(rating_key)
        return reading is not None and reading.began > moment

    def is_as_read(self, item: Current) -> bool:
        """Tell whether an item shows what it showed when its scene was handled."""
        reading = self._read.get(item.rating_key)
        return reading is not None and reading.digest == _digest(item)

    def hiding(self, heard_since: float, now: float) -> list[str]:
        """Return the items to be read again: written by us before all that happens to items was heard of.

        Those of which it was, and has been looked at by now, are forgotten; those whose second is not over come later.
        """
        self._written = {key: at for key, at in self._written.items() if at < heard_since or at + LOOKED_AT > now}
        return [key for key, at in self._written.items() if at < heard_since and at + SECOND <= now]


def _digest(item: Current) -> int:
    return hash(_encoder.encode(item))


def _put(table: dict[str, T], rating_key: str, value: T) -> None:
    """Put a value last; more than are remembered push out the first."""
    table.pop(rating_key, None)
    table[rating_key] = value
    while len(table) > REMEMBERED:
        del table[next(iter(table))]
