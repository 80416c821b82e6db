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
from common.messages import WatcherInfo
from common.tally import Counted, Loaded
from services.plex_writer import settle, unsettled
from services.plex_writer.job import read_scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.messages import Outcome, Scene, Stamp
    from common.options import Options
    from common.service import Service
    from common.table import Table
    from services.plex_writer.dirty import Dirty
    from services.plex_writer.library import Library
    from services.plex_writer.outcomes import Outcomes

log = structlog.get_logger("compare")


class Compare:
    """Compares the whole table once a call; `suspect` is empty, or a sentence on why the table can't be trusted.

    With `confirmed` a person has said that scenes may be gone, however many; it holds for one comparison.
    """

    def __init__(
        self,
        service: Service,
        *,
        scenes: Table,
        outcomes: Outcomes,
        library: Library,
        dirty: Dirty,
        options: Options,
        settled: Callable[[Scene, Outcome | None], None],
    ) -> None:
        self.suspect = ""
        self.confirmed = False
        self._service = service
        self._scenes = scenes
        self._outcomes = outcomes
        self._library = library
        self._dirty = dirty
        self._options = options
        self._fingerprint = options.fingerprint()
        self._settled = settled
        self._loaded = Loaded(0, "unknown", None)
        self._undecided: list[tuple[int, Stamp]] = []

    def is_due(self, info: WatcherInfo) -> bool:
        """Tell whether this information decides what the last comparison could not."""
        return unsettled.tells_of(Counted(info.stamp, info.scenes, info.loading), self._loaded, self._undecided)

    async def run(self) -> int:
        """Compare everything; return how many scenes were found unsettled. Raises Unavailable without a broker."""
        seen: set[int] = set()
        marked: set[int] = set()

        def begin() -> Callable[[int, bytes], None]:
            seen.clear()
            return lambda key, payload: self._row(key, payload, seen, marked)

        loaded = await self._scenes.load_counted(begin, self._counted)
        gone = self._gone(loaded, seen)
        log.info("compared", scenes=len(seen), unsettled=len(marked), gone=len(gone), table=loaded.verdict)
        return len(marked)

    def _row(self, scene_id: int, payload: bytes, seen: set[int], marked: set[int]) -> None:
        if not payload:
            seen.discard(scene_id)
            return
        seen.add(scene_id)
        try:
            scene = read_scene(scene_id, payload)
        except Undecodable as error:
            self._service.undecoded.add(self._scenes.topic(scene_id), error)
            return
        if self._is_unsettled(scene):
            marked.add(scene_id)
            # one that waits asks for nothing new: only a look finds its file
            self._dirty.mark(scene_id, live=False, look=True)

    def _is_unsettled(self, scene: Scene) -> bool:
        if self._outcomes.is_unreadable(scene.id):
            return False
        item = item_of(scene, self._options)
        outcome = self._outcomes.get(scene.id)
        now = dt.datetime.now(dt.UTC)
        finding = unsettled.compared(scene, outcome, want(item, self._fingerprint), now)
        if (
            outcome is not None
            and finding != "unsettled"
            and (rest := settle.seconds_until_due(outcome, now)) is not None
        ):
            self._dirty.remind(scene.id, time.monotonic() + rest)
        if outcome is not None and finding == "settled":
            self._settled(scene, outcome)
        if outcome is not None and outcome.state == "ambiguous":
            # an item that is split off, or a file that turns up, may tell
            self._library.waiting.add(scene.id, item.paths)
        if finding == "waits":
            self._library.waiting.add(scene.id, item.paths)
            return bool(self._library.find(item.paths))
        return finding == "unsettled"

    def _gone(self, loaded: Loaded, seen: set[int]) -> set[int]:
        """Mark the scenes that are gone, unless they are too many at once to be believed; return them."""
        known = len(self._outcomes)
        missing = list(self._outcomes.stamps(key for key in self._outcomes if key not in seen))
        gone = unsettled.absent(loaded, missing)
        self._loaded, self._undecided = loaded, [found for found in missing if found[0] not in gone]
        believed, self.confirmed = self.confirmed, False
        self.suspect = unsettled.suspicion(loaded, 0 if believed else len(gone), known)
        if self.suspect:
            log.error("table_suspect", why=self.suspect, effect="writes go on; no scene is taken for removed")
            return set()
        for scene_id in gone:
            self._dirty.mark(scene_id, live=False, gone=True)
        return gone

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
