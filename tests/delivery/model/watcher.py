"""The watcher in the model: its book, stamps and audit, in the order in which its lanes use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from common import messages
from common.messages import Scene, Stamp, WatcherInfo
from services.stash_watcher.changes import Book, Listed, Stamps, digest, entry_of
from services.stash_watcher.loss import correct, is_known

if TYPE_CHECKING:
    from tests.delivery.model.world import Broker, Clock, Stash


class Watcher:
    """One process of the watcher; `answers` are observations of Stash that are not applied yet."""

    def __init__(self, broker: Broker, stash: Stash, clock: Clock) -> None:
        self.book = Book()
        self.stamps = Stamps()
        self.answers: list[tuple[int, Scene | None, float]] = []
        self.listing: tuple[dict[int, Listed], float] | None = None
        self.backlog: dict[int, None] = {}
        self.sweep_due = True
        self.audit_due = False
        self.loading = False
        self.covered: Stamp | None = None
        self._marks: dict[str, bytes | None] = {}
        self._told = b""
        self._broker = broker
        self._stash = stash
        self._clock = clock
        self._start()

    @property
    def idle(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.answers or self.listing or self.backlog or self.sweep_due or self.audit_due)

    def ask(self, scene_id: int) -> None:
        """Ask Stash for a scene; the answer is applied later."""
        began = self.book.begin(self._clock.tick())
        self.answers.append((scene_id, self._stash.seen(scene_id), began))

    def apply(self) -> None:
        """Apply the oldest answer."""
        scene_id, scene, began = self.answers.pop(0)
        if scene is None:
            if self.book.touched(scene_id, began):
                self.backlog[scene_id] = None
            elif scene_id in self.book.entries:
                self._remove(scene_id)
        elif (verdict := self.book.judge(scene, began)) == "again":
            self.backlog[scene_id] = None
        elif verdict == "publish":
            self._publish(scene)
        self.book.end(began)

    def begin_sweep(self) -> None:
        """Ask for a listing of all scenes."""
        began = self.book.begin(self._clock.tick())
        found = {key: self._stash.seen(key) for key in self._stash.scenes}
        self.listing = {key: _listed(scene) for key, scene in found.items() if scene is not None}, began
        self.sweep_due = False

    def end_sweep(self) -> None:
        """Have fetched what differs, and remove what is gone."""
        assert self.listing is not None
        (listing, began), self.listing = self.listing, None
        self.backlog.update(dict.fromkeys(key for key, row in listing.items() if self.book.differs(row, began)))
        for scene_id in self.book.gone(listing, began):
            self._remove(scene_id)
        self.book.end(began)

    def fetch(self) -> None:
        """Ask for the first scene of the backlog."""
        scene_id = next(iter(self.backlog))
        del self.backlog[scene_id]
        self.ask(scene_id)

    def reconnected(self) -> None:
        """Note that the broker may have lost something."""
        self.audit_due = True

    def audit(self) -> None:
        """See whether the broker still has what it confirmed last; have fetched what it lost."""
        self.audit_due = False
        if all(self._broker.retained.get(topic) == row for topic, row in self._marks.items()):
            return
        self._told = b""
        began = self.book.begin(self._clock.tick())
        found = self._broker.rows("scene")
        rows = {key: _stamp(row) for key, row in found.items() if not is_known(self.book, key, row)}
        loss = correct(self.book, [key for key in self.book.entries if key not in found], rows, began)
        self.book.end(began)
        if loss.ids:
            self.stamps.renew(self._clock.unix_ms)
            self.backlog.update(dict.fromkeys(loss.ids))
            self.loading = self.loading or bool(loss.missing)

    @property
    def has_news(self) -> bool:
        """Whether there is something new to tell, and nothing is under way that it would be wrong to tell of."""
        return not self.audit_due and self._info() != self._told

    def tell(self) -> None:
        """Publish info, which says what to expect in the table."""
        self._told = self._info()
        self._broker.publish("info/stash", self._told)
        self._marks = {"info/stash": self._told}

    def _info(self) -> bytes:
        if self.idle:
            self.loading, self.covered = False, None
        stamp = self.covered or self.stamps.newest
        info = WatcherInfo(service="", epoch=stamp.epoch, seq=stamp.seq, scenes=len(self.book), loading=self.loading)
        return messages.encode(info)

    def _publish(self, scene: Scene) -> None:
        stamp = self.stamps.next
        kept = msgspec.structs.replace(scene, epoch=stamp.epoch, seq=stamp.seq)
        self.stamps.saw(stamp)
        self.book.published(kept, self._clock.tick())
        self._send(f"scene/{scene.id}", messages.encode(kept))

    def _remove(self, scene_id: int) -> None:
        self.book.removed(scene_id, self._clock.tick())
        self._send(f"scene/{scene_id}", b"")

    def _send(self, topic: str, row: bytes) -> None:
        self._broker.publish(topic, row)
        self._marks[topic] = row or None

    def _start(self) -> None:
        for retained in self._broker.rows("scene").values():
            scene = messages.decode(Scene, retained)
            self.book.hold(scene)
            self.stamps.saw(scene.stamp)
        row = self._broker.retained.get("info/stash")
        info = messages.decode(WatcherInfo, row) if row else None
        if info is not None:
            self.stamps.saw(info.stamp)
        self.stamps.renew(self._clock.unix_ms)
        self.loading = info is None or info.loading
        self.covered = info.stamp if info else None
        self.tell()


def _listed(scene: Scene) -> Listed:
    entry = entry_of(scene)
    return Listed(scene.id, digest(scene.updated_at), digest(scene.born), entry.files)


def _stamp(row: bytes) -> Stamp:
    return messages.decode(Scene, row).stamp
