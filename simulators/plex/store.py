"""The server's tables: sections, items by rating key and by file, and the collections that follow from tags."""

from __future__ import annotations

import hashlib
import time
import uuid
from typing import TYPE_CHECKING

from simulators.plex.model import COLLECTION, MOVIE, Item, Location, Section, Tag, Tagging
from simulators.plex.tags import TagTable

if TYPE_CHECKING:
    from collections.abc import Iterable


def now() -> int:
    """Return the time as Plex writes it: whole seconds."""
    return int(time.time())


class Library:
    """All sections and items; rating keys are never given twice."""

    def __init__(self) -> None:
        self.sections: dict[str, Section] = {}
        self.items: dict[int, Item] = {}
        self.tags = TagTable()
        self._by_path: dict[str, int] = {}
        self._keys = 0
        self._ids = 0

    def new_key(self) -> int:
        """Return a rating key that nothing has had."""
        self._keys += 1
        return self._keys

    def new_id(self) -> int:
        """Return an id for a file or folder."""
        self._ids += 1
        return self._ids

    def add_section(self, title: str, paths: Iterable[str], agent: str) -> Section:
        """Add a movie library with these folders."""
        key = str(max(map(int, self.sections), default=0) + 1)
        locations = [Location(self.new_id(), path) for path in paths]
        name = uuid.uuid5(uuid.NAMESPACE_URL, f"section/{key}/{title}")
        section = Section(key, title, locations, agent, str(name), created_at=now(), scanned_at=now())
        self.sections[key] = section
        return section

    def remove_section(self, key: str) -> None:
        """Remove a library and all that is in it."""
        for item in list(self.sections[key].items.values()):
            self.remove(item)
        del self.sections[key]

    def add(self, item: Item) -> None:
        """Add a movie with its files."""
        section = self.sections[item.section]
        self.items[item.key] = section.items[item.key] = item
        for part in item.parts:
            self._by_path[part.file] = item.key
        section.order = None

    def remove(self, item: Item) -> None:
        """Remove a movie, or a collection from all that are in it."""
        section = self.sections[item.section]
        if item.kind == COLLECTION:
            for member in list(item.members):
                kept = [t for t in self.items[member].tags.get("collection", []) if t.tag.name != item.title]
                self.set_tags(self.items[member], "collection", kept)
            return
        self.set_tags(item, "collection", [])
        for part in item.parts:
            self._by_path.pop(part.file, None)
        del self.items[item.key], section.items[item.key]
        section.order = None

    def by_path(self, path: str) -> Item | None:
        """Return the movie that has this file."""
        key = self._by_path.get(path)
        return None if key is None else self.items[key]

    def reindex(self, item: Item, old_paths: Iterable[str]) -> None:
        """Take note that the files of `item` are others than `old_paths`."""
        for path in old_paths:
            if self._by_path.get(path) == item.key:
                del self._by_path[path]
        for part in item.parts:
            self._by_path[part.file] = item.key

    def in_order(self, section: Section) -> list[Item]:
        """Return the movies of a section by sort title, the order of a listing that asks for none."""
        if section.order is None:
            section.order = sorted(section.items.values(), key=lambda item: (item.title_sort.casefold(), item.key))
        return section.order

    def set_tags(self, item: Item, kind: str, taggings: list[Tagging]) -> None:
        """Give `item` these tags of `kind`; a collection exists as long as something is tagged with it."""
        before = {use.tag.id: use.tag for use in item.tags.get(kind, [])}
        after = {use.tag.id: use.tag for use in taggings}
        if taggings:
            item.tags[kind] = taggings
        else:
            item.tags.pop(kind, None)
        if kind != "collection" or item.kind != MOVIE:
            return
        for tag in [before[number] for number in before.keys() - after.keys()]:
            self._leave(item, tag)
        for tag in [after[number] for number in after.keys() - before.keys()]:
            self.collection(self.sections[item.section], tag).members[item.key] = None

    def _leave(self, item: Item, tag: Tag) -> None:
        section = self.sections[item.section]
        collection = section.collections[tag.name]
        collection.members.pop(item.key, None)
        if not collection.members:
            del section.collections[tag.name], self.items[collection.key]

    def collection(self, section: Section, tag: Tag) -> Item:
        """Return the section's collection for `tag`, making it."""
        found = section.collections.get(tag.name)
        if found is None:
            guid = f"collection://{hashlib.sha1(tag.name.encode(), usedforsecurity=False).hexdigest()}"
            fields: dict[str, str | int | float] = {"title": tag.name}
            found = Item(self.new_key(), section.key, COLLECTION, guid, fields, added_at=now(), updated_at=now())
            section.collections[tag.name] = self.items[found.key] = found
        return found

    def rename_collection(self, collection: Item, name: str) -> None:
        """Call a collection by another name; where one is called so already, the members join it."""
        section, old = self.sections[collection.section], collection.title
        if name == old:
            return
        tag, joins = self.tags.get("collection", name, fold=False), name in section.collections
        if not joins:
            section.collections[name] = section.collections.pop(old)
            collection.fields["title"] = name
        for member in [self.items[key] for key in collection.members]:
            uses = [Tagging(tag) if use.tag.name == old else use for use in member.tags["collection"]]
            if joins:
                self.set_tags(member, "collection", uses)
            else:
                member.tags["collection"] = uses
