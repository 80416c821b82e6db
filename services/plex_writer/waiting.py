"""Scenes that Plex does not have yet, by the files they wait for. Pure; costs nothing until a file turns up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Waiting:
    """Path -> scenes, by `key`, the form in which paths are compared; bounded by the number of scenes."""

    def __init__(self, key: Callable[[str], str]) -> None:
        self._key = key
        self._ids: dict[str, tuple[int, ...]] = {}
        self._paths: dict[int, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._paths)

    def add(self, scene_id: int, paths: Iterable[str]) -> None:
        """Let a scene wait for any of these files, in place of those it waited for; without a file for nothing."""
        self.drop(scene_id)
        keys = tuple(dict.fromkeys(self._key(path) for path in paths))
        if keys:
            self._paths[scene_id] = keys
        for path in keys:
            self._ids[path] = (*self._ids.get(path, ()), scene_id)

    def drop(self, scene_id: int) -> None:
        """Let a scene wait no longer."""
        for path in self._paths.pop(scene_id, ()):
            left = tuple(other for other in self._ids.get(path, ()) if other != scene_id)
            if left:
                self._ids[path] = left
            else:
                self._ids.pop(path, None)

    def for_path(self, path: str) -> tuple[int, ...]:
        """Return the scenes that wait for this file."""
        return self._ids.get(self._key(path), ())

    def ending(self, tails: Iterable[str]) -> set[str]:
        """Return the files waited for that end in one of these, by whole components: Plex may tell only a part."""
        wanted: dict[str, list[str]] = {}
        for tail in tails:
            form = self._key(tail).lstrip("/")
            wanted.setdefault(form.rpartition("/")[2], []).append(f"/{form}")
        return {
            path
            for path in self._ids
            for tail in wanted.get(path.rpartition("/")[2], ())
            if f"/{path.lstrip('/')}".endswith(tail)
        }
