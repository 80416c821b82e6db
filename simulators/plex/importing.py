"""A provider's metadata object taken over into an item: all but what is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.plex.model import IMAGE_FOLDERS, Image, ImageKind, Item, Tagging

if TYPE_CHECKING:
    from simulators.plex.agents import Provider
    from simulators.plex.server import Plex

_TEXTS = ("titleSort", "originalTitle", "summary", "tagline", "studio", "contentRating", "originallyAvailableAt")
_TAGS = {
    "genre": "Genre",
    "director": "Director",
    "writer": "Writer",
    "producer": "Producer",
    "country": "Country",
    "actor": "Role",
}
_PICTURES: dict[str, ImageKind] = {
    "coverPoster": "thumb",
    "background": "art",
    "clearLogo": "clearLogo",
    "backgroundSquare": "squareArt",
}


def take_over(plex: Plex, provider: Provider, item: Item, found: dict[str, Any], pictures: dict[str, bytes]) -> None:
    """Fill `item` from the object `found`; `pictures` are the downloaded bytes by type."""
    if found.get("title") and "title" not in item.locks:
        item.fields["title"] = found["title"]
    for name in _TEXTS:
        _set(item, name, found.get(name))
    _set(item, "year", found.get("year") or _year(found))
    for rating in found.get("Rating") or []:
        _set(item, "rating" if rating.get("type") == "critic" else "audienceRating", rating.get("value"))
    for kind, name in _TAGS.items():
        if kind not in item.locks:
            plex.library.set_tags(item, kind, _taggings(plex, kind, found.get(name) or []))
    if "collection" in provider.features and "collection" not in item.locks:
        _join_collections(plex, item, found.get("Collection") or [])
    item.external = [entry["id"] for entry in found.get("Guid") or []]
    for kind, content in pictures.items():
        if kind in _PICTURES:
            _offer(plex, provider, item, _PICTURES[kind], content)
    plex.library.sections[item.section].order = None


def _set(item: Item, name: str, value: str | float | None) -> None:
    if name in item.locks:
        return
    if value is None or value == "":
        item.fields.pop(name, None)
    else:
        item.fields[name] = value


def _year(found: dict[str, Any]) -> int | None:
    digits = str(found.get("originallyAvailableAt") or "")[:4]
    return int(digits) if digits.isdecimal() else None


def _taggings(plex: Plex, kind: str, rows: list[dict[str, Any]]) -> list[Tagging]:
    """Return the tags of a list; of genres only the first arrives, as a bug report of February 2026 has it."""
    if kind == "genre" and plex.settings.first_genre_only:
        rows = rows[:1]
    found: dict[int, Tagging] = {}
    for row in rows:
        tag = plex.library.tags.get(kind, row["tag"], fold=plex.settings.normalise)
        tag.thumb = row.get("thumb") or tag.thumb
        found.setdefault(tag.id, Tagging(tag, row.get("role") or ""))
    return list(found.values())


def _join_collections(plex: Plex, item: Item, rows: list[dict[str, Any]]) -> None:
    uses = {use.tag.id: use for use in item.tags.get("collection", [])}
    for use in _taggings(plex, "collection", rows):
        uses.setdefault(use.tag.id, use)
    plex.library.set_tags(item, "collection", list(uses.values()))


def _offer(plex: Plex, provider: Provider, item: Item, kind: ImageKind, content: bytes) -> None:
    """Offer the provider's picture in place of its last one, and show it unless another is locked."""
    key = f"metadata://{IMAGE_FOLDERS[kind]}/{provider.identifier}_{plex.pictures.keep(content)}"
    held = item.image(kind)
    held.images = [image for image in held.images if image.provider != provider.identifier]
    held.images.append(Image(key, provider.identifier))
    if kind not in item.locks or not held.selected:
        held.selected = key
