"""What each field of each filter means: tables from the names in the SDL to tests over a row.

The SDL has no filter field that is missing here, so that no criterion is silently ignored.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from simulators.stash import criteria
from simulators.stash.filters import Make, Select, Source, children_of, column, combine, count, flag, related, sub, time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulators.stash.criteria import Criterion
    from simulators.stash.model import File, Scene


def _in_files(make: Make) -> Make:
    """Return a criterion over a scene's files, all of them; a scene without files has none that match."""

    def build(given: Any, source: Source) -> Select:
        test = make(given, source)
        return lambda scene: any(test(file) for file in source.db.files_of(scene))

    return build


def _path(criterion: Criterion, source: Source) -> Select:
    test = criteria.string(criterion)
    return lambda row: test(row.path if hasattr(row, "path") else source.db.path(row))


def _dir(criterion: Criterion, source: Source) -> Select:
    test = criteria.string(criterion)
    return lambda file: test(source.db.folders.rows[file.folder_id].path)


def _duration(criterion: Criterion, _source: Source) -> Select:
    test = criteria.number(criterion)
    return lambda file: test(int(file.duration))


def _scene_count(criterion: Criterion, source: Source) -> Select:
    test = criteria.number(criterion)
    scenes = Counter(file_id for scene in source.db.scenes.rows.values() for file_id in scene.file_ids)
    return lambda file: test(scenes[file.id])


def _hashes(given: list[dict[str, Any]], _source: Source) -> Select:
    wanted = [(one["type"], one["value"]) for one in given]
    return lambda file: any(getattr(file, kind, None) == value for kind, value in wanted)


def _phash(criterion: Criterion, _source: Source) -> Select:
    wanted, distance = int(criterion["value"] or "0", 16), criterion.get("distance") or 0
    if criterion["modifier"] not in {"EQUALS", "NOT_EQUALS"}:
        raise criteria.panic("unsupported phash modifier")

    def near(file: File) -> bool:
        return bool(file.phash) and (int(file.phash, 16) ^ wanted).bit_count() <= distance

    return near if criterion["modifier"] == "EQUALS" else lambda file: bool(file.phash) and not near(file)


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


def _is_missing(name: str, _source: Source) -> Select:
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


def _any(name: str, test_of: Callable[[Criterion], Select]) -> Make:
    def build(criterion: Criterion, _source: Source) -> Select:
        test = test_of(criterion)
        return lambda row: any(test(value) for value in getattr(row, name) or (None,))

    return build


def _last_played(criterion: Criterion, source: Source) -> Select:
    """Never played counts as SQLite's `datetime(0)`, and the history is in UTC."""
    test = criteria.timestamp(criterion, source.tomorrow)
    return lambda scene: test(max(scene.play_dates, default="-4713-11-24 12:00:00"))


def _tag_children(criterion: Criterion, source: Source) -> Select:
    children = children_of(source.db.tags.rows.values(), lambda tag: tag.parent_ids)
    return related(lambda tag: children.get(tag.id, ()))(criterion, source)


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
PATHS: dict[str, Make] = {**TIMES, "mod_time": time("mod_time"), "path": _path}

FOLDER = PATHS
FILE: dict[str, Make] = {
    **PATHS,
    "basename": column("basename", criteria.string),
    "dir": _dir,
    "hashes": _hashes,
    "scene_count": _scene_count,
}
TAG: dict[str, Make] = {
    **NAMED,
    "favorite": flag("favorite"),
    "parents": related(lambda tag: tag.parent_ids, "tags"),
    "children": _tag_children,
}
PERFORMER: dict[str, Make] = {
    **NAMED,
    "disambiguation": column("disambiguation", criteria.string),
    "tags": related(lambda performer: performer.tag_ids, "tags"),
}
STUDIO: dict[str, Make] = {**NAMED, "parents": related(lambda studio: one(studio.parent_id))}
GROUP: dict[str, Make] = {**NAMED, "studios": related(lambda group: one(group.studio_id), "studios")}
GALLERY: dict[str, Make] = {
    **TIMES,
    "id": column("id", criteria.number),
    "title": column("title", criteria.string),
}
MARKER: dict[str, Make] = {
    **TIMES,
    "tags": related(lambda marker: (marker.primary_tag_id, *marker.tag_ids), "tags"),
    "scenes": related(lambda marker: (marker.scene_id,)),
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
    "oshash": _in_files(column("oshash", criteria.string)),
    "checksum": _in_files(column("md5", criteria.string)),
    "phash_distance": _in_files(_phash),
    "path": _in_files(_path),
    "duration": _in_files(_duration),
    "files_filter": _in_files(lambda given, source: combine(FILE, given, source)),
    "url": _any("urls", criteria.string),
    "stash_id_endpoint": _stash_id,
    "has_markers": _has_markers,
    "is_missing": _is_missing,
    "studios": related(lambda scene: one(scene.studio_id), "studios"),
    "groups": related(group_ids, "groups"),
    "movies": related(group_ids),
    "galleries": related(lambda scene: scene.gallery_ids),
    "tags": related(lambda scene: scene.tag_ids, "tags"),
    "performers": related(lambda scene: scene.performer_ids),
    "tags_filter": sub(lambda: TAG, "tags", lambda scene: scene.tag_ids),
    "performers_filter": sub(lambda: PERFORMER, "performers", lambda scene: scene.performer_ids),
    "studios_filter": sub(lambda: STUDIO, "studios", lambda scene: one(scene.studio_id)),
    "groups_filter": _ignored,
    "movies_filter": sub(lambda: GROUP, "groups", group_ids),
    "galleries_filter": sub(lambda: GALLERY, "galleries", lambda scene: scene.gallery_ids),
    "markers_filter": _markers,
}
