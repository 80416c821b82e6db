"""What the watcher knows of the retained scenes, and what follows from a look at Stash; pure.

A Book holds one small entry a scene. Observations go in, verdicts come out; what is published or removed is told back
to it at once, so it is always what the broker will hold when everything handed over has arrived.
Times are monotonic seconds. All state is in memory; the broker's table is where it comes from at a start.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from common.messages import Stamp
from services.stash_watcher.entities import links_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from common.messages import File, Scene
    from services.stash_watcher.answers import Path, Row

ASIDE = 10_000
MANY = 500
REV_DIGITS = 12
DIGEST = (1 << 64) - 1
NO_LINKS = array("Q")
Verdict = Literal["publish", "same", "again"]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What is kept of a retained scene: its stamp, and digests that tell whether Stash has another one now.

    An empty `rev` is a row that can't be trusted: any observation of the scene replaces it. `marks` is the digest of
    its markers and `marked` their number, `links` are the entities that it shows.
    """

    epoch: int
    seq: int
    rev: bytes = b""
    updated: int = 0
    born: int = 0
    files: int = 0
    marks: int = 0
    marked: int = 0
    links: array[int] = NO_LINKS

    @property
    def stamp(self) -> Stamp:
        """The position of the publication."""
        return Stamp(self.epoch, self.seq)


class Listed(NamedTuple):
    """A scene as the light listing shows it; times and files as digests."""

    id: int
    updated: int
    born: int
    files: int


class Stamps:
    """Counts stamps: the next one is larger than any seen or used."""

    def __init__(self) -> None:
        self.newest = Stamp(0, 0)
        self._largest_seq = 0

    def saw(self, stamp: Stamp) -> None:
        """Take note of a stamp that is in use."""
        self.newest = max(self.newest, stamp)
        self._largest_seq = max(self._largest_seq, stamp.seq)

    def renew(self, unix_ms: int) -> None:
        """Begin a new epoch: a publication after it is newer than anything before, even than what nobody remembers."""
        self.newest = Stamp(max(self.newest.epoch + 1, unix_ms), self._largest_seq)

    @property
    def next(self) -> Stamp:
        """The stamp of the next publication; `saw` it once it is used."""
        return Stamp(self.newest.epoch, self._largest_seq + 1)


