"""Where observations of both lanes arrive: what is news is published, what is stale is asked for again.

So is what was fresh: Stash's updated_at has whole seconds, so a second edit within the same one moves nothing that any
listing shows. A scene that is published within a minute of its updated_at is fetched once more when that is over, with
all others that are due in the same second.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.stash_watcher.changes import digest
from services.stash_watcher.render import joined, needs_of
from services.stash_watcher.watermark import is_fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from common.service import Undecoded
    from services.stash_watcher.entities import Entities
    from services.stash_watcher.library import Library
    from services.stash_watcher.link import Link
    from services.stash_watcher.observed import Garbled, Scenes
    from services.stash_watcher.publisher import Publisher
    from services.stash_watcher.render import Draft

FEW = 20
SECOND_LOOK = 3.0
ROUNDS = 3


class Desk:
    """Applies answers.

    `asks` are the ids to fetch next, `asked` is set when there are new ones. `removals` counts what went since the last
    whole listing. `extra` are rows that only a broker which forgot their removal still has. `on_changed` is called with
    the links of entities that turn out to have changed.
    """

    def __init__(
        self, publisher: Publisher, link: Link, library: Library, entities: Entities, undecoded: Undecoded
    ) -> None:
        self.asks: dict[int, None] = {}
        self.asked = asyncio.Event()
        self.removals = 0
        self.extra: set[int] = set()
        self.on_changed: list[Callable[[Collection[int]], None]] = []
        self._later: dict[int, float] = {}
        self._publisher = publisher
        self._link = link
        self._library = library
        self._entities = entities
        self._undecoded = undecoded

    @contextmanager
    def question(self) -> Iterator[float]:
        """Register a question for as long as its answer is not applied; gives the time at which it begins."""
        book = self._publisher.book
        began = book.begin(time.monotonic())
        try:
            yield began
        finally:
            book.end(began)

    def ask(self, ids: Iterable[int]) -> None:
        """Have these scenes fetched before anything else."""
        self.asks.update(dict.fromkeys(ids))
        self.asked.set()

    async def apply(self, found: Scenes, began: float) -> bool:
        """Publish what is news among the scenes of an answer whose request began then.

        False, and nothing is published, when it may be another Stash's answer: known ids, born at another time.
        """
        strange = await self._meet(found.scenes)
        if not self._is_ours(found, began):
            return False
        for draft in found.scenes:
            await self._observe(draft, found, began, incomplete=strange)
        for garbled in found.garbled:
            self._skip(garbled)
        self.extra.difference_update(found.ids)
        return True

    async def _meet(self, drafts: Collection[Draft]) -> bool:
        """Ask for the entities of these scenes that are not known; True when some stay so. Raises as Library."""
        for _ in range(ROUNDS):
            lacking = self._entities.lacking(needs_of(drafts))
            if not lacking:
                return False
            asked = time.monotonic()
            for kind, ids in lacking.items():
                found = await self._library.some_entities(kind, ids)
                changed = self._entities.saw(kind, found.rows, asked, time.monotonic())
                for listener in self.on_changed if changed else ():
                    listener(changed)
        return True

    async def _observe(self, draft: Draft, found: Scenes, began: float, *, incomplete: bool) -> None:
        """Publish a scene if it is news; look again where it, or what it is rendered with, may have changed since."""
        version = self._entities.version
        incomplete = incomplete and bool(self._entities.lacking(needs_of((draft,))))
        verdict = await self._publisher.observe(lambda: joined(draft, self._entities), began)
        if verdict == "again" or (verdict == "publish" and version != self._entities.version):
            self.ask((draft.id,))
        elif verdict == "publish" and (incomplete or is_fresh(draft.updated_at, found.clock)):
            self._later.pop(draft.id, None)
            self._later[draft.id] = math.ceil(time.monotonic() + SECOND_LOOK)

    def next_due(self) -> float | None:
        """Return when the next fresh scene is to be fetched again."""
        return next(iter(self._later.values()), None)

    def take_due(self, now: float) -> list[int]:
        """Return the scenes that were fresh when they were fetched, and are not any more."""
        due = [key for key, at in self._later.items() if at <= now]
        for key in due:
            del self._later[key]
        return due

    async def remove_few(self, gone: Iterable[int], began: float) -> bool:
        """Remove scenes that Stash said it has not; False when they are too many to go without a whole listing."""
        book = self._publisher.book
        stale, sure = _split(gone, lambda key: book.touched(key, began))
        self.ask(stale)
        counted = sum(1 for key in sure if key in book.entries and key not in self.extra)
        if self.removals + counted > FEW or (counted and not await self._are_few_gone(began)):
            return False
        self.removals += counted
        for key in sure:
            await self._publisher.remove(key)
        self.extra.difference_update(sure)
        return True

    async def _are_few_gone(self, began: float) -> bool:
        """Say whether Stash has nearly as many scenes as we know: one that lost its database has not."""
        count = await self._library.count()
        if count.oldest != self._link.oldest:
            self._link.recheck()
        return self._link.holds(began) and len(self._publisher.book) - count.total <= FEW

    def _is_ours(self, found: Scenes, began: float) -> bool:
        strangers = any(self._publisher.book.is_stranger(draft.scene) for draft in found.scenes)
        if strangers and not self._link.vouches(time.monotonic()):
            self._link.doubt()
        return self._link.holds(began)

    def _skip(self, garbled: Garbled) -> None:
        name = f"{garbled.query} scene {garbled.id}" if garbled.id else garbled.query
        self._undecoded.add(name, garbled.why)
        if garbled.id:
            updated = digest(garbled.updated_at) if garbled.updated_at else None
            self._publisher.book.set_aside(garbled.id, updated)


def _split(keys: Iterable[int], test: Callable[[int], bool]) -> tuple[list[int], list[int]]:
    yes: list[int] = []
    no: list[int] = []
    for key in keys:
        (yes if test(key) else no).append(key)
    return yes, no
