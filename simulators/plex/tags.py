"""The server's one table of tags: a name has one row and one picture, whoever carries it."""

from __future__ import annotations

from simulators.plex.model import Tag


class TagTable:
    """All tags by kind and name."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Tag] = {}
        self._folded: dict[tuple[str, str], Tag] = {}
        self._by_id: dict[int, Tag] = {}

    def get(self, kind: str, name: str, *, fold: bool) -> Tag:
        """Return the tag called `name`, making it; with `fold`, one that differs only in case is the same tag."""
        found = self.find(kind, name, fold=fold)
        if found is not None:
            return found
        tag = Tag(len(self._by_id) + 1, kind, name)
        self._by_id[tag.id] = tag
        self._exact[kind, name] = tag
        self._folded.setdefault((kind, name.casefold()), tag)
        return tag

    def find(self, kind: str, name: str, *, fold: bool) -> Tag | None:
        """Return the tag called `name`, or None."""
        exact = self._exact.get((kind, name))
        return exact or (self._folded.get((kind, name.casefold())) if fold else None)

    def by_id(self, number: int) -> Tag | None:
        """Return the tag with this id, or None."""
        return self._by_id.get(number)

    def rename(self, tag: Tag, name: str) -> None:
        """Call `tag` by another name, wherever it is carried."""
        self._exact.pop((tag.kind, tag.name), None)
        self._folded.pop((tag.kind, tag.name.casefold()), None)
        tag.name = name
        self._exact[tag.kind, name] = tag
        self._folded.setdefault((tag.kind, name.casefold()), tag)

    def of_kind(self, kind: str) -> list[Tag]:
        """Return all tags of `kind`, oldest first."""
        return [tag for tag in self._by_id.values() if tag.kind == kind]