class Book:
    """All retained scenes by id, and which ids were touched since the oldest question still open."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}
        self.markers = 0
        self._touched: dict[int, float] = {}
        self._open: Counter[float] = Counter()
        self._aside: dict[int, int | None] = {}

    def __len__(self) -> int:
        return len(self.entries)

    def begin(self, now: float) -> float:
        """Register a question that begins now; until `end`, what is touched after it is remembered."""
        self._open[now] += 1
        return now

    def end(self, began: float) -> None:
        """Forget a question, and what only it needed."""
        self._open[began] -= 1
        if self._open[began]:
            return
        del self._open[began]
        oldest = min(self._open, default=None)
        if oldest is None:
            self._touched = {}
        elif oldest > began:
            self._touched = {key: time for key, time in self._touched.items() if time >= oldest}

    def judge(self, scene: Scene, began: float) -> Verdict:
        """Say what an observation means whose request began at `began`.

        `again`: the scene was published or removed since, so the observation may be older than that.
        """
        entry = self.entries.get(scene.id)
        if entry is not None and _same(entry, scene):
            return "same"
        return "again" if self.touched(scene.id, began) else "publish"

    def is_stranger(self, scene: Scene) -> bool:
        """Say whether another scene than the retained one answers to this id."""
        entry = self.entries.get(scene.id)
        return entry is not None and entry.born not in (0, digest(scene.born))

    def touched(self, scene_id: int, began: float) -> bool:
        """Say whether a scene was published or removed at or after `began`."""
        return self._touched.get(scene_id, -1.0) >= began

    def hold(self, scene: Scene) -> None:
        """Take in a row as the broker has it."""
        self._set(scene.id, entry_of(scene))

    def drop(self, scene_id: int) -> None:
        """Take in that the broker has no such row."""
        entry = self.entries.pop(scene_id, None)
        self.markers -= entry.marked if entry else 0

    def distrust(self, scene_id: int, stamp: Stamp | None) -> None:
        """Take in that the broker has some row under this id, which is not worth keeping."""
        self._set(scene_id, Entry(*(stamp or (0, 0))))

    def distrust_all(self) -> None:
        """Take in that none of the rows says anything about the Stash that is there now."""
        self.entries = {key: Entry(*entry.stamp) for key, entry in self.entries.items()}
        self.markers = 0

    def published(self, scene: Scene, now: float) -> None:
        """Take in a publication."""
        self.hold(scene)
        self._touch(scene.id, now)
        self._aside.pop(scene.id, None)

    def removed(self, scene_id: int, now: float) -> None:
        """Take in a removal."""
        self.drop(scene_id)
        self._touch(scene_id, now)
        self._aside.pop(scene_id, None)

    def set_aside(self, scene_id: int, updated: int | None) -> None:
        """Remember a scene that can't be published as it is, so that it is not fetched again before it changes.

        `updated` is the digest of its updated_at, None where even that could not be read.
        """
        self._aside.pop(scene_id, None)
        self._aside[scene_id] = updated
        if len(self._aside) > ASIDE:
            del self._aside[next(iter(self._aside))]

    def try_all_again(self) -> None:
        """Forget what was set aside."""
        self._aside.clear()

    def differs(self, listed: Listed, began: float) -> bool:
        """Say whether a listed scene has to be fetched."""
        if self.touched(listed.id, began):
            return False
        if listed.id in self._aside and self._aside[listed.id] in (None, listed.updated):
            return False
        entry = self.entries.get(listed.id)
        return entry is None or not entry.rev or (entry.updated, entry.born, entry.files) != listed[1:]

    def gone(self, seen: Collection[int], began: float) -> list[int]:
        """Return the ids that a complete listing, begun at `began`, did not have."""
        return [key for key in self.entries if key not in seen and not self.touched(key, began)]

    def linked(self, links: Collection[int]) -> list[int]:
        """Return the scenes that show any of these entities, in id order."""
        wanted = set(links)
        return sorted(key for key, entry in self.entries.items() if not wanted.isdisjoint(entry.links))

    def marked_otherwise(self, marks: Mapping[int, int], began: float) -> list[int]:
        """Return the scenes whose markers are not those of a complete listing, begun at `began`, in id order."""
        return sorted(
            key
            for key, entry in self.entries.items()
            if entry.marks != marks.get(key, 0) and not self.touched(key, began)
        )

    def _set(self, scene_id: int, entry: Entry) -> None:
        before = self.entries.get(scene_id)
        self.markers += entry.marked - (before.marked if before else 0)
        self.entries[scene_id] = entry

    def _touch(self, scene_id: int, now: float) -> None:
        if self._open:
            self._touched[scene_id] = now


def removal_limit(rows: int) -> int:
    """Return how many of so many rows may go at once without a person's word."""
    return max(20, min(1_000, rows // 2))


def entry_of(scene: Scene) -> Entry:
    """Return what is kept of a scene."""
    return Entry(
        scene.epoch,
        scene.seq,
        _rev(scene.rev),
        digest(scene.updated_at),
        digest(scene.born),
        _files(_file(file, file.oshash, file.phash) for file in scene.files),
        sum(mark(marker.title, marker.seconds, marker.tag) for marker in scene.markers) & DIGEST,
        len(scene.markers),
        links_of(scene),
    )


def listed(row: Row) -> Listed:
    """Return a row of the light listing with its digests; raises ValueError for an id that is no number."""
    files = _files(_listed_file(file) for file in row.files)
    return Listed(int(row.id), digest(row.updated_at), digest(row.created_at), files)


def mark(title: str, seconds: float, tag: str) -> int:
    """Return the digest of a marker; those of a scene are added up, so that their order means nothing."""
    return digest(f"{seconds!r}\0{title}\0{tag}")


def digest(text: str) -> int:
    """Return 8 bytes of hash as a number; another process gets another one."""
    return hash(text)


def _listed_file(file: Path) -> str:
    prints = {one.type: one.value for one in file.fingerprints}
    return _file(file, prints.get("oshash", ""), prints.get("phash", ""))


def _file(file: File | Path, oshash: str, phash: str) -> str:
    return f"{file.path}\0{file.size}\0{file.duration!r}\0{file.width}\0{file.height}\0{oshash}\0{phash}"


def _files(files: Iterable[str]) -> int:
    """Return the digest of files of which the first is primary; the order of the others means nothing."""
    first, *rest = list(files) or [""]
    return digest("\0".join((first, *sorted(rest))))


def _same(entry: Entry, scene: Scene) -> bool:
    return entry.rev == _rev(scene.rev) and entry.updated == digest(scene.updated_at)


def _rev(rev: str) -> bytes:
    """Return the bytes of a `rev`, none for one that is not ours."""
    try:
        return bytes.fromhex(rev) if len(rev) == REV_DIGITS else b""
    except ValueError:
        return b""


class Fetch(NamedTuple):
    """How to get the scenes that differ: a walk over all whole scenes after `after`, or just these ids."""

    after: int | None
    ids: list[int]


def plan_fetch(differing: list[int], listing: Collection[int]) -> Fetch:
    """Choose between pages of whole scenes and single ids; both lists in id order.

    Pages are cheaper when, from the first that differs on, most do: the rest of a first load, an emptied broker.
    """
    if len(differing) < MANY:
        return Fetch(None, differing)
    behind = sum(1 for key in listing if key >= differing[0])
    return Fetch(differing[0] - 1, []) if 2 * len(differing) >= behind else Fetch(None, differing)


def in_batches(ids: Iterable[int], size: int) -> Iterator[list[int]]:
    """Yield the ids in order, `size` at a time."""
    batch: list[int] = []
    for key in ids:
        batch.append(key)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
