"""What is missing on either side: items of Plex and scenes of Stash, laid side by side by their files. Pure.

Items are given at once, scenes one by one as they are streamed, so that 100,000 of them are never held together.
"""

from __future__ import annotations

import datetime as dt
from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

from common.messages import Gap
from services.plex_writer import settle
from services.plex_writer.wire import paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from xml.etree.ElementTree import Element

    from common.item import Item
    from common.messages import Outcome, Scene

PLEX_WITHOUT_SCENE: Final = "plex_without_scene"
SCENE_WITHOUT_ITEM: Final = "scene_without_item"
EMPTY_ITEM: Final = "empty_item"
STALE: Final = "stale"
KINDS: Final = (PLEX_WITHOUT_SCENE, SCENE_WITHOUT_ITEM, EMPTY_ITEM, STALE)


class Shelved(NamedTuple):
    """An item as a listing shows it; `empty` without summary, studio, genres and actors, `dated` with a date.

    `added_at` is in seconds.
    """

    rating_key: str
    library: str
    title: str
    paths: tuple[str, ...]
    added_at: int
    empty: bool
    dated: bool


def shelved_of(video: Element, library: str) -> Shelved:
    """Return an item as a listing has it; of its tags there are the first few only."""
    tagged = any(video.find(name) is not None for name in ("Genre", "Role"))
    return Shelved(
        rating_key=video.get("ratingKey", ""),
        library=library,
        title=video.get("title", ""),
        paths=paths_of(video),
        added_at=int(video.get("addedAt") or "0"),
        empty=not (tagged or video.get("summary") or video.get("studio")),
        dated=bool(video.get("originallyAvailableAt")),
    )


class Gathering:
    """The gaps found so far: scenes by id, items by their place in the listing; `oldest` is the age by kind.

    `key` brings a path to the form in which paths are compared. Holds the listing, and 8 bytes a scene.
    """

    def __init__(self, items: Iterable[Shelved], key: Callable[[str], str]) -> None:
        self.scenes = 0
        self.oldest: dict[str, str] = {}
        self.without_item = array("q")
        self.stale = array("q")
        self._key = key
        self._items = list(items)
        self._at: dict[str, tuple[int, ...]] = {}
        self._claimed = bytearray(len(self._items))
        self._empty: dict[int, int] = {}
        for place, item in enumerate(self._items):
            for path in item.paths:
                form = key(path)
                self._at[form] = (*self._at.get(form, ()), place)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, scene: Scene, item: Item, outcome: Outcome | None, want: str) -> None:
        """Lay one scene beside the items; `want` is the hash of `item`, what Plex should show of the scene."""
        self.scenes += 1
        places = {place for path in item.paths for place in self._at.get(self._key(path), ())}
        for place in places:
            self._claimed[place] = 1
        if item.skipped:
            return
        if not places:
            self.without_item.append(scene.id)
            self._age(SCENE_WITHOUT_ITEM, scene.born)
            return
        for place in places:
            if self._items[place].empty and could_fill(item, self._items[place]):
                self._empty[place] = scene.id
                self._age(EMPTY_ITEM, _moment(self._items[place].added_at))
        if is_stale(scene, outcome, want):
            self.stale.append(scene.id)
            self._age(STALE, scene.updated_at)

    def items_without_scene(self) -> Iterator[Gap]:
        """Yield the first kind, in the order of the listing, once all scenes were added."""
        for place, item in enumerate(self._items):
            if not self._claimed[place]:
                self._age(PLEX_WITHOUT_SCENE, _moment(item.added_at))
                yield _gap_of(item)

    def empty_items(self) -> Iterator[Gap]:
        """Yield the third kind, in the order of the listing."""
        for place in sorted(self._empty):
            yield _gap_of(self._items[place], self._empty[place])

    def counts(self) -> dict[str, int]:
        """Return how many there are of each kind, once all scenes were added."""
        return {
            PLEX_WITHOUT_SCENE: self._claimed.count(0),
            SCENE_WITHOUT_ITEM: len(self.without_item),
            EMPTY_ITEM: len(self._empty),
            STALE: len(self.stale),
        }

    def _age(self, kind: str, since: str) -> None:
        before = self.oldest.get(kind)
        if since and (before is None or _time(since) < _time(before)):
            self.oldest[kind] = since


def could_fill(item: Item, shown: Shelved) -> bool:
    """Tell whether Stash has anything for an item that shows nothing."""
    return bool(
        item.summary
        or item.studio
        or item.tags
        or item.performers
        or item.collections
        or (item.date and not shown.dated)
    )


def is_stale(scene: Scene, outcome: Outcome | None, want: str) -> bool:
    """Tell whether a scene that Plex has an item of was not written as it is now."""
    if outcome is None or outcome.born != scene.born:
        return True
    return not settle.is_stale(scene, outcome) and outcome.want != want


def scene_gap(scene: Scene, item: Item, kind: str, outcome: Outcome | None) -> Gap:
    """Return the row of a scene, for the kinds that are about scenes."""
    return Gap(
        scene=scene.id,
        title=item.title,
        path=next(iter(item.paths), scene.files[0].path if scene.files else ""),
        since=scene.born if kind == SCENE_WITHOUT_ITEM else scene.updated_at,
        detail=outcome.detail if outcome else "Not handled yet.",
    )


def _gap_of(item: Shelved, scene: int | None = None) -> Gap:
    return Gap(
        scene=scene,
        rating_key=item.rating_key,
        library=item.library,
        title=item.title,
        path=next(iter(item.paths), ""),
        since=_moment(item.added_at),
    )


def _moment(seconds: int) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat().replace("+00:00", "Z") if seconds else ""


def _time(text: str) -> dt.datetime:
    """Read a time of ours or of Stash's; what is none counts as the latest."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return dt.datetime.max.replace(tzinfo=dt.UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
