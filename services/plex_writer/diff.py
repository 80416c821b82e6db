"""A plan in words: what would change on an item and which rule says so, and whose each field is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from common.answers import Change, ExplainedField, MappedPath
from services.plex_writer.forms import entry_hash
from services.plex_writer.plan import LISTS, SCALARS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from common.answers import Value
    from common.item import Item
    from common.messages import Scene
    from common.options import FieldPolicy, Options
    from services.plex_writer.job import Target
    from services.plex_writer.plan import Entry

Whose = Literal["ours", "theirs", "empty"]


def changes(target: Target, fields: Mapping[str, FieldPolicy]) -> tuple[Change, ...]:
    """Return what an edit would change, field by field."""
    found = []
    for name, scalar in target.edit.scalars.items():
        current = target.current.scalars.get(name, "")
        why = _why_scalar(fields[name], current, scalar.value)
        found.append(Change(field=name, current=current or None, wanted=scalar.value or None, why=why))
    for name, rewrite in target.edit.lists.items():
        current_names = _names(target.current.lists.get(name, ()))
        why = _why_list(fields[name], current_names, _names(rewrite.entries))
        found.append(Change(field=name, current=current_names, wanted=_names(rewrite.entries), why=why))
    return tuple(found)


def explained(item: Item, target: Target, fields: Mapping[str, FieldPolicy]) -> tuple[ExplainedField, ...]:
    """Return each field as Plex shows it and as it is wanted, and whose the shown value is."""
    current, ours = target.current, target.ours
    found = []
    for name in (*SCALARS, *LISTS):
        shown: Value
        if name in SCALARS:
            shown = current.scalars.get(name, "") or None
            wanted: Value = getattr(item, name) or None
            whose: Whose = "empty" if shown is None else "ours" if ours.has_value(name, str(shown)) else "theirs"
        else:
            shown, wanted = _names(current.lists.get(name, ())), getattr(item, name)
            mine = all(ours.has(name, entry_hash(entry)) for entry in shown)
            whose = "empty" if not shown else "ours" if mine else "theirs"
        found.append(
            ExplainedField(
                field=name,
                shown=shown,
                wanted=wanted,
                whose=whose,
                policy=fields[name].policy,
                locked=name in current.locked,
            )
        )
    return tuple(found)


def mapped(scene: Scene, options: Options) -> tuple[MappedPath, ...]:
    """Return a scene's files in Stash's words and in Plex's."""
    return tuple(MappedPath(stash=file.path, plex=options.paths.to_plex(file.path)) for file in scene.files)


def _why_scalar(field: FieldPolicy, current: str, wanted: str) -> str:
    if not wanted:
        return "Stash has no value any more, and what Plex shows is ours"
    if not current:
        return f"{field.policy}: Plex is empty"
    return "sync: Stash wins" if field.policy == "sync" else "fill: what Plex shows is ours"


def _why_list(field: FieldPolicy, current: Sequence[str], wanted: Sequence[str]) -> str:
    added, gone = set(wanted) - set(current), set(current) - set(wanted)
    said = []
    if added:
        said.append(f"{len(added)} of Stash's are added")
    if gone:
        said.append(f"{len(gone)} {'that Stash lacks' if field.policy == 'sync' else 'of ours that Stash lacks'} go")
    return f"{field.policy}: {' and '.join(said) or 'photos of performers are set'}"


def _names(entries: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(entry.name for entry in entries)
