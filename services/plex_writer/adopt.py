"""What `resync` with `adopt` takes for ours, and what is left alone without it. Pure.

After a loss of all outcomes nobody can tell what we wrote from what a person wrote. Fields under `fill` that differ are
then left alone and told in the outcome; a person who knows better has them adopted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.plex_writer.forms import entry_hash, fold, value_hash
from services.plex_writer.plan import LISTS, SCALARS, Ours, plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from common.item import Item
    from common.options import FieldPolicy
    from services.plex_writer.plan import Current


def adopted(item: Item, current: Current, ours: Ours, fields: Mapping[str, FieldPolicy]) -> Ours:
    """Return `ours` with what Plex shows in fields under `fill`, and the entries that Stash has as well.

    Where Stash has no value, and for an entry under `merge` that it lacks, Plex's stays a person's: nothing tells that
    it ever was ours, and taking it for ours would remove it.
    """
    seen = {name: set(digests) for name, digests in ours.seen.items()}
    for name in SCALARS:
        shown = current.scalars.get(name, "")
        from_file = name == "title" and item.named_after_file
        if shown and getattr(item, name) and fields[name].policy != "off" and not from_file:
            seen.setdefault(name, set()).add(value_hash(shown))
    for name in LISTS:
        wanted = {fold(entry) for entry in getattr(item, name)}
        there = {fold(entry.name) for entry in current.lists.get(name, ())}
        if wanted and fields[name].policy != "off":
            seen.setdefault(name, set()).update(
                entry_hash(entry) for entry in (there if fields[name].policy == "fill" else there & wanted)
            )
    return Ours({name: frozenset(digests) for name, digests in seen.items()}, ours.begun, ours.pairs)


def left_alone(item: Item, current: Current, ours: Ours, fields: Mapping[str, FieldPolicy]) -> list[str]:
    """Return the fields that adopting would change: Plex has another value there that is not known to be ours."""
    edit = plan(item, current, adopted(item, current, ours, fields), fields)
    usual = plan(item, current, ours, fields)
    return [name for name in _names(edit.scalars, edit.lists) if name not in usual.scalars and name not in usual.lists]


def _names(*parts: Mapping[str, object]) -> Iterator[str]:
    for part in parts:
        yield from part
