"""Which Plex items show a scene's files: the whole mapped path decides, never a basename. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from services.plex_writer.plan import Current


class Index:
    """Every file of the libraries that take part, as listed last: path -> rating keys, and back.

    `key` brings a path to the form in which paths are compared. A path may belong to several items, in several
    libraries or versions. Bounded by the size of the libraries.
    """

    def __init__(self, key: Callable[[str], str]) -> None:
        self._key = key
        self._keys: dict[str, tuple[str, ...]] = {}
        self._paths: dict[str, tuple[str, ...]] = {}

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
        return [path for path in now if path not in before]

    def drop(self, rating_key: str) -> None:
        """Forget an item."""
        for path in self._paths.pop(rating_key, ()):
            left = tuple(other for other in self._keys.get(path, ()) if other != rating_key)
            if left:
                self._keys[path] = left
            else:
                self._keys.pop(path, None)

    def keep(self, rating_keys: set[str]) -> None:
        """Forget every item but these, after a complete listing."""
        for rating_key in [known for known in self._paths if known not in rating_keys]:
            self.drop(rating_key)

    def find(self, paths: Iterable[str]) -> list[str]:
        """Return the rating keys of all items that have one of these files, each once, in a stable order."""
        found = {rating_key for path in paths for rating_key in self._keys.get(self._key(path), ())}
        return sorted(found, key=lambda rating_key: (len(rating_key), rating_key))


def holds(current: Current, paths: Iterable[str], key: Callable[[str], str]) -> bool:
    """Tell whether an item, as just read, has one of these files; a rating key alone proves nothing."""
    wanted = {key(path) for path in paths}
    return any(key(path) in wanted for path in current.paths)
