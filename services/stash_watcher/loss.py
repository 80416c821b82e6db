"""What an audit finds that the broker lost, and how the book is made true to it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from common.errors import Undecodable
from common.messages import Scene, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.messages import Stamp
    from services.stash_watcher.changes import Book


class Loss(NamedTuple):
    """What an audit found: rows that the broker lacks, has differently, or has too many."""

    missing: list[int]
    different: list[int]
    extra: list[int]

    @property
    def ids(self) -> list[int]:
        """Every scene concerned."""
        return sorted({*self.missing, *self.different, *self.extra})


def correct(book: Book, absent: list[int], rows: Mapping[int, Stamp | None], began: float) -> Loss:
    """Make the book true to what was read back since `began`, and return what has to be published again or cleared.

    `absent` are known keys that the broker has not, `rows` what it has otherwise than the book, by stamp.
    """
    loss = Loss([], [], [])
    for key in absent:
        if not book.touched(key, began):
            book.drop(key)
            loss.missing.append(key)
    for key, stamp in rows.items():
        # one that Stash said it has not was never cleared if the book did not know that the broker has it
        if key not in book.entries or not book.touched(key, began):
            (loss.different if key in book.entries else loss.extra).append(key)
            book.distrust(key, stamp)
    return loss


def is_known(book: Book, key: int, payload: bytes) -> bool:
    """Compare stamps; nobody else writes here, so the same stamp is the same content."""
    entry = book.entries.get(key)
    try:
        return entry is not None and decode(Scene, payload).stamp == entry.stamp
    except Undecodable:
        return False
