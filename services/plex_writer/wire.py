"""An item in Plex's words: the XML of its own page in, and an edit out as the query strings that carry it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from services.plex_writer.plan import Current, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from services.plex_writer.plan import Edit, Rewrite, Scalar

URL_BUDGET = 7_500
SCALAR_FIELDS = {"title": "title", "summary": "summary", "date": "originallyAvailableAt", "studio": "studio"}
LIST_FIELDS = {"performers": ("Role", "actor"), "tags": ("Genre", "genre")}
LOCK_NAMES = {plex: ours for ours, plex in SCALAR_FIELDS.items()} | {
    tag: ours for ours, (_, tag) in LIST_FIELDS.items()
}


def current_of(video: Element, section: str) -> Current:
    """Return an item as its own page has it; `section` is the library that the page is of."""
    locked = {field.get("name", "") for field in video.iter("Field") if field.get("locked") == "1"}
    return Current(
        rating_key=video.get("ratingKey", ""),
        section=video.get("librarySectionID", section),
        guid=video.get("guid", ""),
        paths=paths_of(video),
        scalars={ours: video.get(plex, "") for ours, plex in SCALAR_FIELDS.items()},
        lists={ours: tuple(_entries(video, element)) for ours, (element, _) in LIST_FIELDS.items()},
        locked=frozenset(LOCK_NAMES[name] for name in locked if name in LOCK_NAMES),
    )


def paths_of(video: Element) -> tuple[str, ...]:
    """Return the files of an item, which listings have as well."""
    return tuple(path for part in video.iter("Part") if (path := part.get("file")))


def queries(current: Current, edit: Edit) -> list[str]:
    """Pack an edit's fields into as few query strings of at most 7,500 bytes as hold them; a field is never split."""
    head = urlencode({"type": "1", "id": current.rating_key})
    groups = [_scalar(name, change) for name, change in edit.scalars.items()]
    groups += [_list(name, rewrite) for name, rewrite in edit.lists.items()]
    packed: list[str] = []
    for group in groups:
        if packed and len(packed[-1]) + 1 + len(group) <= URL_BUDGET:
            packed[-1] += f"&{group}"
        else:
            packed.append(f"{head}&{group}")
    return packed


def _scalar(name: str, change: Scalar) -> str:
    field = SCALAR_FIELDS[name]
    return urlencode({f"{field}.value": change.value, f"{field}.locked": int(change.lock)})


def _list(name: str, rewrite: Rewrite) -> str:
    """Name the complete list and what to take out: right for a server that replaces and for one that adds.

    Names to take out are quoted before they are joined by commas, then quoted with the rest (as plexapi does).
    """
    _, tag = LIST_FIELDS[name]
    params: dict[str, str | int] = {}
    for position, entry in enumerate(rewrite.entries):
        params[f"{tag}[{position}].tag.tag"] = entry.name
        if entry.role:
            params[f"{tag}[{position}].tagging.text"] = entry.role
        if entry.thumb:
            params[f"{tag}[{position}].tag.thumb"] = entry.thumb
    if rewrite.remove:
        params[f"{tag}[].tag.tag-"] = ",".join(quote(gone, safe="") for gone in rewrite.remove)
    params[f"{tag}.locked"] = int(rewrite.lock)
    return urlencode(params)


def _entries(video: Element, element: str) -> Iterator[Entry]:
    for tag in video.iterfind(element):
        yield Entry(tag.get("tag", ""), tag.get("role", ""), tag.get("thumb", ""))
