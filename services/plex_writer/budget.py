"""How much one request may carry: all of an edit stands in its URL, and which length Plex takes is not known. Pure.

A list that does not fit can't be split: a server that lets the tags of a request replace those present would keep the
last part only. So of ours only those are written that fit beside what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.plex_writer.plan import Entry

URL_BUDGET: Final = 7_500
_HEAD: Final = len("type=1&id=123456789012&collection.locked=1")
_NAME: Final = len("&collection%5B100%5D.tag.tag=")
_ROLE: Final = len("&actor%5B100%5D.tagging.text=")
_THUMB: Final = len("&actor%5B100%5D.tag.thumb=")


def fitting(kept: Sequence[Entry], added: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return those of `added` that fit into one request beside all that is kept, whatever their order."""
    room = URL_BUDGET - _HEAD - sum(map(_size, kept))
    wanted = tuple(added)
    if sum(map(_size, wanted)) <= room:
        return wanted
    chosen = set()
    for entry in sorted(wanted, key=lambda entry: entry.name.casefold()):
        if _size(entry) <= room:
            room -= _size(entry)
            chosen.add(entry.name)
    return tuple(entry for entry in wanted if entry.name in chosen)


def _size(entry: Entry) -> int:
    size = _NAME + len(quote_plus(entry.name))
    size += _ROLE + len(quote_plus(entry.role)) if entry.role else 0
    return size + (_THUMB + len(quote_plus(entry.thumb)) if entry.thumb else 0)
