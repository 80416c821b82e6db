"""The query string of an edit, read and carried out: `title.value=…&genre[0].tag.tag=…&genre[].tag.tag-=a,b`.

Names and syntax from Plex's API text and from what plexapi 4.18 sends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from simulators.plex import values
from simulators.plex.model import COLLECTION, Item, Tagging
from simulators.plex.truth import NUMBERS, PLURALS, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.plex.settings import Settings
    from simulators.plex.store import Library

_FIELD = re.compile(r"(\w+)\.(value|locked)")
_TAG = re.compile(r"(\w+)\[(\d*)\]\.(tag\.tag-?|tag\.thumb|tagging\.text|tag)")
_FIELDS = frozenset({*TEXTS, *NUMBERS, "addedAt"})


@dataclass(slots=True)
class NewTag:
    """A tag as an edit gives it; None where the edit says nothing."""

    name: str = ""
    text: str | None = None
    thumb: str | None = None


@dataclass(slots=True)
class Edit:
    """What one request wants changed, the same for all its items."""

    values: dict[str, str] = field(default_factory=dict)
    locks: dict[str, bool] = field(default_factory=dict)
    tags: dict[str, dict[int, NewTag]] = field(default_factory=dict)
    remove: dict[str, list[str]] = field(default_factory=dict)
    clear: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """The plain names of all that it may change, implied fields included."""
        tags = {PLURALS[kind] for kind in (*self.tags, *self.remove, *self.clear) if kind in PLURALS}
        implied = {"year"} if "originallyAvailableAt" in self.values else set()
        return sorted({*self.values, *tags, *implied, "locks"})


def parse(pairs: Iterable[tuple[str, str]]) -> Edit:
    """Return the edit in a decoded query string; what is none (type, id, unknown fields) is passed over."""
    edit = Edit()
    for name, value in pairs:
        if found := _FIELD.fullmatch(name):
            if found[2] == "locked":
                edit.locks[found[1]] = value not in {"0", ""}
            elif found[1] in _FIELDS:
                edit.values[found[1]] = value
        elif found := _TAG.fullmatch(name):
            _parse_tag(edit, found[1], found[2], found[3], value)
    return edit


def _parse_tag(edit: Edit, kind: str, index: str, leaf: str, value: str) -> None:
    if leaf == "tag.tag-":
        # plexapi quotes each name before it joins them with commas: a second decoding
        edit.remove.setdefault(kind, []).extend(unquote(name) for name in value.split(",") if name)
    elif leaf == "tag":
        edit.clear.add(kind)
    else:
        tag = edit.tags.setdefault(kind, {}).setdefault(int(index or 0), NewTag())
        if leaf == "tag.tag":
            tag.name = value
        elif leaf == "tag.thumb":
            tag.thumb = value
        else:
            tag.text = value


def apply(edit: Edit, item: Item, library: Library, settings: Settings) -> None:
    """Carry `edit` out on `item`."""
    for name, sent in edit.values.items():
        set_field(item, name, values.stored(name, sent, normalise=settings.normalise), library)
    for kind in {*edit.tags, *edit.remove, *edit.clear}:
        if kind in PLURALS:
            library.set_tags(item, kind, _tags_after(edit, kind, item, library, settings))
    for name, locked in edit.locks.items():
        (item.locks.add if locked else item.locks.discard)(name)


def set_field(item: Item, name: str, value: str | float | None, library: Library) -> None:
    """Give the scalar field `name` a value, None or nothing to clear it, with all that follows from it."""
    if name == "addedAt":
        item.added_at = int(value or 0)
    elif name == "title" and item.kind == COLLECTION:
        library.rename_collection(item, str(value or item.title))
    elif value is None or value == "":
        item.fields.pop(name, None)
    else:
        item.fields[name] = value
    if name == "originallyAvailableAt":
        _follow_date(item)
    if name in {"title", "titleSort"}:
        library.sections[item.section].order = None


def _follow_date(item: Item) -> None:
    year = str(item.fields.get("originallyAvailableAt", ""))[:4]
    if year.isdecimal():
        item.fields["year"] = int(year)
    else:
        item.fields.pop("year", None)


def _tags_after(edit: Edit, kind: str, item: Item, library: Library, settings: Settings) -> list[Tagging]:
    """Return the tags of `kind` after the edit: what stays, then what is new; removals last."""
    sent = [tag for _, tag in sorted(edit.tags.get(kind, {}).items()) if tag.name]
    replaced = bool(sent) and settings.tag_mode == "replace"
    present = {} if kind in edit.clear else {use.tag.id: use for use in item.tags.get(kind, [])}
    after = {} if replaced else dict(present)
    for new in sent:
        name = values.tag_name(kind, new.name, normalise=settings.normalise)
        tag = library.tags.get(kind, name, fold=settings.normalise)
        if new.thumb is not None:
            tag.thumb = new.thumb
        had = present.get(tag.id)
        after[tag.id] = Tagging(tag, new.text if new.text is not None else (had.text if had else ""))
    gone = {
        _alike(values.tag_name(kind, name, normalise=settings.normalise), settings)
        for name in edit.remove.get(kind, [])
    }
    return [use for use in after.values() if _alike(use.tag.name, settings) not in gone]


def _alike(name: str, settings: Settings) -> str:
    return name.casefold() if settings.normalise else name
