"""Puts scenes on the bus, one at a time and each with the next stamp, and remembers what the broker has confirmed.

What was confirmed last is how an audit tells whether the broker forgot anything (see `audit`): a broker that comes back
with an older state has lost the newest of it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Literal

import msgspec

from common import messages
from common.bus import TooLarge
from common.errors import Undecodable
from common.service import Undecoded
from services.stash_watcher.changes import Book, Stamps, digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.bus import Bus
    from common.messages import Scene
    from common.table import Table
    from services.stash_watcher.changes import Verdict

CUTS = ((), ("markers",), ("markers", "urls"), ("markers", "urls", "details"))
EMPTIES: dict[str, object] = {"markers": (), "urls": (), "details": ""}
KEPT_MARKS = 100


class Publisher:
    """The only place that writes to the table; `book` and `stamps` always include what was handed to the bus.

    `skipped` counts scenes that are too large for the broker. What the bus refuses is raised by whatever comes next.
    """

    def __init__(self, table: Table, bus: Bus) -> None:
        self.book = Book()
        self.stamps = Stamps()
        self.skipped = Undecoded()
        self.published = 0
        self.removed = 0
        self.last_at = 0.0
        self._changed_at: float | None = None
        self._marks: dict[str, int | None] = {}
        self._unconfirmed: deque[tuple[str, int | None, asyncio.Future[None]]] = deque()
        self._table = table
        self._bus = bus
        self._last: asyncio.Future[None] | None = None
        # a stamp, the book and the place in the bus's queue must agree on the order of publications
        self._one = asyncio.Lock()

    @property
    def marks(self) -> dict[str, int | None]:
        """Topics with hashes of what the broker confirmed last, None for a removal."""
        self._take_confirmed()
        return self._marks

    @property
    def last_change(self) -> str:
        """When something was published or removed last, or an empty text."""
        if self._changed_at is None:
            return ""
        return (
            dt.datetime.fromtimestamp(self._changed_at, dt.UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )

    async def observe(self, render: Callable[[], Scene], began: float) -> Verdict | Literal["skipped"]:
        """Publish a scene as observed by a request that began then, if that is news; rendered when its turn comes."""
        async with self._one:
            scene = render()
            verdict = self.book.judge(scene, began)
            if verdict == "publish" and not await self._publish(scene):
                return "skipped"
            return verdict

    async def remove(self, scene_id: int) -> None:
        """Clear a scene's topic, if it has one; either way, observations older than this no longer count."""
        async with self._one:
            confirmed = await self._table.delete(scene_id) if scene_id in self.book.entries else None
            self.book.removed(scene_id, time.monotonic())
            if confirmed is not None:
                self._sent(self._table.topic(scene_id), None, confirmed)
                self.removed += 1

    async def settled(self) -> None:
        """Wait until the broker has confirmed everything handed over so far; it confirms in order."""
        if self._last is not None:
            await asyncio.wait((self._last,))
        self._take_confirmed()

    def confirm(self, topic: str, payload: bytes | None) -> None:
        """Take note that the broker has this on a topic and, before it, everything confirmed so far."""
        self._take_confirmed()
        self._marks = {topic: None if payload is None else hash(payload)}

    async def _publish(self, scene: Scene) -> bool:
        """Hand a scene to the bus, cut as far as the broker's largest packet demands; False if that is not enough.

        `rev` stays that of the whole scene, so that a cut one is not taken for changed the next time.
        """
        if not self._bus.connected:
            # the largest packet is only known while connected
            await self._bus.wait_connected()
        stamp = self.stamps.next
        whole = msgspec.structs.replace(scene, epoch=stamp.epoch, seq=stamp.seq)
        for cut in CUTS:
            kept = msgspec.structs.replace(whole, cut=cut, **{name: EMPTIES[name] for name in cut}) if cut else whole
            payload = messages.encode(kept)
            try:
                confirmed = await self._table.put(scene.id, payload)
            except TooLarge as error:
                refused = error
                continue
            self.stamps.saw(stamp)
            self.book.published(kept, time.monotonic())
            self._sent(self._table.topic(scene.id), payload, confirmed)
            self.published += 1
            return True
        self.skipped.add(self._table.topic(scene.id), Undecodable(f"too large for the broker: {refused}"))
        self.book.set_aside(scene.id, digest(scene.updated_at))
        return False

    def _sent(self, topic: str, payload: bytes | None, confirmed: asyncio.Future[None]) -> None:
        """Remember it for the audit; whether the broker confirmed it is looked at with the next one."""
        self._unconfirmed.append((topic, None if payload is None else hash(payload), confirmed))
        self._take_confirmed()
        self._last = confirmed
        self.last_at = time.monotonic()
        self._changed_at = time.time()

    def _take_confirmed(self) -> None:
        """Keep the info, which is the first, and the newest of the rest: what is lost, is lost from the end.

        The broker confirms in order; a refusal ends the process with its reason.
        """
        while self._unconfirmed and self._unconfirmed[0][2].done():
            topic, mark, confirmed = self._unconfirmed.popleft()
            if confirmed.cancelled():
                continue
            confirmed.result()
            self._marks.pop(topic, None)
            self._marks[topic] = mark
            if len(self._marks) > KEPT_MARKS:
                del self._marks[next(islice(self._marks, 1, None))]
