"""Photos of performers: when ours is sent, and what is recorded of it. Pure.

Plex has one photo a person for the whole server, and may show its own address in place of the one that was sent. So
each photo is sent once, and recorded as `<hash of the name>><hash of the address>` under PHOTOS in what we wrote.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from services.plex_writer.forms import entry_hash, value_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.plex_writer.plan import Entry

PHOTOS: Final = "photos"
_OURS: Final = re.compile(r"/images/performer/[0-9]+(?:\?|$)")


def photo(entry: Entry, wanted: str, marks: Iterable[str], *, wins: bool) -> str:
    """Return the photo that an entry is to have: ours in place of none or of an older one of ours, else as it is.

    `wins` when Stash's photo takes the place of any.
    """
    if not wanted or wanted == entry.thumb:
        return entry.thumb
    sent = dict(mark.split(">", 1) for mark in marks if ">" in mark)
    before = sent.get(entry_hash(entry.name))
    if before == value_hash(wanted):
        return entry.thumb
    is_ours = before is not None or _OURS.search(entry.thumb) is not None
    return wanted if wins or is_ours or not entry.thumb else entry.thumb


def marks_after(sent: Iterable[Entry], photos: Mapping[str, str], marks: Iterable[str], there: set[str]) -> list[str]:
    """Return what is recorded after `sent` was written: the newest photo of each performer whose hash is `there`."""
    kept = dict(mark.split(">", 1) for mark in marks if ">" in mark)
    for entry in sent:
        if entry.thumb and entry.thumb == photos.get(entry.name):
            kept[entry_hash(entry.name)] = value_hash(entry.thumb)
    return sorted(f"{name}>{address}" for name, address in kept.items() if name in there)
