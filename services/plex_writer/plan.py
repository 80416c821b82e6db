"""The three-way plan: what is wanted, what Plex shows, and what of that is ours, in; one edit, out. Pure and total.

Ours is what an outcome records: `wrote`, seen in Plex after a write, and `intent`, a write of which no end is recorded.
A person's value is never cleared and, under `fill` and `merge`, never changed; what we added and Stash no longer has
goes. An entry of a list that we added and a person took out stays out: Plex locks what a person edits, and an agent
changes nothing that is locked, so what is missing from a locked list was taken out by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from common.item import short_hash
from services.plex_writer import photos
from services.plex_writer.budget import fitting
from services.plex_writer.forms import entry_hash, fold, value_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from common.item import Item
    from common.messages import ItemOutcome, Wrote
    from common.options import FieldPolicy, Policy

SCALARS: Final = ("title", "sort_title", "summary", "date", "studio", "tagline", "content_rating", "rating")
# Plex has directors in a list, of which Stash has one
LISTS: Final = ("director", "performers", "tags", "collections")
# the owner's stars, which no agent touches and which have no lock
UNLOCKABLE: Final = frozenset({"rating"})


class Entry(msgspec.Struct, frozen=True):
    """One entry of a list in Plex; performers may have a role and a photo, which a rewrite has to keep."""

    name: str
    role: str = ""
    thumb: str = ""


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """A Plex item as read in full; `paths` are its files as Plex names them, `locked` our names of locked fields.

    `updated_at` is Plex's own time of its last change, in seconds.
    """

    rating_key: str
    section: str
    scalars: dict[str, str] = {}
    lists: dict[str, tuple[Entry, ...]] = {}
    locked: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()
    guid: str = ""
    updated_at: int = 0


class Scalar(msgspec.Struct, frozen=True, kw_only=True):
    """Set one field to `value`; an empty value clears it."""

    value: str
    lock: bool


class Rewrite(msgspec.Struct, frozen=True, kw_only=True):
    """Bring one list to exactly `entries`, by naming all of them and those to take out."""

    entries: tuple[Entry, ...]
    remove: tuple[str, ...]
    lock: bool


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """All that is to be written to one item; empty when there is nothing to do.

    `left_out` counts, by field, the entries that do not fit into one request beside those that are there.
    """

    scalars: dict[str, Scalar] = {}
    lists: dict[str, Rewrite] = {}
    left_out: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self.scalars or self.lists)


class Ours(msgspec.Struct, frozen=True):
    """What of an item is ours, by field: hashes of values; `pairs` are (sent, shown) where Plex shows its own form."""

    seen: dict[str, frozenset[str]] = {}
    begun: dict[str, frozenset[str]] = {}
    pairs: dict[str, tuple[str, str]] = {}

    def has(self, name: str, digest: str) -> bool:
        """Tell whether we wrote, or began to write, the value with this hash."""
        return digest in self.seen.get(name, ()) or digest in self.begun.get(name, ())

    def has_value(self, name: str, value: str) -> bool:
        """Tell the same of a scalar value; one that we began to write may be shown in Plex's form of it."""
        return self.has(name, value_hash(value)) or value_hash(fold(value)) in self.begun.get(name, ())


def ours_of(outcome: ItemOutcome | None) -> Ours:
    """Read what is ours from an item's outcome."""
    if outcome is None:
        return Ours()
    pairs = {
        name: (sent, shown)
        for name, value in outcome.wrote.items()
        if isinstance(value, str)
        for sent, _, shown in (value.partition(">"),)
        if shown
    }
    return Ours(_digests(outcome.wrote), _both(outcome.intent or {}, outcome.late or {}), pairs)


def plan(item: Item, current: Current, ours: Ours, fields: Mapping[str, FieldPolicy]) -> Edit:
    """Return the edit that brings an item to what the policies say; applied, the next plan is empty."""
    scalars = {name: _scalar(name, item, current, ours, fields[name]) for name in SCALARS if name not in item.unknown}
    lists: dict[str, Rewrite] = {}
    left_out: dict[str, int] = {}
    for name in (name for name in LISTS if name not in item.unknown):
        rewrite, missing = _list(name, item, current, ours, fields[name])
        if rewrite is not None:
            lists[name] = rewrite
        if missing:
            left_out[name] = missing
    return Edit(
        scalars={name: change for name, change in scalars.items() if change is not None}, lists=lists, left_out=left_out
    )


