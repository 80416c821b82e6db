"""The server's one table of tags: a name has one row and one picture, whoever carries it."""

from __future__ import annotations

from simulators.plex.model import Tag


class TagTable:
    """All tags by kind and name."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Tag] = {}
        self._folded: dict[tuple[str, str], Tag] = {}
        self._count = 0

    def get(self, kind: str, name: str, *, fold: bool) -> Tag:
        """Return the tag called `name`, making it; with `fold`, one that differs only in case is the same tag."""
        found = self.find(kind, name, fold=fold)
        if found is not None:
            return found
        self._count += 1
        tag = self._exact[kind, name] = Tag(self._count, kind, name)
        self._folded.setdefault((kind, name.casefold()), tag)
        return tag

    def find(self, kind: str, name: str, *, fold: bool) -> Tag | None:
        """Return the tag called `name`, or None."""
        exact = self._exact.get((kind, name))
        return exact or (self._folded.get((kind, name.casefold())) if fold else None)
