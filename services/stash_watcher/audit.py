"""Whether the broker still has what we published, and what exactly it lacks.

A broker that crashed comes back empty or with an older state; Mosquitto 2.0.11 writes its database every half hour by
default. What it forgot is always the newest, so the last confirmed publications tell whether the rest has to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import structlog

from common.errors import Undecodable
from common.messages import Scene, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.messages import Stamp
    from common.service import Undecoded
    from common.table import Reader, Table
    from services.stash_watcher.changes import Book

log = structlog.get_logger("audit")


class Loss(NamedTuple):
    """What an audit found: rows that the broker lacks, has differently, or has too many."""

    missing: list[int]
    different: list[int]
    extra: list[int]

    @property
    def ids(self) -> list[int]:
        """Every scene concerned."""
        return sorted({*self.missing, *self.different, *self.extra})


async def is_behind(reader: Reader, marks: Mapping[str, int | None]) -> bool:
    """Say whether the broker lacks any of what it confirmed last."""
    found = await reader.read(list(marks))
    return any((hash(found[topic]) if topic in found else None) != mark for topic, mark in marks.items())


async def find_loss(table: Table, book: Book, undecoded: Undecoded, began: float) -> Loss:
    """Read the whole table back, and make the book true to it.

    Rows that were touched since `began` are judged by memory. A row that the load leaves out is asked for by its own
    topic before it counts as missing, since a broker with low limits truncates a load in silence.
    """
    rows: dict[int, Stamp | None] = {}
    seen: set[int] = set()

    def on_row(key: int, payload: bytes) -> None:
        seen.add(key)
        rows.pop(key, None)
        if not payload:
            seen.discard(key)
        elif not _is_known(book, key, payload):
            scene = read_row(table, key, payload, undecoded)
            rows[key] = scene.stamp if scene else None

    await table.load(on_row)
    absent = [key for key in book.entries if key not in seen]
    for key, payload in (await table.read(absent)).items():
        on_row(key, payload)
    return _correct(book, [key for key in absent if key not in seen], rows, began)


def _correct(book: Book, absent: list[int], rows: Mapping[int, Stamp | None], began: float) -> Loss:
    loss = Loss([], [], [])
    for key in absent:
        if not book.touched(key, began):
            del book.entries[key]
            loss.missing.append(key)
    for key, stamp in rows.items():
        if not book.touched(key, began):
            (loss.different if key in book.entries else loss.extra).append(key)
            book.distrust(key, stamp)
    return loss


def read_row(table: Table, key: int, payload: bytes, undecoded: Undecoded) -> Scene | None:
    """Return a row of the table, or None for one that is not ours to understand, which is counted."""
    try:
        scene = decode(Scene, payload)
    except Undecodable as error:
        undecoded.add(table.topic(key), error)
        return None
    if scene.id != key:
        undecoded.add(table.topic(key), Undecodable(f"it says that it is scene {scene.id}"))
        return None
    return scene


def _is_known(book: Book, key: int, payload: bytes) -> bool:
    """Compare stamps; nobody else writes here, so the same stamp is the same content."""
    entry = book.entries.get(key)
    try:
        return entry is not None and decode(Scene, payload).stamp == entry.stamp
    except Undecodable:
        return False
