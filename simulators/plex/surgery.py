"""What makes one item into another: moved files, merged and split items, new keys for old files, lost metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex.model import MOVIE, Item
from simulators.plex.notifications import CREATED, DELETED, PROCESSED
from simulators.plex.scan import bare, created
from simulators.plex.store import now
from simulators.plex.truth import NAMES, view
from simulators.plex.writes import commit

if TYPE_CHECKING:
    from simulators.plex.ledger import Origin
    from simulators.plex.model import Part
    from simulators.plex.server import Plex


def forget(plex: Plex, origin: Origin, item: Item) -> None:
    """Remove `item` from its library, record it and say so."""
    plex.ledger.wrote(item.key, origin, view(item, ["title", "guid", "files"]), {})
    plex.library.remove(item)
    plex.section(item.section).content_changed_at += 1
    plex.hub.timeline(item, DELETED, metadataState="deleted")


def replace(plex: Plex, origin: Origin, item: Item) -> Item:
    """Put a new item with another key in the place of `item`; its files stay, all else is lost."""
    section = plex.section(item.section)
    first = section.disk[item.parts[0].file]
    forget(plex, origin, item)
    new = created(plex, section, first)
    new.parts += item.parts[1:]
    plex.library.reindex(new, [])
    plex.hub.timeline(new, CREATED, metadataState="created")
    plex.hub.timeline(new, PROCESSED)
    return new


def merge(plex: Plex, origin: Origin, item: Item, others: list[Item]) -> None:
    """Make the files of `others` versions of `item`; the others are gone."""

    def change() -> None:
        for other in others:
            forget(plex, origin, other)
            item.parts += other.parts
        plex.library.reindex(item, [])

    commit(plex, origin, item, ["files"], change)


def split(plex: Plex, origin: Origin, item: Item) -> list[Item]:
    """Give every file of `item` but the first an item of its own with the same metadata; returns the new ones."""
    apart = item.parts[1:]

    def change() -> None:
        item.parts = item.parts[:1]

    commit(plex, origin, item, ["files"], change)
    return [_copy(plex, item, part) for part in apart]


def _copy(plex: Plex, item: Item, part: Part) -> Item:
    key = plex.library.new_key()
    copy = Item(key, item.section, MOVIE, item.guid, dict(item.fields), added_at=now(), updated_at=now())
    copy.locks = set(item.locks)
    copy.parts = [part]
    plex.library.add(copy)
    for kind, uses in item.tags.items():
        plex.library.set_tags(copy, kind, list(uses))
    plex.hub.timeline(copy, CREATED, metadataState="created")
    return copy


def empty(plex: Plex, origin: Origin, item: Item) -> None:
    """Take everything from `item` that its file name does not tell, match and locks included."""

    def change() -> None:
        _unbind(item)
        bare(item, plex.section(item.section).disk[item.parts[0].file])
        for kind in list(item.tags):
            plex.library.set_tags(item, kind, [])
        item.locks.clear()
        item.images.clear()
        plex.section(item.section).order = None

    commit(plex, origin, item, NAMES, change)


def unmatch(plex: Plex, origin: Origin, item: Item) -> None:
    """Bind `item` to nothing."""
    commit(plex, origin, item, ["guid"], lambda: _unbind(item))


def _unbind(item: Item) -> None:
    item.guid = f"local://{item.key}"
    item.external = []


def move(plex: Plex, origin: Origin, item: Item, old: str, new: str) -> None:
    """Move a file on the disk; PMS knows it again by its hash, so the item stays. ValueError: outside the library."""
    section = plex.section(item.section)
    if not section.holds(new):
        raise ValueError(f"{new} lies in no folder of library {section.key}")

    def change() -> None:
        file = section.disk.pop(old)
        file.path = new
        section.disk[new] = file
        for part in item.parts:
            if part.file == old:
                part.file = new
        plex.library.reindex(item, [old])

    commit(plex, origin, item, ["files"], change)
