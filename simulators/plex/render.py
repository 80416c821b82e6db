"""How an item looks in an answer: light in listings (few tags, no locks), whole under its own path.

Attribute order, element order and the truncation follow recordings of PMS 1.43.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.plex.element import Element, Value
from simulators.plex.file_elements import media
from simulators.plex.model import COLLECTION, Item, Section, Tagging

if TYPE_CHECKING:
    from collections.abc import Mapping

# kind of tag -> element, and how many of them a listing shows
_TAGS = {
    "genre": ("Genre", 2),
    "country": ("Country", 2),
    "collection": ("Collection", 2),
    "director": ("Director", 2),
    "writer": ("Writer", 2),
    "producer": ("Producer", 0),
    "actor": ("Role", 3),
    "label": ("Label", 0),
}
_FIELDS = (
    "titleSort",
    "originalTitle",
    "editionTitle",
    "contentRating",
    "summary",
    "rating",
    "audienceRating",
    "userRating",
    "year",
    "tagline",
)
_COLORS: dict[str, Value] = {
    "topLeft": "49053c",
    "topRight": "0404f7",
    "bottomRight": "0404f7",
    "bottomLeft": "ae0343",
}


@dataclass(frozen=True, slots=True)
class View:
    """What a request wants to see of its items."""

    whole: bool = False
    guids: bool = False
    check_files: bool = False
    without_elements: frozenset[str] = frozenset()
    without_fields: frozenset[str] = frozenset()
    only_elements: frozenset[str] | None = None
    only_fields: frozenset[str] | None = None

    def shows(self, element: str) -> bool:
        """Return whether child elements of this name are wanted."""
        if self.only_elements is not None and element not in self.only_elements:
            return False
        return element not in self.without_elements

    def attributes(self, found: dict[str, Value]) -> dict[str, Value]:
        """Return `found` without what is not wanted; what identifies the item always stays."""
        if self.only_fields is not None:
            keep = self.only_fields | {"ratingKey", "key", "type"}
            return {name: value for name, value in found.items() if name in keep}
        if not self.without_fields:
            return found
        return {name: value for name, value in found.items() if name not in self.without_fields}


def view_of(query: Mapping[str, str], *, whole: bool, modern: bool) -> View:
    """Return what `query` asks for.

    `modern` says that the request named API version 1.0 or later: only then do includeFields and includeElements
    mean "only these"; before they ask for extras (Plex's API text).
    """

    def names(parameter: str) -> frozenset[str]:
        return frozenset(filter(None, query.get(parameter, "").split(",")))

    return View(
        whole=whole,
        guids=whole or query.get("includeGuids") == "1",
        check_files=query.get("checkFiles") == "1",
        without_elements=names("excludeElements"),
        without_fields=names("excludeFields"),
        only_elements=names("includeElements") if modern and "includeElements" in query else None,
        only_fields=names("includeFields") if modern and "includeFields" in query else None,
    )


def item_element(item: Item, section: Section, view: View) -> Element:
    """Return the Video or Directory element of `item`."""
    if item.kind == COLLECTION:
        return _collection(item, section, view)
    children: list[Element] = []
    if view.shows("Media"):
        children += [media(item, part, streams=view.whole, check=view.check_files) for part in item.parts]
    children += _pictures(item, view)
    for kind, (name, limit) in _TAGS.items():
        uses = item.tags.get(kind)
        if uses and view.shows(name):
            children += [_tag(name, use, view) for use in (uses if view.whole else uses[:limit])]
    if view.guids and view.shows("Guid"):
        children += [Element("Guid", {"id": guid}) for guid in item.external]
    if view.whole and view.shows("Field"):
        children += _locks(item)
    return Element("Video", view.attributes(_video(item, section, view)), children, "Metadata")


def _video(item: Item, section: Section, view: View) -> dict[str, Value]:
    fields = item.fields
    found: dict[str, Value] = {"ratingKey": str(item.key), "key": f"/library/metadata/{item.key}", "guid": item.guid}
    if "studio" in fields:
        found["studio"] = fields["studio"]
    found |= {"type": section.type, "title": item.title}
    if view.whole:
        found |= _home(section)
    found |= {name: fields[name] for name in _FIELDS if name in fields}
    found.setdefault("summary", "")
    found |= _picture_paths(item)
    if item.parts:
        found["duration"] = item.parts[0].duration
    if "originallyAvailableAt" in fields:
        found["originallyAvailableAt"] = fields["originallyAvailableAt"]
    found |= {"addedAt": item.added_at, "updatedAt": item.updated_at}
    if item.parts and all(part.missing for part in item.parts):
        found["deletedAt"] = item.updated_at
    return found


def _home(section: Section) -> dict[str, Value]:
    return {
        "librarySectionTitle": section.title,
        "librarySectionID": int(section.key),
        "librarySectionKey": f"/library/sections/{section.key}",
    }


def _picture_paths(item: Item) -> dict[str, Value]:
    """Return thumb and art: the number at the end is the item's updatedAt (the same in all recordings)."""
    kinds = [kind for kind in ("thumb", "art") if item.images and item.selected(kind)]
    return {kind: f"/library/metadata/{item.key}/{kind}/{item.updated_at}" for kind in kinds}


def _pictures(item: Item, view: View) -> list[Element]:
    paths = _picture_paths(item)
    if not paths:
        return []
    kinds = {"thumb": "coverPoster", "art": "background"}
    images = [
        Element("Image", {"alt": item.title, "type": kinds[kind], "url": path})
        for kind, path in paths.items()
        if view.shows("Image")
    ]
    return [*images, Element("UltraBlurColors", _COLORS)] if view.shows("UltraBlurColors") else images


def _tag(name: str, use: Tagging, view: View) -> Element:
    if not view.whole:
        return Element(name, {"tag": use.tag.name})
    tag = use.tag
    found: dict[str, Value] = {"id": tag.id, "filter": f"{tag.kind}={tag.id}", "tag": tag.name}
    if tag.kind == "actor":
        found["tagKey"] = f"{tag.id:024x}"
        if use.text:
            found["role"] = use.text
    if tag.thumb:
        found["thumb"] = tag.thumb
    return Element(name, found)


def _locks(item: Item) -> list[Element]:
    return [Element("Field", {"locked": True, "name": name}) for name in sorted(item.locks)]


def _collection(item: Item, section: Section, view: View) -> Element:
    found: dict[str, Value] = {
        "ratingKey": str(item.key),
        "key": f"/library/collections/{item.key}/children",
        "guid": item.guid,
        "type": "collection",
        "title": item.title,
        **(_home(section) if view.whole else {}),
        "subtype": section.type,
        "summary": item.fields.get("summary", ""),
        **{name: item.fields[name] for name in ("titleSort", "contentRating", "userRating") if name in item.fields},
        "smart": False,
        **_picture_paths(item),
        "addedAt": item.added_at,
        "updatedAt": item.updated_at,
        "childCount": str(len(item.members)),
    }
    labels = [_tag("Label", use, view) for use in item.tags.get("label", [])] if view.whole else []
    children = _pictures(item, view) + labels + (_locks(item) if view.whole else [])
    return Element("Directory", view.attributes(found), children, "Metadata")
