"""All scenes in memory and the look-ups that Plex's questions need: by id, whole path, end of a path, file name. Pure.

Rows are kept packed and are unpacked when they are asked for. The indexes hold hashes instead of paths, so whatever
they find is compared with the row itself before it counts. Memory: about 1.1 KB a scene of 2 KB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from common.errors import Undecodable
from common.messages import Scene, Stamp, decode
from services.provider.entities import Entities, Links
from services.provider.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from common.messages import File
    from common.paths import PathRules

CANDIDATES = 500


class _Place(msgspec.Struct, frozen=True):
    path: str


class _Head(Links, frozen=True, kw_only=True):
    """What taking a row back needs of it; decoding only this takes half of the time of a whole scene."""

    epoch: int
    seq: int
    born: str
    files: tuple[_Place, ...] = ()

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.epoch, self.seq)


_heads = msgspec.json.Decoder(_Head)


class Index:
    """Ids by the hash of a text; ids of another text with the same hash may be among what is found."""

    def __init__(self) -> None:
        self._ids: dict[int, int | set[int]] = {}

    def add(self, text: str, scene_id: int) -> None:
        """Note that `scene_id` has this text; a single id is kept without a set around it, for the memory."""
        key = hash(text)
        known = self._ids.setdefault(key, scene_id)
        if isinstance(known, set):
            known.add(scene_id)
        elif known != scene_id:
            self._ids[key] = {known, scene_id}

    def discard(self, text: str, scene_id: int) -> None:
        """Forget that `scene_id` has this text."""
        key = hash(text)
        known = self._ids.get(key)
        if isinstance(known, set):
            known.discard(scene_id)
            if not known:
                del self._ids[key]
        elif known == scene_id:
            del self._ids[key]

    def find(self, text: str) -> Collection[int]:
        """Return the ids that may have this text."""
        known = self._ids.get(hash(text), ())
        return (known,) if isinstance(known, int) else known


def parts_of(key: str) -> tuple[str, ...]:
    """Return the components of a path in key form, without what stands for a root."""
    return tuple(filter(None, key.split("/")))


class Catalog:
    """The scenes by id, each no older than any that was put before it.

    `reborn` are ids that name another scene than they did when they came in: another creation time and none of the
    files. They belong to no Plex item that was matched before. `entities` are what the scenes name.
    """

    def __init__(self, rules: PathRules) -> None:
        self.reborn: set[int] = set()
        self.entities = Entities()
        self._rules = rules
        self._rows: dict[int, bytes] = {}
        self._last: tuple[bytes, Scene] | None = None
        self._whole = Index()
        self._ends = Index()
        self._names = Index()

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, scene_id: int) -> bool:
        return scene_id in self._rows

    def __iter__(self) -> Iterator[int]:
        return iter(tuple(self._rows))

    def put(self, scene_id: int, payload: bytes) -> bool:
        """Take a row in, unless a row at least as new is there; return whether it was taken.

        Raises Undecodable, and keeps what it has, when the payload is no scene with this id.
        """
        scene = decode(Scene, payload)
        if scene.id != scene_id:
            raise Undecodable(f"the payload is of scene {scene.id}, not {scene_id}")
        old = self._head(scene_id)
        if old is not None and scene.stamp <= old.stamp:
            return False
        self._reindex(scene_id, old.files if old else (), scene.files)
        if old is not None:
            self.entities.discard(scene_id, old)
            if self._is_another(old, scene):
                self.reborn.add(scene_id)
        self.entities.add(scene)
        self._rows[scene_id] = pack(payload)
        return True

    def remove(self, scene_id: int) -> None:
        """Forget a scene."""
        head = self._head(scene_id)
        if head is not None:
            self._reindex(scene_id, head.files, ())
            self.entities.discard(scene_id, head)
            del self._rows[scene_id]
            self.reborn.discard(scene_id)

    def scene(self, scene_id: int) -> Scene | None:
        """Return a scene; a question looks at the same one several times in a row, so the last one stays as it is."""
        packed = self._rows.get(scene_id)
        if packed is None:
            return None
        if self._last is None or self._last[0] is not packed:
            self._last = packed, decode(Scene, unpack(packed))
        return self._last[1]

    def mentions(self, scene_id: int, matches: Callable[[str], bool]) -> bool:
        """Tell whether the text of a scene's payload, which is still JSON, is one that `matches`."""
        packed = self._rows.get(scene_id)
        return packed is not None and matches(unpack(packed).decode(errors="replace"))

    def stamp(self, scene_id: int) -> Stamp | None:
        """Return the stamp of a scene."""
        head = self._head(scene_id)
        return head.stamp if head else None

    def at(self, path: str) -> list[int]:
        """Return the scenes with a file at exactly this Stash path."""
        key = self._rules.key(path)
        found = sorted(self._whole.find(key))
        return [scene_id for scene_id in found if key in self._stash_keys(scene_id)]

    def ending(self, parts: tuple[str, ...]) -> dict[int, int]:
        """Return the scenes with a file whose path, in Stash or in Plex, ends in the last two of `parts` or more.

        The value is how many components agree, counted from the end. Empty when more than 500 scenes have that end:
        to look at each would take long, and one of so many is no finding.
        """
        found = self._ends.find("/".join(parts[-2:])) if len(parts) > 1 else ()
        if len(found) > CANDIDATES:
            return {}
        agree = {scene_id: max(_common_end(parts, own) for own in self.places(scene_id)) for scene_id in sorted(found)}
        return {scene_id: count for scene_id, count in agree.items() if count > 1}

    def named(self, name: str, limit: int) -> list[int]:
        """Return at most `limit` scenes with a file of this name, given in key form."""
        found = sorted(self._names.find(name))[:limit]
        return [scene_id for scene_id in found if any(parts[-1:] == (name,) for parts in self.places(scene_id))]

    def places(self, scene_id: int) -> list[tuple[str, ...]]:
        """Return the components of all paths of a scene's files, as Stash sees them and as Plex does."""
        scene = self.scene(scene_id)
        return [parts_of(key) for file in scene.files for key in self._keys(file)] if scene else []

    def _head(self, scene_id: int) -> _Head | None:
        packed = self._rows.get(scene_id)
        return None if packed is None else _heads.decode(unpack(packed))

    def _stash_keys(self, scene_id: int) -> list[str]:
        scene = self.scene(scene_id)
        return [self._rules.key(file.path) for file in scene.files] if scene else []

    def _keys(self, file: _Place | File) -> Iterator[str]:
        """Yield the key of a file's path in Stash, then that of its path in Plex."""
        yield self._rules.key(file.path)
        there = self._rules.to_plex(file.path) if self._rules.rules else None
        if there is not None:
            yield self._rules.key(there)

    def _is_another(self, old: _Head, scene: Scene) -> bool:
        before = {self._rules.key(place.path) for place in old.files}
        return old.born != scene.born and not any(self._rules.key(file.path) in before for file in scene.files)

    def _reindex(self, scene_id: int, before: Collection[_Place | File], after: Collection[_Place | File]) -> None:
        if [file.path for file in before] == [file.path for file in after]:
            return
        for index, text in self._entries(before):
            index.discard(text, scene_id)
        for index, text in self._entries(after):
            index.add(text, scene_id)

    def _entries(self, files: Iterable[_Place | File]) -> Iterator[tuple[Index, str]]:
        for file in files:
            keys = tuple(self._keys(file))
            yield self._whole, keys[0]
            for parts in map(parts_of, keys):
                yield self._ends, "/".join(parts[-2:])
                yield self._names, parts[-1] if parts else ""


def _common_end(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """Return how many components the two share, counted from the end."""
    count = 0
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count
