"""Our own retained table: one outcome a scene, held in memory as JSON and kept equal to the broker's copy.

An outcome is only ever replaced by one derived from it, so nothing may be planned before `load` has returned.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from common import messages
from common.errors import Undecodable
from common.messages import Outcome, Stamp
from common.tally import differing
from services.plex_writer import settle
from services.plex_writer.match import STRENGTH, Claim

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from common.messages import ImageOutcome
    from common.service import Undecoded
    from common.table import Table
    from common.tally import Counted, Loaded

LEFT = 1_000
LATEST = 250


class Outcomes:
    """Outcomes by scene id, with counts by state and the owner of every Plex item.

    `latest` are, after the load, the scenes that an earlier process wrote last, up to 250.
    """

    def __init__(self, table: Table, undecoded: Undecoded) -> None:
        self.stamp = Stamp(0, 0)
        self.states: Counter[str] = Counter()
        self.latest: list[int] = []
        self._table = table
        self._undecoded = undecoded
        self._rows: dict[int, bytes] = {}
        self._state_of: dict[int, str] = {}
        self._owners: dict[str, int] = {}
        self._left: dict[str, Outcome] = {}
        self._touched: set[int] | None = None
        self._complete = False
        self._unreadable: set[int] = set()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, scene_id: int) -> bool:
        return scene_id in self._rows

    def __iter__(self) -> Iterator[int]:
        return iter(list(self._rows))

    def get(self, scene_id: int) -> Outcome | None:
        """Return a scene's outcome, or None when there is none that can be read."""
        row = self._rows.get(scene_id)
        return None if row is None else self._read(scene_id, row)

    def is_unreadable(self, scene_id: int) -> bool:
        """Tell whether the broker has an outcome that can't be read; replacing it would forget what is ours."""
        return scene_id in self._unreadable

    def stamps(self, scene_ids: Iterable[int]) -> Iterator[tuple[int, Stamp]]:
        """Return (scene, the stamp of it that was handled) for those of these that have an outcome."""
        for scene_id in scene_ids:
            outcome = self.get(scene_id)
            if outcome is not None:
                yield scene_id, outcome.stamp

    def owner(self, rating_key: str) -> int | None:
        """Return the scene that writes this item."""
        return self._owners.get(rating_key)

    def seen(self, rating_key: str) -> int:
        """Return the item's updatedAt when its owner read it last, 0 when nobody did."""
        owner = self._owners.get(rating_key)
        outcome = None if owner is None else self.get(owner)
        return 0 if outcome is None else outcome.items[rating_key].seen

    def last_writer(self, rating_key: str) -> Outcome | None:
        """Return the outcome that tells what we wrote to an item: its owner's, or that of a scene gone lately."""
        owner = self._owners.get(rating_key)
        return self._left.get(rating_key) if owner is None else self.get(owner)

    def claim(self, rating_key: str, *, besides: int) -> Claim | None:
        """Return the claim of the other scene that writes this item, if there is one."""
        owner = self._owners.get(rating_key)
        other = None if owner is None or owner == besides else self.get(owner)
        return None if other is None else Claim(STRENGTH[other.items[rating_key].found], other.stamp, other.id)

    def owned(self) -> Iterator[tuple[str, int]]:
        """Return every (rating key, scene) that an outcome tells of."""
        return iter(list(self._owners.items()))

    async def put(self, outcome: Outcome) -> asyncio.Future[None]:
        """Keep and publish an outcome; the future ends with the broker's acknowledgement.

        Its images and its pin stay those of the newest outcome of the same scene, which `amend` changes; what it knows
        of pictures of items that are new to the scene is kept.
        """
        before = self.get(outcome.id)
        if before is not None and before.born == outcome.born:
            images = {**_of_items(outcome), **before.images}
            outcome = msgspec.structs.replace(outcome, images=images, pinned=before.pinned)
        return await self._put(outcome)

    async def amend(self, scene_id: int, **changes: object) -> asyncio.Future[None] | None:
        """Change single fields of a scene's newest outcome, beside the lane; None when there is none."""
        before = self.get(scene_id)
        return None if before is None else await self._put(msgspec.structs.replace(before, **changes))

    async def _put(self, outcome: Outcome) -> asyncio.Future[None]:
        row = messages.encode(outcome)
        self._remember(outcome, row)
        self._next_stamp(outcome.id)
        return await self._table.put(outcome.id, row)

    async def clear(self, scene_id: int) -> asyncio.Future[None] | None:
        """Forget the outcome of a scene that is gone; the Plex item stays as it is."""
        if scene_id not in self._rows and scene_id not in self._unreadable:
            return None
        self._leave(self.get(scene_id))
        self._forget(scene_id)
        self._unreadable.discard(scene_id)
        self._next_stamp(scene_id)
        return await self._table.delete(scene_id)

    async def load(self, counted: Callable[[], Awaitable[Counted | None]]) -> Loaded:
        """Read the table from the broker, at start; the next epoch is above every stamp seen."""
        rows: dict[int, bytes] = {}

        def begin() -> Callable[[int, bytes], None]:
            rows.clear()
            return lambda key, payload: _set(rows, key, payload)

        loaded = await self._table.load_counted(begin, counted)
        self.latest = [scene_id for _, scene_id in heapq.nlargest(LATEST, self._remembered(rows))]
        self._complete = loaded.verdict == "complete"
        told = loaded.counted.stamp if loaded.counted else Stamp(0, 0)
        self.stamp = Stamp(max(told.epoch + 1, time.time_ns() // 1_000_000), 0)
        return loaded

    async def ensure(self, scene_ids: Iterable[int]) -> None:
        """Read outcomes by key that the load may have missed, since a broker that truncates still has them."""
        missing = [] if self._complete else [scene_id for scene_id in scene_ids if scene_id not in self._rows]
        if missing:
            self._take_up(await self._table.read(missing))

    async def audit(self) -> int:
        """Read the broker's copy back and put right what differs; rows put meanwhile are judged by memory.

        Returns how many rows were wrong. Clearing extra rows is safe: this prefix is ours alone. But where the load at
        start was not complete, they are rows that it left out, which tell what is ours.
        """
        found: dict[int, bytes] = {}
        self._touched = set()
        try:
            await self._table.load(lambda key, payload: _set(found, key, payload))
            touched = self._touched
        finally:
            self._touched = None
        if not self._complete:
            self._take_up({key: row for key, row in found.items() if key not in touched})
        wrong = differing(found, self._rows, touched | self._unreadable)
        if wrong:
            self.stamp = Stamp(max(self.stamp.epoch + 1, time.time_ns() // 1_000_000), self.stamp.seq)
        for key in wrong:
            row = self._rows.get(key)
            await (self._table.put(key, row) if row is not None else self._table.delete(key))
        return len(wrong)

    def _remembered(self, rows: Mapping[int, bytes]) -> Iterator[tuple[str, int]]:
        """Remember all rows; yield when each was handled, and its scene, if there is something in Plex."""
        for scene_id, row in rows.items():
            outcome = self._read(scene_id, row)
            if outcome is not None:
                self._remember(outcome, row)
                if settle.owned(outcome):
                    yield outcome.at, scene_id

    def _take_up(self, rows: Mapping[int, bytes]) -> None:
        """Remember rows of the broker that we do not know yet."""
        for scene_id, row in rows.items():
            outcome = None if scene_id in self._rows else self._read(scene_id, row)
            if outcome is not None:
                self._remember(outcome, row)

    def _read(self, scene_id: int, row: bytes) -> Outcome | None:
        try:
            return messages.decode(Outcome, row)
        except Undecodable as error:
            self._undecoded.add(self._table.topic(scene_id), error)
            self._unreadable.add(scene_id)
            return None

    def _next_stamp(self, scene_id: int) -> None:
        self.stamp = Stamp(self.stamp.epoch, self.stamp.seq + 1)
        if self._touched is not None:
            self._touched.add(scene_id)

    def _leave(self, outcome: Outcome | None) -> None:
        """Keep what was written to the items of a scene that is gone, for the scene that has their files next."""
        for rating_key in outcome.items if outcome else ():
            self._left.pop(rating_key, None)
            self._left[rating_key] = outcome  # type: ignore[assignment] # there is one, or there are no keys
        while len(self._left) > LEFT:
            del self._left[next(iter(self._left))]

    def _remember(self, outcome: Outcome, row: bytes) -> None:
        self._forget(outcome.id)
        self._unreadable.discard(outcome.id)
        self._rows[outcome.id] = row
        self._state_of[outcome.id] = outcome.state
        self.states[outcome.state] += 1
        for rating_key in settle.owned(outcome):
            self._owners[rating_key] = outcome.id
            self._left.pop(rating_key, None)

    def _forget(self, scene_id: int) -> None:
        row = self._rows.pop(scene_id, None)
        if row is None:
            return
        self.states[self._state_of.pop(scene_id)] -= 1
        before = self._read(scene_id, row)
        for rating_key in before.items if before else ():
            if self._owners.get(rating_key) == scene_id:
                del self._owners[rating_key]


def _of_items(outcome: Outcome) -> dict[str, ImageOutcome]:
    return {key: image for key, image in outcome.images.items() if key.partition("/")[2] in outcome.items}


def _set(rows: dict[int, bytes], key: int, payload: bytes) -> None:
    if payload:
        rows[key] = payload
    else:
        rows.pop(key, None)
