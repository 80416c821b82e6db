"""Edits by a person in Plex, behind the product's back, and the same person taking locks away again."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from simulators.plex import edits, values
from simulators.plex.model import Item, Tagging
from simulators.plex.posters import add_upload
from simulators.plex.truth import LISTS, NUMBERS, PLURALS, TEXTS
from simulators.plex.writes import PERSON, commit

if TYPE_CHECKING:
    from simulators.plex.server import Plex

_ASIDE = frozenset({"ratingKey", "lock", "unlock", "same_second"})
_KINDS = LISTS | {"actors": "actor"}
_PICTURES = {"poster": "thumb", "art": "art"}


def edit(plex: Plex, item: Item, given: dict[str, Any]) -> None:
    """Carry out an edit given in plain names: texts, numbers, whole lists, `poster` and `art` as base64.

    `lock` is True (the default, as Plex Web does), False, or the names to lock; `unlock` names what to unlock. Actors
    are names or objects with `tag`, `role`, `thumb`. With `same_second` it is still the second of the last change, so
    that updatedAt stays. Raises ValueError for names that are no fields.
    """
    wanted = {name: value for name, value in given.items() if name not in _ASIDE}
    unknown = wanted.keys() - {*TEXTS, *NUMBERS, *_KINDS, *_PICTURES}
    if unknown:
        raise ValueError(f"a person can't edit {', '.join(sorted(unknown))}")
    for name in wanted.keys() & _PICTURES.keys():
        add_upload(plex, PERSON, item, "thumb" if name == "poster" else "art", base64.b64decode(wanted.pop(name)))

    def change() -> None:
        for name, value in wanted.items():
            if name in _KINDS:
                plex.library.set_tags(item, _KINDS[name], _taggings(plex, _KINDS[name], value))
            else:
                held = None if value is None else values.stored(name, str(value), normalise=plex.settings.normalise)
                edits.set_field(item, name, held, plex.library)
        item.locks |= _to_lock(wanted, given.get("lock", True))
        item.locks -= set(given.get("unlock", ()))

    at = item.updated_at if given.get("same_second") else None
    commit(plex, PERSON, item, [*wanted, "locks"], change, at=at)


def _taggings(plex: Plex, kind: str, rows: list[str | dict[str, str]]) -> list[Tagging]:
    found: dict[int, Tagging] = {}
    for row in rows:
        given = {"tag": row} if isinstance(row, str) else row
        name = values.tag_name(kind, given["tag"], normalise=plex.settings.normalise)
        tag = plex.library.tags.get(kind, name, fold=plex.settings.normalise)
        tag.thumb = given.get("thumb") or tag.thumb
        found.setdefault(tag.id, Tagging(tag, given.get("role", "")))
    return list(found.values())


def _to_lock(wanted: dict[str, Any], lock: bool | list[str]) -> set[str]:
    """Return the names as Plex locks them: a list under the name of its kind."""
    names = list(wanted) if lock is True else (lock or [])
    singular = {plural: kind for kind, plural in PLURALS.items()}
    return {singular.get(name, name) for name in names}
