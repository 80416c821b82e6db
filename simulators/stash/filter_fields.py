"""What each field of each filter means: tables from the names in the SDL to tests over a row.

The SDL has no filter field that is missing here, so that no criterion is silently ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from simulators.stash import criteria
from simulators.stash.file_criteria import duration, file_path, folder_path, hashes, in_files, phash, scene_count
from simulators.stash.filters import (
    Make,
    Select,
    Source,
    children_of,
    column,
    combine,
    count,
    descend,
    flag,
    related,
    sub,
    time,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulators.stash.criteria import Criterion
    from simulators.stash.model import Scene


def _has_markers(wanted: str, _source: Source) -> Select:
    return lambda scene: bool(scene.marker_ids) is (wanted == "true")


MISSING: dict[str, Callable[[Any], bool]] = {
    "cover": lambda scene: scene.cover is None,
    "url": lambda scene: not scene.urls,
    "studio": lambda scene: scene.studio_id is None,
    "performers": lambda scene: not scene.performer_ids,
    "tags": lambda scene: not scene.tag_ids,
    "galleries": lambda scene: not scene.gallery_ids,
    "group": lambda scene: not scene.group_ids,
    "movie": lambda scene: not scene.group_ids,
    "stash_id": lambda scene: not scene.stash_ids,
    "date": lambda scene: not scene.date,
    "title": lambda scene: not scene.title,
    "details": lambda scene: not scene.details,
    "code": lambda scene: not scene.code,
    "director": lambda scene: not scene.director,
}


def _is_missing(name: str, source: Source) -> Select:
    if name == "phash":
        return lambda scene: not any(file.phash for file in source.db.files_of(scene))
    if name and name not in MISSING:
        raise GraphQLError(f"no such column: scenes.{name}")
    return MISSING[name] if name else lambda _scene: True


def _stash_id(given: Mapping[str, Any], _source: Source) -> Select:
    test = criteria.string({"value": given.get("stash_id") or "", "modifier": given["modifier"]})
    endpoint = given.get("endpoint")

    def selected(row: Any) -> bool:
        held = [one.stash_id for one in row.stash_ids if not endpoint or one.endpoint == endpoint]
        return any(test(one) for one in held or [None])

    return selected


def _markers(given: Mapping[str, Any], source: Source) -> Select:
    """Reproduce the broken join of v0.27 to v0.30: one marker that matches selects every scene."""
    test = combine(MARKER, given, source)
    anything = any(test(marker) for marker in source.db.markers.rows.values())
    return lambda _scene: anything


def _ignored(_given: Any, _source: Source) -> Select:
    """Select every scene: v0.27 to v0.30 read `movies_filter` where `groups_filter` is meant."""
    return lambda _scene: True


def _url(criterion: Criterion, _source: Source) -> Select:
    """Any of a scene's URLs will do, and none may do where one is excluded."""
    if criterion["modifier"] == "EXCLUDES":
        included = criteria.string({**criterion, "modifier": "INCLUDES"})
        return lambda scene: not any(included(url) for url in scene.urls)
    test = criteria.string(criterion)
    return lambda scene: any(test(url) for url in scene.urls or (None,))


def _last_played(criterion: Criterion, source: Source) -> Select:
    """Never played counts as SQLite's `datetime(0)`, and the history is in UTC."""
    test = criteria.timestamp(criterion, source.tomorrow)
    return lambda scene: test(max(scene.play_dates, default="-4713-11-24 12:00:00"))


def _tag_children(criterion: Criterion, source: Source) -> Select:
    """Look for tags that have one of these below them."""
    children = children_of(source.db.tags.rows.values(), lambda tag: tag.parent_ids)
    depth = {0: 1}.get(criterion.get("depth") or 0, criterion.get("depth") or 0)
    return related(lambda tag: descend(children, tag.id, depth) - {tag.id}, "strict")(criterion, source)


def _marker_tags(criterion: Criterion, source: Source) -> Select:
    """Look at the primary tag, too, but not where the question is whether there are tags; EXCLUDES does nothing."""
    if criterion["modifier"] in {"IS_NULL", "NOT_NULL"}:
        return related(lambda marker: marker.tag_ids, "exact")(criterion, source)
    if criterion["modifier"] == "EXCLUDES":
        return lambda _marker: True
    return related(lambda marker: (marker.primary_tag_id, *marker.tag_ids), "exact", "tags")(criterion, source)


