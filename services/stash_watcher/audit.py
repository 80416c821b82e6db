"""Whether the broker still has what we published, and what exactly it lacks.

A broker that crashed comes back empty or with an older state; Mosquitto 2.0.11 writes its database every half hour by
default. What it forgot is always the newest, so the last confirmed publications tell whether the rest has to be read.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from services.stash_watcher.changes import plan_fetch
from services.stash_watcher.loss import Loss, correct, is_known
from services.stash_watcher.rows import read_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.messages import Stamp
    from common.service import Undecoded
    from common.table import Reader, Table
    from services.stash_watcher.changes import Book
    from services.stash_watcher.parts import Parts
    from services.stash_watcher.walker import Walker

log = structlog.get_logger("audit")


class Auditor:
    """Runs the audits that reconnects call for; `pending` until the broker is known to have everything again.

    `untold` after a loss, which may be of nothing but what the watcher told about itself.
    """

    def __init__(self, parts: Parts, walker: Walker) -> None:
        self.pending = False
        self.untold = False
        self._parts = parts
        self._walker = walker
        self._marks: dict[str, int | None] = {}
        self._again = False

    def reconnected(self) -> None:
        """Note what the broker should have, before anything is confirmed over the new connection."""
        if not self.pending:
            self._marks = dict(self._parts.publisher.marks)
        self.pending = self._again = self._parts.work.audit = True
        self._parts.wake_bulk.set()

    async def run(self) -> None:
        """Find out what the broker lacks and have it published again; raises Unavailable when the broker goes away."""
        parts, self._again = self._parts, False
        if await is_behind(parts.service.reader, self._marks):
            self.untold = True
            await parts.publisher.settled()
            with parts.desk.question() as began:
                loss = await find_loss(parts.table, parts.publisher.book, parts.service.undecoded, began)
            if loss.ids:
                self._repair(loss)
        self.pending = parts.work.audit = self._again

    def _repair(self, loss: Loss) -> None:
        """Begin a new epoch, so that nothing published from here on can be taken for old news, and fetch it all."""
        parts, book = self._parts, self._parts.publisher.book
        log.warning(
            "broker_forgot",
            missing=len(loss.missing),
            different=len(loss.different),
            extra=len(loss.extra),
            effect="it is fetched from Stash and published again",
        )
        parts.publisher.stamps.renew(time.time_ns() // 1_000_000)
        parts.desk.extra.update(loss.extra)
        plan = plan_fetch(loss.ids, sorted({*book.entries, *loss.ids}))
        parts.work.fetch(plan.ids)
        # what is missing has not gone: nobody may take it for absent before it is there again
        parts.loading = parts.loading or bool(loss.missing)
        if plan.after is not None:
            self._walker.start_load(plan.after)


async def is_behind(reader: Reader, marks: Mapping[str, int | None]) -> bool:
    """Say whether the broker lacks any of what it confirmed last."""
    found = await reader.read(list(marks))
    return any((hash(found[topic]) if topic in found else None) != mark for topic, mark in marks.items())


async def find_loss(table: Table, book: Book, undecoded: Undecoded, began: float) -> Loss:
    """Read the whole table back, and make the book true to it.

    Rows that were published since `began` are judged by memory. A row that the load leaves out is asked for by its own
    topic before it counts as missing, since a broker with low limits truncates a load in silence.
    """
    rows: dict[int, Stamp | None] = {}
    seen: set[int] = set()

    def on_row(key: int, payload: bytes) -> None:
        seen.add(key)
        rows.pop(key, None)
        if not payload:
            seen.discard(key)
        elif not is_known(book, key, payload):
            scene = read_row(table, key, payload, undecoded)
            rows[key] = scene.stamp if scene else None

    await table.load(on_row)
    absent = [key for key in book.entries if key not in seen]
    for key, payload in (await table.read(absent)).items():
        on_row(key, payload)
    return correct(book, [key for key in absent if key not in seen], rows, began)
