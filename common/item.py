"""Scene and options in, what Plex should show out; the one mapping that writer and provider share.

Bump MAPPING when the same scene should look different in Plex than before: every scene is planned again then.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from common import text
from common.paths import below, key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.messages import Scene
    from common.options import Filters, Options

MAPPING = 1
LINE = 255
SUMMARY = 10_000

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A movie as Plex should show it; an empty value is one that Stash does not have.

    `paths` are the scene's files as Plex sees them. `named_after_file` when the title is only the file's name.
    `unknown` names the fields whose value did not reach us, which are to stay as they are. `notes` are plain sentences
    on what could not be shown as Stash has it. `skipped` says which filter keeps the scene from Plex, if one does.
    """

    title: str = ""
    named_after_file: bool = False
    summary: str = ""
    date: str = ""
    studio: str = ""
    performers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str = ""


def item_of(scene: Scene, options: Options) -> Item:
    """Return what Plex should show for a scene."""
    notes: list[str] = []
    title = text.line(scene.title, LINE)
    mapped = [options.paths.to_plex(file.path) for file in scene.files]
    unknown = ("summary",) if "details" in scene.cut else ()
    if unknown:
        notes.append("the details are too long for the broker's largest packet, so the summary stays as it is")
    return Item(
        title=title or _file_name(scene),
        named_after_file=not title,
        summary=text.paragraphs(scene.details, SUMMARY),
        date=_date(scene.date, notes),
        studio=text.line(scene.studio.name, LINE) if scene.studio else "",
        performers=_names(performer.name for performer in scene.performers),
        tags=_names(tag.name for tag in scene.tags),
        paths=tuple(path for path in mapped if path is not None),
        unknown=unknown,
        notes=tuple(notes),
        skipped=excluded(scene, options.filters) or "",
    )


def excluded(scene: Scene, filters: Filters) -> str | None:
    """Return why a filter keeps this scene from Plex, as a sentence, or None when it may be written."""
    if filters.bare == "skip" and _is_bare(scene):
        return "it has no studio, performers, tags, details or date yet (filter `bare`)"
    if filters.organized and not scene.organized:
        return "it is not marked as organized (filter `organized`)"
    if filters.stash_id and not scene.stash_ids:
        return "it has no id of a stash-box (filter `stash_id`)"
    return (
        _listed("tag", [tag.name for tag in scene.tags], filters.tags_in, filters.tags_out)
        or _listed("studio", [scene.studio.name] if scene.studio else [], filters.studios_in, filters.studios_out)
        or _placed(scene, filters)
    )


def want(item: Item, fingerprint: str) -> str:
    """Return the short hash of an item as wanted under options with this fingerprint; equal hashes need no planning."""
    return short_hash(msgspec.json.encode([MAPPING, fingerprint, item]))


def short_hash(content: bytes) -> str:
    """Return 12 hex digits; enough to tell one value from another within one field of one item."""
    return hashlib.blake2b(content, digest_size=6).hexdigest()


def _file_name(scene: Scene) -> str:
    if not scene.files:
        return ""
    name = key(scene.files[0].path).rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    return text.line(stem, LINE)


def _date(raw: str, notes: list[str]) -> str:
    """Stash has partial dates since 0.30, and Plex needs a whole one that exists."""
    given = raw.strip()
    if not given:
        return ""
    match = _DATE.fullmatch(given)
    whole = f"{match[1]}-{match[2] or '01'}-{match[3] or '01'}" if match else ""
    try:
        dt.date.fromisoformat(whole)
    except ValueError:
        notes.append(f"the date {given!r} is no date, so none is set")
        return ""
    if whole != given:
        notes.append(f"Stash's date is {given}, so Plex shows {whole}")
    return whole


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Clean names, each once as first written; Plex takes names that differ only in case for the same."""
    clean: dict[str, str] = {}
    for name in names:
        if cleaned := text.line(name, LINE):
            clean.setdefault(cleaned.casefold(), cleaned)
    return tuple(clean.values())


def _is_bare(scene: Scene) -> bool:
    details = scene.details.strip() or "details" in scene.cut
    return not (scene.studio or scene.performers or scene.tags or details or scene.date.strip())


def _listed(kind: str, names: Iterable[str], wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> str | None:
    if not (wanted or unwanted):
        return None
    have = {_fold(name) for name in names}
    if wanted and not have & {_fold(name) for name in wanted}:
        return f"it has no {kind} of the wanted ones (filter `{kind}s` in)"
    hit = next((name for name in unwanted if _fold(name) in have), None)
    return f"its {kind} {hit} is unwanted (filter `{kind}s` out)" if hit else None


def _fold(name: str) -> str:
    return text.line(name, LINE).casefold()


def _placed(scene: Scene, filters: Filters) -> str | None:
    paths = [file.path for file in scene.files]
    if filters.paths_in and not any(_in_any(path, filters.paths_in) for path in paths):
        return "none of its files is in a wanted folder (filter `paths` in)"
    if any(_in_any(path, filters.paths_out) for path in paths):
        return "one of its files is in an unwanted folder (filter `paths` out)"
    return None


def _in_any(path: str, folders: tuple[str, ...]) -> bool:
    return any(below(path, folder) for folder in folders)