def one(row_id: int | None) -> tuple[int, ...]:
    """Return an optional id as a collection of ids."""
    return () if row_id is None else (row_id,)


def group_ids(scene: Scene) -> tuple[int, ...]:
    """Return the groups of a scene without their index."""
    return tuple(group_id for group_id, _index in scene.group_ids)


def _of_scene(fields: Callable[[], Mapping[str, Make]] | None, name: str = "") -> Make:
    """Return a marker's criterion over its scene: a whole filter, or the scene's time `name`."""

    def build(given: Mapping[str, Any], source: Source) -> Select:
        test = combine(fields(), given, source) if fields else time(name)(given, source)
        return lambda marker: test(source.db.scenes.rows[marker.scene_id])

    return build


TIMES: dict[str, Make] = {"created_at": time("created_at"), "updated_at": time("updated_at")}
NAMED: dict[str, Make] = {**TIMES, "name": column("name", criteria.string)}
MODIFIED: dict[str, Make] = {**TIMES, "mod_time": time("mod_time")}

FOLDER: dict[str, Make] = {**MODIFIED, "path": column("path", criteria.string)}
FILE: dict[str, Make] = {
    **MODIFIED,
    "path": file_path,
    "basename": column("basename", criteria.string),
    "dir": folder_path,
    "hashes": hashes,
    "scene_count": scene_count,
}
TAG: dict[str, Make] = {
    **NAMED,
    "favorite": flag("favorite"),
    "parents": related(lambda tag: tag.parent_ids, "strict", "tags"),
    "children": _tag_children,
}
PERFORMER: dict[str, Make] = {
    **NAMED,
    "disambiguation": column("disambiguation", criteria.string),
    "tags": related(lambda performer: performer.tag_ids, "exact", "tags"),
}
STUDIO: dict[str, Make] = {**NAMED, "parents": related(lambda studio: one(studio.parent_id), "plain")}
GROUP: dict[str, Make] = {**NAMED, "studios": related(lambda group: one(group.studio_id), "single", "studios")}
GALLERY: dict[str, Make] = {
    **TIMES,
    "id": column("id", criteria.number),
    "title": column("title", criteria.string),
}
MARKER: dict[str, Make] = {
    **TIMES,
    "tags": _marker_tags,
    "scenes": related(lambda marker: (marker.scene_id,), "plain"),
    "scene_created_at": _of_scene(None, "created_at"),
    "scene_updated_at": _of_scene(None, "updated_at"),
    "scene_filter": _of_scene(lambda: SCENE),
}
SCENE: dict[str, Make] = {
    **TIMES,
    "id": column("id", criteria.number),
    "title": column("title", criteria.string),
    "code": column("code", criteria.string),
    "details": column("details", criteria.string),
    "director": column("director", criteria.string),
    "rating100": column("rating100", criteria.number),
    "organized": flag("organized"),
    "date": time("date", criteria.date),
    "last_played_at": _last_played,
    "play_count": count("play_dates"),
    "o_counter": count("o_dates"),
    "file_count": count("file_ids"),
    "tag_count": count("tag_ids"),
    "performer_count": count("performer_ids"),
    "oshash": in_files(column("oshash", criteria.string)),
    "checksum": in_files(column("md5", criteria.string)),
    "phash_distance": in_files(phash),
    "path": in_files(file_path),
    "duration": in_files(duration),
    "files_filter": in_files(lambda given, source: combine(FILE, given, source)),
    "url": _url,
    "stash_id_endpoint": _stash_id,
    "has_markers": _has_markers,
    "is_missing": _is_missing,
    "studios": related(lambda scene: one(scene.studio_id), "single", "studios"),
    "groups": related(group_ids, "exact", "groups"),
    "movies": related(group_ids, "plain"),
    "galleries": related(lambda scene: scene.gallery_ids, "plain"),
    "tags": related(lambda scene: scene.tag_ids, "exact", "tags"),
    "performers": related(lambda scene: scene.performer_ids, "exact"),
    "tags_filter": sub(lambda: TAG, "tags", lambda scene: scene.tag_ids),
    "performers_filter": sub(lambda: PERFORMER, "performers", lambda scene: scene.performer_ids),
    "studios_filter": sub(lambda: STUDIO, "studios", lambda scene: one(scene.studio_id)),
    "groups_filter": _ignored,
    "movies_filter": sub(lambda: GROUP, "groups", group_ids),
    "galleries_filter": sub(lambda: GALLERY, "galleries", lambda scene: scene.gallery_ids),
    "markers_filter": _markers,
}
