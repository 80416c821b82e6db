"""Which Stash this is: whether the one that answers is the one whose scenes are retained; pure.

Stash has no identity of its own. Its scenes have: ids are never used again and created_at never changes, except by an
import that replaces the whole database. So the oldest scene tells at a glance; where it is another one now, a sample of
known scenes decides; where none of them is left, the database's path does, which is weak evidence (all containers have
the same one).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

from common.item import short_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.stash_watcher.changes import Entry, Listed
    from services.stash_watcher.observed import Oldest


class Source(NamedTuple):
    """What a Stash is known by: digests of its database's path, and of its oldest scene when it was first seen."""

    database: str
    oldest: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the source that an info has, or None when it has none."""
        database, _, oldest = text.partition(".")
        return cls(database, oldest) if database and oldest else None

    @classmethod
    def of(cls, database: str, oldest: Oldest | None) -> Self:
        """Return what a Stash is known by from now on."""
        return cls(database, short_hash(repr(oldest and tuple(oldest)).encode()))

    def __str__(self) -> str:
        return f"{self.database}.{self.oldest}"


class Evidence(NamedTuple):
    """How many known scenes a Stash has as we know them, and how many under the same id but born at another time."""

    same: int = 0
    other: int = 0

    def with_rows(self, rows: Iterable[Listed], entries: Mapping[int, Entry]) -> Evidence:
        """Return the evidence with some listed rows counted in."""
        same, other = self
        for row in rows:
            entry = entries.get(row.id)
            if entry is not None and entry.born:
                same, other = (same + 1, other) if entry.born == row.born else (same, other + 1)
        return Evidence(same, other)

    def is_same(self, known: Source | None, database: str) -> bool:
        """Say whether the Stash that answers is the known one."""
        if self.same or self.other:
            return self.same >= self.other
        return known is None or known.database == database


def anchors(ids: Iterable[int]) -> list[int]:
    """Return the ids after which to list a few scenes: the beginning, the middle and the end of what is known."""
    known = sorted(ids)
    if not known:
        return []
    places = {0, len(known) // 2, max(0, len(known) - 10)}
    return [known[place] - 1 for place in sorted(places)]
