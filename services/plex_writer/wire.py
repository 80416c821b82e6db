"""An item in Plex's words: the XML of its own page in, and an edit out as the query strings that carry it. Pure."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from common.text import shorten
from services.plex_writer.budget import URL_BUDGET
from services.plex_writer.plan import Current, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from xml.etree.ElementTree import Element

    from services.plex_writer.plan import Edit, Rewrite, Scalar

SCALAR_FIELDS = {
    "title": "title",
    "sort_title": "titleSort",
    "summary": "summary",
    "date": "originallyAvailableAt",
    "studio": "studio",
    "tagline": "tagline",
    "content_rating": "contentRating",
}
STARS = "rating"
LIST_FIELDS = {
    "director": ("Director", "director"),
    "performers": ("Role", "actor"),
    "tags": ("Genre", "genre"),
    "collections": ("Collection", "collection"),
}
IMAGE_FIELDS = {"poster": "thumb", "art": "art"}
LOCK_NAMES = {plex: ours for ours, plex in (SCALAR_FIELDS | IMAGE_FIELDS).items()} | {
    tag: ours for ours, (_, tag) in LIST_FIELDS.items()
}
_REMOVAL = len("&collection%5B%5D.tag.tag-=&collection.locked=1")
_COMMA = len("%2C")
IDENTIFIER = "com.plexapp.plugins.library"


def current_of(video: Element, section: str) -> Current:
    """Return an item as its own page has it; `section` is the library that the page is of."""
    locked = {field.get("name", "") for field in video.iter("Field") if field.get("locked") == "1"}
    return Current(
        rating_key=video.get("ratingKey", ""),
        section=video.get("librarySectionID", section),
        guid=video.get("guid", ""),
        paths=paths_of(video),
        scalars={ours: video.get(plex, "") for ours, plex in SCALAR_FIELDS.items()} | {STARS: _stars(video)},
        lists={ours: tuple(_entries(video, element)) for ours, (element, _) in LIST_FIELDS.items()},
        locked=frozenset(LOCK_NAMES[name] for name in locked if name in LOCK_NAMES),
        updated_at=updated_at_of(video),
    )


def updated_at_of(video: Element) -> int:
    """Return when an item was changed last, in seconds; one that never was has the time of its making."""
    return int(video.get("updatedAt") or video.get("addedAt") or "0")


def paths_of(video: Element) -> tuple[str, ...]:
    """Return the files of an item, which listings have as well."""
    return tuple(path for part in video.iter("Part") if (path := part.get("file")))


def queries(current: Current, edit: Edit) -> list[str]:
    """Pack an edit's fields into as few query strings as hold them, the owner's stars aside.

    Each has at most 7,500 bytes, unless a single text is longer. Values and lists are never split; what is to be taken
    out of a list may follow in a string of its own, since the list as it is in between misleads nobody.
    """
    head = urlencode({"type": "1", "id": current.rating_key})
    groups = [_scalar(name, change) for name, change in edit.scalars.items() if name != STARS]
    for name, rewrite in edit.lists.items():
        groups += _list(name, rewrite, current.lists.get(name, ()), URL_BUDGET - len(head) - 1)
    packed: list[str] = []
    for group in groups:
        if packed and len(packed[-1]) + 1 + len(group) <= URL_BUDGET:
            packed[-1] += f"&{group}"
        else:
            packed.append(f"{head}&{group}")
    return packed


def shorter(query: str) -> str | None:
    """Return a query string that is over 7,500 bytes for one long text with that text cut to fit, or None."""
    pairs = parse_qsl(query, keep_blank_values=True)
    place = next((n for n, (name, value) in enumerate(pairs) if name.endswith(".value") and len(value) > 1), None)
    if len(query) <= URL_BUDGET or place is None:
        return None
    name, value = pairs[place]
    room = URL_BUDGET - len(urlencode([*pairs[:place], (name, ""), *pairs[place + 1 :]]))
    fits = bisect_right(range(len(value) + 1), room, key=lambda limit: len(quote_plus(shorten(value, limit))))
    return urlencode([*pairs[:place], (name, shorten(value, fits - 1)), *pairs[place + 1 :]]) if fits > 1 else None


def stars(current: Current, edit: Edit) -> str | None:
    """Return the query string that sets the owner's stars, or takes them back (-1); None where they stay."""
    change = edit.scalars.get(STARS)
    if change is None:
        return None
    return urlencode({"key": current.rating_key, "identifier": IDENTIFIER, "rating": change.value or "-1"})


def _scalar(name: str, change: Scalar) -> str:
    field = SCALAR_FIELDS[name]
    return urlencode({f"{field}.value": change.value, f"{field}.locked": int(change.lock)})


def _list(name: str, rewrite: Rewrite, shown: Sequence[Entry], room: int) -> list[str]:
    """Name the complete list and what to take out: right for a server that replaces and for one that adds.

    What is to be taken out goes in groups of its own where it finds no room; if nothing else changes, it alone is sent.
    """
    _, tag = LIST_FIELDS[name]
    lock = (f"{tag}.locked", int(rewrite.lock))
    entries = _named(tag, rewrite.entries)
    whole = urlencode([*entries, *_removal(tag, rewrite.remove), lock])
    if len(whole) <= room or not rewrite.remove:
        return [whole]
    pieces = [urlencode([*_removal(tag, piece), lock]) for piece in _pieces(rewrite.remove, room)]
    return pieces if set(rewrite.entries) <= set(shown) else [urlencode([*entries, lock]), *pieces]


def _named(tag: str, entries: Iterable[Entry]) -> list[tuple[str, str | int]]:
    pairs: list[tuple[str, str | int]] = []
    for position, entry in enumerate(entries):
        pairs.append((f"{tag}[{position}].tag.tag", entry.name))
        if entry.role:
            pairs.append((f"{tag}[{position}].tagging.text", entry.role))
        if entry.thumb:
            pairs.append((f"{tag}[{position}].tag.thumb", entry.thumb))
    return pairs


def _removal(tag: str, names: Sequence[str]) -> list[tuple[str, str | int]]:
    """Names to take out are quoted before they are joined by commas, then quoted with the rest (as plexapi does)."""
    return [(f"{tag}[].tag.tag-", ",".join(quote(name, safe="") for name in names))] if names else []


def _pieces(names: Sequence[str], room: int) -> Iterator[list[str]]:
    """Yield names in groups of which each fits into a request; quoted twice, a sign has up to 15 bytes."""
    piece: list[str] = []
    left = room - _REMOVAL
    for name in names:
        size = len(quote(quote(name, safe=""), safe="")) + _COMMA
        if piece and size > left:
            yield piece
            piece, left = [], room - _REMOVAL
        piece.append(name)
        left -= size
    yield piece


def _stars(video: Element) -> str:
    """Return the owner's stars as the mapping has them: 8.0 is 8."""
    try:
        return f"{float(video.get('userRating', '')):g}"
    except ValueError:
        return ""


def _entries(video: Element, element: str) -> Iterator[Entry]:
    for tag in video.iterfind(element):
        yield Entry(tag.get("tag", ""), tag.get("role", ""), tag.get("thumb", ""))
