"""What an item really is, in the plain names that the control API and the history of writes use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.plex.model import Item

TEXTS = (
    "title",
    "titleSort",
    "originalTitle",
    "summary",
    "originallyAvailableAt",
    "studio",
    "tagline",
    "contentRating",
    "editionTitle",
)
NUMBERS = ("rating", "audienceRating", "userRating", "year")
# plain name of a list -> kind of tag
LISTS = {
    "genres": "genre",
    "collections": "collection",
    "directors": "director",
    "writers": "writer",
    "producers": "producer",
    "countries": "country",
    "labels": "label",
}
PLURALS = {kind: name for name, kind in LISTS.items()} | {"actor": "actors"}
NAMES = (*TEXTS, *NUMBERS, *LISTS, "actors", "locks", "poster", "art", "guid", "files")


def view(item: Item, names: Iterable[str]) -> dict[str, Any]:
    """Return the named facts about `item`: texts, numbers or None, lists of names."""
    return {name: _fact(item, name) for name in names}


def _fact(item: Item, name: str) -> Any:
    if name in TEXTS:
        return item.fields.get(name, "")
    if name in LISTS:
        return [use.tag.name for use in item.tags.get(LISTS[name], [])]
    if name == "actors":
        return [{"tag": use.tag.name, "role": use.text, "thumb": use.tag.thumb} for use in item.tags.get("actor", [])]
    special: dict[str, Any] = {
        "addedAt": lambda: item.added_at,
        "locks": lambda: sorted(item.locks),
        "poster": lambda: item.selected("thumb"),
        "art": lambda: item.selected("art"),
        "guid": lambda: item.guid,
        "files": lambda: [part.file for part in item.parts],
    }
    return special[name]() if name in special else item.fields.get(name)


def whole(item: Item) -> dict[str, Any]:
    """Return everything about `item`; keys and section as strings, `updatedAt` in seconds."""
    head = {"ratingKey": str(item.key), "section": item.section}
    return head | view(item, NAMES) | {"addedAt": item.added_at, "updatedAt": item.updated_at}
