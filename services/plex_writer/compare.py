"""Desired against reported: the guarantee behind the fast path.

Streams the retained scenes past the outcomes and marks every scene that is not settled, in bulk. What a session, a
queue or we ourselves lost shows up here.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

import structlog

from common import messages
from common.errors import Undecodable
from common.item import item_of, want
from common.messages import Scene, WatcherInfo
from common.table import Counted, Loaded
from services.plex_writer import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.options import Options
    from common.service import Service
    from common.table import Table
    from services.plex_writer.dirty import Dirty
    from services.plex_writer.library import Library
    from services.plex_writer.outcomes import Outcomes

log = structlog.get_logger("compare")


def too_many(gone: int, known: int) -> bool:
    """Tell whether so many scenes missing at once look like a broken table rather than like removals."""
    return gone > max(20, min(1_000, known // 2))


class Compare:
    """Compares the whole table once a call; `suspect` is empty, or a sentence on why the table can't be trusted."""

    def __init__(
        self, service: Service, *, scenes: Table, outcomes: Outcomes, library: Library, dirty: Dirty, options: Options
    ) -> None:
        self.suspect = ""
        self._service = service
        self._scenes = scenes
        self._outcomes = outcomes
        self._library = library
        self._dirty = dirty
        self._options = options
        self._fingerprint = options.fingerprint()

    async def run(self) -> int:
        """Compare everything; return how many scenes were found unsettled. Raises Unavailable without a broker."""
        seen: set[int] = set()
        marked: set[int] = set()

        def begin() -> Callable[[int, bytes], None]:
            seen.clear()
            return lambda key, payload: self._row(key, payload, seen, marked)

        loaded = await self._scenes.load_counted(begin, self._counted)
        gone = {scene_id for scene_id in self._outcomes if scene_id not in seen}
        self._judge(loaded, gone)
        log.info("compared", scenes=len(seen), unsettled=len(marked), gone=len(gone), table=loaded.verdict)
        return len(marked)

    def _row(self, scene_id: int, payload: bytes, seen: set[int], marked: set[int]) -> None:
        if not payload:
            seen.discard(scene_id)
            return
        seen.add(scene_id)
        try:
            scene = messages.decode(Scene, payload)
        except Undecodable as error:
            self._service.undecoded.add(self._scenes.topic(scene_id), error)
            return
        if self._is_unsettled(scene):
            marked.add(scene_id)
            self._dirty.mark(scene_id, live=False)

    def _is_unsettled(self, scene: Scene) -> bool:
        item = item_of(scene, self._options)
        outcome = self._outcomes.get(scene.id)
        if settle.is_stale(scene, outcome) or self._outcomes.is_unreadable(scene.id):
            return False
        now = dt.datetime.now(dt.UTC)
        if settle.dirty_because(scene, outcome, want(item, self._fingerprint), now) is not None:
            return True
        if outcome is not None and (rest := settle.seconds_until_due(outcome, now)) is not None:
            self._dirty.remind(scene.id, time.monotonic() + rest)
        if outcome is None or outcome.state != "waiting":
            return False
        self._library.waiting.add(scene.id, item.paths)
        return bool(self._library.find(item.paths))

    def _judge(self, loaded: Loaded, gone: set[int]) -> None:
        """Only a complete table may say that a scene is gone, and not of too many at once."""
        if loaded.verdict == "suspect" and loaded.counted is not None:
            self.suspect = (
                f"the broker sends {loaded.rows} of {loaded.counted.rows} retained scenes; raise its "
                "max_queued_messages (Mosquitto: 1000 by default) to more than the number of scenes"
            )
            log.error("table_suspect", why=self.suspect, effect="writes go on; no scene is taken for removed")
            return
        self.suspect = ""
        if loaded.verdict != "complete":
            return
        if too_many(len(gone), len(self._outcomes)):
            self.suspect = f"{len(gone)} of {len(self._outcomes)} scenes are missing at once; their outcomes are kept"
            log.error("too_many_gone", why=self.suspect, effect="their outcomes are kept")
            return
        for scene_id in gone:
            self._dirty.mark(scene_id, live=False, gone=True)

    async def _counted(self) -> Counted | None:
        topic = self._service.topics.stash("info")
        row = (await self._service.reader.read([topic])).get(topic)
        if row is None:
            return None
        try:
            info = messages.decode(WatcherInfo, row)
        except Undecodable as error:
            self._service.undecoded.add(topic, error)
            return None
        return Counted(info.stamp, info.scenes, info.loading)