def intent_of(edit: Edit, current: Current, ours: Ours) -> Wrote:
    """Return the hashes to record before the edit is sent: what it adds, and what an earlier one may have added."""
    intent: dict[str, set[str]] = {name: set(digests) for name, digests in ours.begun.items()}
    for name, scalar in edit.scalars.items():
        intent.setdefault(name, set()).update({value_hash(scalar.value), value_hash(fold(scalar.value))})
    for name, rewrite in edit.lists.items():
        there = {fold(entry.name) for entry in current.lists.get(name, ())}
        added = {entry_hash(entry.name) for entry in rewrite.entries if fold(entry.name) not in there}
        # our own removal, if its end is never recorded, must not look like a person's
        taken = {digest for gone in rewrite.remove if ours.has(name, digest := entry_hash(gone))}
        intent.setdefault(name, set()).update(added | taken)
    return {name: tuple(sorted(digests)) for name, digests in intent.items() if digests}


def late_of(ours: Ours, shown: Current) -> Wrote:
    """Return the hashes of what an earlier write may still bring: begun, and not shown."""
    there = {name: {entry_hash(entry.name) for entry in shown.lists.get(name, ())} for name in LISTS}
    there |= {name: {value_hash(text), value_hash(fold(text))} for name, text in shown.scalars.items()}
    left = {name: sorted(digests - there.get(name, set())) for name, digests in ours.begun.items()}
    return {name: tuple(digests) for name, digests in left.items() if digests}


def wrote_of(item: Item, edit: Edit, before: Current, shown: Current, ours: Ours) -> Wrote:
    """Return what is ours now that `shown` was read back after the edit; what Plex did not take is not in it.

    An entry of ours that a person took out is remembered for as long as Stash has it.
    """
    wrote: Wrote = {}
    for name in SCALARS:
        digest = _scalar_wrote(name, edit.scalars.get(name), before, shown, ours)
        if digest:
            wrote[name] = digest
    for name in LISTS:
        digests = _list_wrote(name, item, edit.lists.get(name), before=before, shown=shown, ours=ours)
        if digests:
            wrote[name] = digests
    if marks := _photos_wrote(item, edit, shown, ours):
        wrote[photos.PHOTOS] = marks
    return wrote


def applied(edit: Edit, before: Current, shown: Current) -> Literal["all", "some", "none"]:
    """Tell how much of an edit Plex shows; a value that it changed in its own way counts as taken."""
    taken = [
        _is_taken(change.value, before.scalars.get(name, ""), shown.scalars.get(name, ""))
        for name, change in edit.scalars.items()
    ]
    for name, rewrite in edit.lists.items():
        there = {fold(entry.name) for entry in shown.lists.get(name, ())}
        taken.append(there == {fold(entry.name) for entry in rewrite.entries})
    if all(taken):
        return "all"
    return "some" if any(taken) else "none"


def _digests(wrote: Wrote) -> dict[str, frozenset[str]]:
    return {name: frozenset(value.split(">") if isinstance(value, str) else value) for name, value in wrote.items()}


def _both(one: Wrote, other: Wrote) -> dict[str, frozenset[str]]:
    first, second = _digests(one), _digests(other)
    nothing: frozenset[str] = frozenset()
    return {name: first.get(name, nothing) | second.get(name, nothing) for name in first.keys() | second.keys()}


def _scalar(name: str, item: Item, current: Current, ours: Ours, field: FieldPolicy) -> Scalar | None:
    wanted: str = getattr(item, name)
    shown = current.scalars.get(name, "")
    from_file = name == "title" and item.named_after_file
    policy: Policy = "fill" if from_file and field.policy == "sync" else field.policy
    mine = ours.has_value(name, shown)
    if policy == "off" or _same(name, wanted, shown, ours):
        return None
    if not wanted:
        return Scalar(value="", lock=False) if mine and shown and name != "title" else None
    if policy == "fill" and shown and not mine:
        return None
    lock = (field.lock or name in current.locked) and not from_file and name not in UNLOCKABLE
    return Scalar(value=wanted, lock=lock)


def _same(name: str, wanted: str, shown: str, ours: Ours) -> bool:
    """Equal, or the form in which Plex showed just this value when we wrote it."""
    return wanted == shown or ours.pairs.get(name) == (value_hash(wanted), value_hash(shown))


