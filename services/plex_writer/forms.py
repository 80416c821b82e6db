"""The forms in which values are compared and recorded: short hashes, and names as Plex tells them apart. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from common.item import short_hash

# names of tags and performers come up again and again; texts do not, and would fill the memory
SHORT = 80
REMEMBERED = 8_192


def value_hash(value: str) -> str:
    """Return the short hash of a scalar value."""
    return short_hash(value.encode())


def entry_hash(name: str) -> str:
    """Return the short hash of a list entry; forms that Plex takes for the same have the same hash."""
    return _short_hash(name) if len(name) <= SHORT else short_hash(_fold(name).encode())


def fold(name: str) -> str:
    """Return the form in which Plex tells tags apart: without case, outer spaces or Unicode form."""
    return _short_fold(name) if len(name) <= SHORT else _fold(name)


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@lru_cache(maxsize=REMEMBERED)
def _short_fold(name: str) -> str:
    return _fold(name)


@lru_cache(maxsize=REMEMBERED)
def _short_hash(name: str) -> str:
    return short_hash(_short_fold(name).encode())
