"""What a library says it can be filtered and sorted by: plexapi refuses to search by anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex.element import Element

if TYPE_CHECKING:
    from simulators.plex.model import Section

_TAGS = ("genre", "collection", "director", "writer", "producer", "actor", "country", "label")
_FIELDS = (
    ("title", "Title", "string"),
    ("studio", "Studio", "string"),
    ("userRating", "Rating", "integer"),
    ("contentRating", "Content Rating", "string"),
    ("year", "Year", "integer"),
    ("originallyAvailableAt", "Release Date", "date"),
    ("duration", "Duration", "integer"),
    ("unmatched", "Unmatched", "boolean"),
    ("addedAt", "Date Added", "date"),
    ("trash", "Trash", "boolean"),
    *((kind, kind.capitalize(), "tag") for kind in _TAGS),
)
_SORTS = (
    ("titleSort", "Title", "asc"),
    ("originallyAvailableAt", "Release Date", "desc"),
    ("rating", "Critic Rating", "desc"),
    ("audienceRating", "Audience Rating", "desc"),
    ("duration", "Duration", "desc"),
    ("addedAt", "Date Added", "desc"),
)
_OPERATORS = {
    "tag": (("=", "is"), ("!=", "is not")),
    "integer": (("=", "is"), ("!=", "is not"), (">>=", "is greater than"), ("<<=", "is less than")),
    "string": (
        ("=", "contains"),
        ("!=", "does not contain"),
        ("==", "is"),
        ("!==", "is not"),
        ("<=", "begins with"),
        (">=", "ends with"),
    ),
    "boolean": (("=", "is true"), ("!=", "is false")),
    "date": (("<<=", "is before"), (">>=", "is after")),
}


def meta(section: Section) -> Element:
    """Return the Meta element of a listing with `includeMeta=1`."""
    base = f"/library/sections/{section.key}"
    filters = [
        Element(
            "Filter",
            {"filter": kind, "filterType": "string", "key": f"{base}/{kind}", "title": kind.title(), "type": "filter"},
        )
        for kind in _TAGS
    ]
    sorts = [
        Element("Sort", {"defaultDirection": way, "descKey": f"{key}:desc", "key": key, "title": title})
        for key, title, way in _SORTS
    ]
    fields = [Element("Field", {"key": key, "title": title, "type": kind}) for key, title, kind in _FIELDS]
    kinds = [
        Element("Type", {"key": f"{base}/all?type=1", "type": "movie", "title": "Movies", "active": True}),
        Element("Type", {"key": f"{base}/collections?type=18", "type": "collection", "title": "Collections"}),
    ]
    for kind in kinds:
        kind.children += [*filters, *sorts, *fields]
    return Element("Meta", {}, [*kinds, *(_field_type(name) for name in _OPERATORS)])


def _field_type(name: str) -> Element:
    operators = [Element("Operator", {"key": key, "title": title}) for key, title in _OPERATORS[name]]
    return Element("FieldType", {"type": name}, operators)
