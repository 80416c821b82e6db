"""Which Plex items show a scene's files: a pin, the whole mapped path, or the content; never a basename. Pure.

What is remembered of an item (its rating key, its GUID of ours, a file of that name) only makes it worth reading: it is
the scene's when its path, or the OpenSubtitles hash of its file, which is Stash's oshash, says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from common.messages import Found, Stamp
    from services.plex_writer.plan import Current

_K = TypeVar("_K", int, str)

# what a claim to an item rests on, the strongest last
STRENGTH: Final[Mapping[Found, int]] = {"hash": 0, "path": 1, "pin": 2}


class Claim(NamedTuple):
    """A scene's claim to an item; the largest wins: by what it rests on, then by the newer stamp."""

    strength: int
    stamp: Stamp
    scene_id: int


class Verdict(NamedTuple):
    """The items of a scene with how each was found, and those of which only a person can say which one it is."""

    found: Sequence[tuple[Current, Found]] = ()
    tied: Sequence[Current] = ()


class Index:
    """Every file of the libraries that take part, as listed last: path -> rating keys, and back.

    `key` brings a path to the form in which paths are compared. A path may belong to several items, in several
    libraries or versions. Bounded by the size of the libraries.
    """

    def __init__(self, key: Callable[[str], str]) -> None:
        self._key = key
        self._keys: dict[str, tuple[str, ...]] = {}
        self._paths: dict[str, tuple[str, ...]] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._scenes: dict[int, tuple[str, ...]] = {}
        self._matched: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def paths(self) -> Iterable[str]:
        """Return every path, in the form in which paths are compared."""
        return self._keys

    def __contains__(self, rating_key: str) -> bool:
        return rating_key in self._paths

    def put(self, rating_key: str, paths: Iterable[str]) -> list[str]:
        """Note an item's files, in place of those noted before; return the paths that are new to the index."""
        now = tuple(dict.fromkeys(self._key(path) for path in paths))
        before = self._paths.get(rating_key, ())
        if now == before:
            return []
        self.drop(rating_key)
        if now:
            self._paths[rating_key] = now
        for path in now:
            self._keys[path] = (*self._keys.get(path, ()), rating_key)
            self._names[_name(path)] = (*self._names.get(_name(path), ()), rating_key)
        return [path for path in now if path not in before]

    def drop(self, rating_key: str) -> None:
        """Forget an item."""
        for path in self._paths.pop(rating_key, ()):
            _without(self._keys, path, rating_key)
            _without(self._names, _name(path), rating_key)

    def keep(self, rating_keys: set[str]) -> None:
        """Forget every item but these, after a complete listing."""
        for rating_key in [known for known in self._paths.keys() | self._matched.keys() if known not in rating_keys]:
            self.drop(rating_key)
            self.match(rating_key, None)

    def find(self, paths: Iterable[str]) -> list[str]:
        """Return the rating keys of all items that have one of these files, each once, in a stable order."""
        return _sorted({rating_key for path in paths for rating_key in self._keys.get(self._key(path), ())})

    def files(self, rating_key: str) -> tuple[str, ...]:
        """Return the files of an item, in the form in which paths are compared."""
        return self._paths.get(rating_key, ())

    def match(self, rating_key: str, scene_id: int | None) -> None:
        """Note which scene our provider matched an item to, if any."""
        before = self._matched.pop(rating_key, None)
        if before is not None:
            _without(self._scenes, before, rating_key)
        if scene_id is not None:
            self._matched[rating_key] = scene_id
            self._scenes[scene_id] = (*self._scenes.get(scene_id, ()), rating_key)

    def of_scene(self, scene_id: int) -> list[str]:
        """Return the rating keys of items that our provider matched to this scene, which may be another by now."""
        return _sorted(self._scenes.get(scene_id, ()))

    def near(self, paths: Iterable[str]) -> list[str]:
        """Return the rating keys of items that have a file of the same name somewhere, which proves nothing."""
        return _sorted({key for path in paths for key in self._names.get(_name(self._key(path)), ())})


def holds(current: Current, paths: Iterable[str], key: Callable[[str], str]) -> bool:
    """Tell whether an item, as just read, has one of these files; a rating key alone proves nothing."""
    wanted = {key(path) for path in paths}
    return any(key(path) in wanted for path in current.paths)


def decide(
    items: Sequence[Current],
    *,
    paths: Iterable[str],
    oshashes: Iterable[str] = (),
    hashes: Mapping[str, frozenset[str]] | None = None,
    pinned: str | None = None,
    key: Callable[[str], str],
) -> Verdict:
    """Return which of the items, as just read, are the scene's; `hashes` has those of their files, by rating key.

    A pin beats all. All items that have one of the paths are the scene's, in whatever library or version. By content
    only one in a library can be it, since copies there are nothing to choose from.
    """
    if pinned is not None:
        return Verdict([(item, "pin") for item in items if item.rating_key == pinned])
    wanted = list(paths)
    by_path = [item for item in items if holds(item, wanted, key)]
    if by_path:
        return Verdict([(item, "path") for item in by_path])
    known = {digest.lower() for digest in oshashes if digest}
    same = [item for item in items if known & (hashes or {}).get(item.rating_key, frozenset())]
    sections = [item.section for item in same]
    tied = [item for item in same if sections.count(item.section) > 1]
    return Verdict(tied=tied) if tied else Verdict([(item, "hash") for item in same])


def _without(table: dict[_K, tuple[str, ...]], place: _K, rating_key: str) -> None:
    left = tuple(other for other in table.get(place, ()) if other != rating_key)
    if left:
        table[place] = left
    else:
        table.pop(place, None)


def _name(path: str) -> int:
    """Return the hash of a file's name: less memory than the name, and a clash only costs a look."""
    return hash(path.rpartition("/")[2])


def _sorted(rating_keys: Iterable[str]) -> list[str]:
    return sorted(rating_keys, key=lambda rating_key: (len(rating_key), rating_key))
