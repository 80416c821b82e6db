"""How values are stored: as sent, or, with normalisation on, the way a database with opinions keeps them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date

_FLOATS = frozenset({"rating", "audienceRating", "userRating"})
_INTEGERS = frozenset({"year", "addedAt"})
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")


def stored(name: str, sent: str, *, normalise: bool) -> str | float | None:
    """Return what the field `name` holds after `sent` was written to it; None when it is then empty."""
    if name in _FLOATS or name in _INTEGERS:
        return _number(sent, whole=name in _INTEGERS)
    if not normalise:
        return sent
    text = sent.replace("\r\n", "\n").strip()
    return tidy_date(text) if name == "originallyAvailableAt" else text


def _number(sent: str, *, whole: bool) -> float | None:
    with suppress(ValueError):
        return int(float(sent)) if whole else float(sent)
    return None


def tidy_date(text: str) -> str:
    """Return `text` as YYYY-MM-DD, or nothing when it is no date."""
    found = _DATE.fullmatch(text)
    with suppress(ValueError):
        return date(*map(int, found.groups())).isoformat() if found else ""
    return ""


def tag_name(kind: str, sent: str, *, normalise: bool) -> str:
    """Return the name under which a tag is kept; labels get a capital, as their users report."""
    if not normalise:
        return sent
    name = " ".join(sent.split())
    return name[:1].upper() + name[1:] if kind == "label" else name
