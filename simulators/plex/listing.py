"""The query of a listing as pure functions: filters with Plex's operators, sorting, and the page asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from simulators.plex.model import TAG_KINDS, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_KEY = re.compile(r"(?:\w+\.)?(\w+)([!<>=]*)")
_TEXTS = frozenset({"title", "titleSort", "originalTitle", "studio", "summary", "tagline", "contentRating"})
_NUMBERS = frozenset({"addedAt", "updatedAt", "year", "duration", "userRating", "rating", "audienceRating", "id"})
_SORTS = _TEXTS | _NUMBERS | {"originallyAvailableAt", "ratingKey"}


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: `updatedAt>>=5` is name `updatedAt`, operator `>>=`, value `5`."""

    name: str
    operator: str
    value: str


def pairs_of(query: str) -> list[tuple[str, str]]:
    """Return the decoded pairs of a query string, in order, empty values included."""
    pairs = (part.partition("=") for part in query.split("&") if part)
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs]


def filters_of(pairs: list[tuple[str, str]]) -> list[Filter]:
    """Return the conditions among the pairs of a query; a name Plex does not filter by is passed over."""
    found = []
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        if match is None or match[1] not in _MATCHERS:
            continue
        # `title==x` and `title!==x` split at their first equals sign
        doubled = value.startswith("=") and match[2] in {"", "!"}
        operator = match[2] + ("==" if doubled else "=")
        found.append(Filter(match[1], operator, value[1:] if doubled else value))
    return found


def matches(item: Item, filters: list[Filter]) -> bool:
    """Return whether `item` meets all `filters`."""
    return all(_MATCHERS[wanted.name](item, wanted) for wanted in filters)


def _text(item: Item, wanted: Filter) -> bool:
    """Compare texts as Plex's own filter list says: `=` contains, `==` is, `<=` begins, `>=` ends."""
    held, asked = str(item.fields.get(wanted.name, "")).casefold(), wanted.value.casefold()
    compare: dict[str, Callable[[], bool]] = {
        "!=": lambda: asked not in held,
        "==": lambda: held == asked,
        "!==": lambda: held != asked,
        "<=": lambda: held.startswith(asked),
        ">=": lambda: held.endswith(asked),
    }
    return compare.get(wanted.operator, lambda: asked in held)()


def _number(item: Item, wanted: Filter) -> bool:
    """Compare numbers; `>>=` is "greater than", without the value itself (the title Plex gives the operator)."""
    held = _number_of(item, wanted.name)
    values = [float(value) for value in wanted.value.split(",") if value.replace(".", "", 1).lstrip("-").isdecimal()]
    if held is None or not values:
        return wanted.operator == "!="
    compare: dict[str, Callable[[], bool]] = {
        "!=": lambda: held not in values,
        ">>=": lambda: held > values[0],
        "<<=": lambda: held < values[0],
        ">=": lambda: held >= values[0],
        "<=": lambda: held <= values[0],
    }
    return compare.get(wanted.operator, lambda: held in values)()


def _number_of(item: Item, name: str) -> float | None:
    own = {"addedAt": item.added_at, "updatedAt": item.updated_at, "id": item.key}
    if name in own:
        return own[name]
    if name == "duration":
        return item.parts[0].duration if item.parts else 0
    held = item.fields.get(name)
    return held if isinstance(held, (int, float)) else None


def _date(item: Item, wanted: Filter) -> bool:
    held = str(item.fields.get("originallyAvailableAt", ""))
    after, before = wanted.operator == ">>=", wanted.operator == "<<="
    return held > wanted.value if after else held < wanted.value if before else held == wanted.value


def _guid(item: Item, wanted: Filter) -> bool:
    return (item.guid == wanted.value) != wanted.operator.startswith("!")


def _file(item: Item, wanted: Filter) -> bool:
    """Match any part of a file's path (recorded and described for PMS 1.43.1)."""
    return any(wanted.value in part.file for part in item.parts)


def _tag(item: Item, wanted: Filter) -> bool:
    asked = set(wanted.value.casefold().split(","))
    held = {name for use in item.tags.get(wanted.name, []) for name in (str(use.tag.id), use.tag.name.casefold())}
    return bool(asked & held) != wanted.operator.startswith("!")


def _unmatched(item: Item, wanted: Filter) -> bool:
    asked = (wanted.value != "0") != wanted.operator.startswith("!")
    return item.guid.startswith("local://") == asked


def _trash(item: Item, wanted: Filter) -> bool:
    asked = (wanted.value != "0") != wanted.operator.startswith("!")
    return (bool(item.parts) and all(part.missing for part in item.parts)) == asked


_MATCHERS: dict[str, Callable[[Item, Filter], bool]] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_NUMBERS, _number),
    **dict.fromkeys(TAG_KINDS, _tag),
    "originallyAvailableAt": _date,
    "guid": _guid,
    "file": _file,
    "unmatched": _unmatched,
    "trash": _trash,
}


def in_sort(items: list[Item], sort: str) -> list[Item]:
    """Return `items` sorted as `sort` says, `field[:desc]` separated by commas; names unknown to Plex do nothing."""
    ordered = items
    for clause in reversed(sort.split(",")):
        name, _, direction = clause.partition(":")
        name = name.rpartition(".")[2]
        if name in _SORTS:
            ordered = sorted(ordered, key=lambda item: _sort_key(item, name), reverse=direction == "desc")
    return ordered


def _sort_key(item: Item, name: str) -> tuple[float, str]:
    if name == "titleSort":
        return 0, item.title_sort.casefold()
    if name in _NUMBERS:
        return _number_of(item, name) or 0, ""
    return 0, str(item.fields.get(name, "")).casefold()


@dataclass(frozen=True, slots=True)
class Page:
    """The part of a listing asked for; `size` None is all of it, and then no totals are told."""

    start: int = 0
    size: int | None = None

    def of(self, items: list[Item]) -> list[Item]:
        """Return the items on this page."""
        return items[self.start :] if self.size is None else items[self.start : self.start + self.size]


def page_of(query: Mapping[str, str], headers: Mapping[str, str]) -> Page:
    """Return the page that a request names in its query or its headers."""

    def asked(name: str) -> int | None:
        text = query.get(name, headers.get(name, ""))
        return int(text) if text.isdecimal() else None

    return Page(asked("X-Plex-Container-Start") or 0, asked("X-Plex-Container-Size"))
