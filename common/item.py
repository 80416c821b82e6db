"""Scene and options in, what Plex should show out; the one mapping that writer and provider share.

Bump MAPPING when the same scene should look different in Plex than before: every scene is planned again then.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from common import text
from common.paths import key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.messages import Scene
    from common.options import Filters, Options

MAPPING = 1
LINE = 255
SUMMARY = 10_000

_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A movie as Plex should show it; an empty value is one that Stash does not have.

    `paths` are the scene's files as Plex sees them. `named_after_file` when the title is only the file's name.
    `notes` are plain sentences on what could not be shown as Stash has it.
    """

    title: str = ""
    named_after_file: bool = False
    summary: str = ""
    date: str = ""
    studio: str = ""
    performers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def item_of(scene: Scene, options: Options) -> Item:
    """Return what Plex should show for a scene."""
    notes: list[str] = []
    title = text.line(scene.title, LINE)
    mapped = [options.paths.to_plex(file.path) for file in scene.files]
    return Item(
        title=title or _file_name(scene),
        named_after_file=not title,
        summary=text.paragraphs(scene.details, SUMMARY),
        date=_date(scene.date, notes),
        studio=text.line(scene.studio.name, LINE) if scene.studio else "",
        performers=_names(performer.name for performer in scene.performers),
        tags=_names(tag.name for tag in scene.tags),
        paths=tuple(path for path in mapped if path is not None),
        notes=tuple(notes),
    )


def excluded(scene: Scene, filters: Filters) -> str | None:
    """Return why a filter keeps this scene from Plex, as a sentence, or None when it may be written."""
    tags = {tag.name.casefold() for tag in scene.tags}
    studios = {scene.studio.name.casefold()} if scene.studio else set()
    if filters.bare == "skip" and _is_bare(scene):
        return "it has no studio, performers, tags, details or date yet (filter `bare`)"
    if filters.organized and not scene.organized:
        return "it is not marked as organized (filter `organized`)"
    if filters.stash_id and not scene.stash_ids:
        return "it has no id of a stash-box (filter `stash_id`)"
    return (
        _listed("tag", tags, filters.tags_in, filters.tags_out)
        or _listed("studio", studios, filters.studios_in, filters.studios_out)
        or _placed(scene, filters)
    )


def want(item: Item, options: Options) -> str:
    """Return the short hash of an item as wanted under these options; equal hashes need no planning."""
    return short_hash(msgspec.json.encode([MAPPING, options.fingerprint(), item]))


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
    """Stash has partial dates since 0.30 and Plex needs a whole one."""
    match = _DATE.fullmatch(raw.strip())
    if not raw.strip():
        return ""
    if match is None:
        notes.append(f"the date {raw!r} is no date, so none is set")
        return ""
    whole = f"{match[1]}-{match[2] or '01'}-{match[3] or '01'}"
    if not match[3]:
        notes.append(f"Stash's date is {raw}, so Plex shows {whole}")
    return whole


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Clean names, each once; Plex takes names that differ only in case for the same."""
    clean = {cleaned.casefold(): cleaned for name in reversed(list(names)) if (cleaned := text.line(name, LINE))}
    return tuple(reversed(clean.values()))


def _is_bare(scene: Scene) -> bool:
    return not (scene.studio or scene.performers or scene.tags or scene.details.strip() or scene.date.strip())


def _listed(kind: str, have: set[str], wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> str | None:
    if wanted and not have & {name.casefold() for name in wanted}:
        return f"it has no {kind} of the wanted ones (filter `{kind}s` in)"
    hit = next((name for name in unwanted if name.casefold() in have), None)
    return f"its {kind} {hit} is unwanted (filter `{kind}s` out)" if hit else None


def _placed(scene: Scene, filters: Filters) -> str | None:
    paths = [key(file.path) for file in scene.files]
    if filters.paths_in and not any(_below(path, filters.paths_in) for path in paths):
        return "none of its files is in a wanted folder (filter `paths` in)"
    if any(_below(path, filters.paths_out) for path in paths):
        return "one of its files is in an unwanted folder (filter `paths` out)"
    return None


def _below(path: str, folders: tuple[str, ...]) -> bool:
    return any(path.startswith(key(folder).rstrip("/") + "/") for folder in folders)
