"""Where observations of both lanes arrive: what is news is published, what is stale is asked for again.

So is what was fresh: Stash's updated_at has whole seconds, so a second edit within the same one moves nothing that any
listing shows. A scene that is published within a minute of its updated_at is fetched once more when that is over.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from services.stash_watcher.changes import digest
from services.stash_watcher.watermark import is_fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from common.service import Undecoded
    from services.stash_watcher.library import Garbled, Scenes
    from services.stash_watcher.link import Link
    from services.stash_watcher.publisher import Publisher

FEW = 20
SECOND_LOOK = 3.0


class Desk:
    """Applies answers.

    `asks` are the ids to fetch next, `asked` is set when there are new ones. `removals` counts what went since the last
    whole listing. `extra` are rows that only a broker which forgot their removal still has.
    """

    def __init__(self, publisher: Publisher, link: Link, undecoded: Undecoded) -> None:
        self.asks: dict[int, None] = {}
        self.asked = asyncio.Event()
        self.removals = 0
        self.extra: set[int] = set()
        self._later: dict[int, float] = {}
        self._publisher = publisher
        self._link = link
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
        if not self._is_ours(found, began):
            return False
        for scene in found.scenes:
            verdict = await self._publisher.observe(scene, began)
            if verdict == "again":
                self.ask((scene.id,))
            elif verdict == "publish" and is_fresh(scene.updated_at, found.clock):
                self._later.pop(scene.id, None)
                self._later[scene.id] = time.monotonic() + SECOND_LOOK
        for garbled in found.garbled:
            self._skip(garbled)
        self.extra.difference_update(found.ids)
        return True

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
        if self.removals + counted > FEW:
            return False
        self.removals += counted
        for key in sure:
            await self._publisher.remove(key)
        self.extra.difference_update(sure)
        return True

    def _is_ours(self, found: Scenes, began: float) -> bool:
        strangers = any(self._publisher.book.is_stranger(scene) for scene in found.scenes)
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