def _list(name: str, item: Item, current: Current, ours: Ours, field: FieldPolicy) -> tuple[Rewrite | None, int]:
    """Return what to do with a list, and how many entries of it find no room in one request."""
    shown = current.lists.get(name, ())
    there = {fold(entry.name) for entry in shown}
    wanted: dict[str, str] = {fold(entry): entry for entry in getattr(item, name)}
    kept = _kept(name, there, set(wanted), ours, field.policy)
    if kept is None:
        return None, 0
    locked = name in current.locked
    out = _taken_out(name, set(wanted) - there, ours) if locked and field.policy != "sync" else set()
    stay = [entry for entry in shown if fold(entry.name) in kept]
    new = [Entry(entry) for key, entry in wanted.items() if key not in there | out]
    if name == "performers" and item.photos:
        stay, new = (_with_photos(entries, item, ours, field) for entries in (stay, new))
    added = fitting(stay, new)
    entries = (*stay, *added)
    target = {fold(entry.name) for entry in entries}
    missing = len(new) - len(added)
    if target == there and entries == shown:
        return None, missing
    remove = tuple(entry.name for entry in shown if fold(entry.name) not in target)
    return Rewrite(entries=entries, remove=remove, lock=(field.lock or locked) and bool(entries or out)), missing


def _with_photos(entries: Sequence[Entry], item: Item, ours: Ours, field: FieldPolicy) -> list[Entry]:
    """Return performers with the photos that they are to have."""
    addresses = {fold(name): address for name, address in item.photos.items()}
    marks, wins = ours.seen.get(photos.PHOTOS, frozenset()), field.policy == "sync"
    return [
        Entry(entry.name, entry.role, photos.photo(entry, addresses.get(fold(entry.name), ""), marks, wins=wins))
        for entry in entries
    ]


def _kept(name: str, there: set[str], wanted: set[str], ours: Ours, policy: Policy) -> set[str] | None:
    """Return which entries of Plex stay, or None when the whole list is left alone."""
    foreign = {key for key in there if not ours.has(name, short_hash(key.encode()))}
    if policy == "off" or (policy == "fill" and foreign):
        return None
    keeps_foreign = policy == "merge" or not wanted
    return (there & wanted) | (foreign if keeps_foreign else set())


def _taken_out(name: str, missing: set[str], ours: Ours) -> set[str]:
    """Return the missing entries that we added and Plex showed."""
    digests = {key: short_hash(key.encode()) for key in missing}
    seen, begun = ours.seen.get(name, frozenset()), ours.begun.get(name, frozenset())
    return {key for key, digest in digests.items() if digest in seen and digest not in begun}


def _is_taken(sent: str, before: str, shown: str) -> bool:
    """Tell whether Plex took a value: it shows it or its own form of it, or at least something new."""
    return fold(shown) == fold(sent) or shown != before


def _scalar_wrote(name: str, change: Scalar | None, before: Current, shown: Current, ours: Ours) -> str:
    value = shown.scalars.get(name, "")
    digest = value_hash(value)
    if change is not None and change.value and _is_taken(change.value, before.scalars.get(name, ""), value):
        sent = value_hash(change.value)
        return sent if sent == digest else f"{sent}>{digest}"
    sent, known = ours.pairs.get(name, ("", ""))
    if known == digest:
        return f"{sent}>{known}"
    return digest if value and ours.has_value(name, value) else ""


def _list_wrote(
    name: str, item: Item, change: Rewrite | None, *, before: Current, shown: Current, ours: Ours
) -> tuple[str, ...]:
    there = {entry_hash(entry.name) for entry in shown.lists.get(name, ())}
    was = {entry_hash(entry.name) for entry in before.lists.get(name, ())}
    wanted = {entry_hash(entry) for entry in getattr(item, name)}
    added = {entry_hash(entry.name) for entry in change.entries} if change else set()
    seen = ours.seen.get(name, frozenset()) & (there | wanted)
    begun = ours.begun.get(name, frozenset()) & there
    return tuple(sorted(seen | begun | (added & there) - was))


def _photos_wrote(item: Item, edit: Edit, shown: Current, ours: Ours) -> tuple[str, ...]:
    change = edit.lists.get("performers")
    there = {entry_hash(entry.name) for entry in shown.lists.get("performers", ())}
    by_name = {fold(name): address for name, address in item.photos.items()}
    sent = change.entries if change else ()
    addresses = {entry.name: by_name[fold(entry.name)] for entry in sent if fold(entry.name) in by_name}
    return tuple(photos.marks_after(sent, addresses, ours.seen.get(photos.PHOTOS, frozenset()), there))
