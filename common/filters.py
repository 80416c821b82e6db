"""Which scenes are written to Plex at all: one sentence why a filter keeps a scene from it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.fields import folded
from common.paths import below

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.messages import Named, Scene
    from common.options import Filters


def excluded(scene: Scene, filters: Filters) -> str | None:
    """Return why a filter keeps this scene from Plex, as a sentence, or None when it may be written."""
    if filters.bare == "skip" and _is_bare(scene):
        return "it has no studio, performers, tags, details or date yet (filter `bare`)"
    if filters.organized and not scene.organized:
        return "it is not marked as organized (filter `organized`)"
    if filters.stash_id and not scene.stash_ids:
        return "it has no id of a stash-box (filter `stash_id`)"
    return (
        _listed("tag", scene.tags, filters.tags_in, filters.tags_out)
        or _listed("studio", (scene.studio,) if scene.studio else (), filters.studios_in, filters.studios_out)
        or _placed(scene, filters)
    )


def _is_bare(scene: Scene) -> bool:
    if scene.studio or scene.performers or scene.tags:
        return False
    return not (scene.details.strip() or "details" in scene.cut or scene.date.strip())


def _listed(kind: str, entities: Iterable[Named], wanted: tuple[str, ...], unwanted: tuple[str, ...]) -> str | None:
    if not (wanted or unwanted):
        return None
    have = {folded(entity.name) for entity in entities}
    if wanted and not have & {folded(name) for name in wanted}:
        return f"it has no {kind} of the wanted ones (filter `{kind}s` in)"
    hit = next((name for name in unwanted if folded(name) in have), None)
    return f"its {kind} {hit} is unwanted (filter `{kind}s` out)" if hit else None


def _placed(scene: Scene, filters: Filters) -> str | None:
    if not (filters.paths_in or filters.paths_out):
        return None
    paths = [file.path for file in scene.files]
    if filters.paths_in and not any(_in_any(path, filters.paths_in) for path in paths):
        return "none of its files is in a wanted folder (filter `paths` in)"
    if any(_in_any(path, filters.paths_out) for path in paths):
        return "one of its files is in an unwanted folder (filter `paths` out)"
    return None


def _in_any(path: str, folders: tuple[str, ...]) -> bool:
    return any(below(path, folder) for folder in folders)
