"""The forms in which values are compared and recorded: short hashes, and names as Plex tells them apart. Pure."""

from __future__ import annotations

import unicodedata

from common.item import short_hash


def value_hash(value: str) -> str:
    """Return the short hash of a scalar value."""
    return short_hash(value.encode())


def entry_hash(name: str) -> str:
    """Return the short hash of a list entry; forms that Plex takes for the same have the same hash."""
    return short_hash(fold(name).encode())


def fold(name: str) -> str:
    """Return the form in which Plex tells tags apart: without case, outer spaces or Unicode form."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
