"""GraphQL's root fields: find one, find many, and what the server says of itself.

Totals are lazy, as in Stash: what is not selected (`count`, `duration`, `filesize`) is not computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from simulators.stash import criteria
from simulators.stash.id_criteria import parse_id
from simulators.stash.search import KINDS, Search, by_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from simulators.stash.asked import Asked, Info, Resolver
    from simulators.stash.database import Database
    from simulators.stash.model import File, Folder, Row, Scene


def _find_many(kind: str, filter_name: str, ids_names: tuple[str, ...] = ("ids",), answer: str = "") -> Resolver:
    def resolve(_root: Any, info: Info, **given: Any) -> dict[str, Any]:
        asked: Asked = info.context
        named = next((name for name in ids_names if given.get(name)), "")
        query = Search(kind, asked, given.get(filter_name) or {}, given.get("filter") or {})
        rows = by_ids(kind, asked, [str(one) for one in given[named]], named=named) if named else query.page()
        every: Callable[[], Iterable[Any]] = (lambda: rows) if named else query.matching
        return {
            answer or kind: rows,
            "count": lambda _info: sum(1 for _ in every()),
            **_totals(kind, asked.db, every),
        }

    return resolve


def _primary_files(db: Database, scenes: Iterable[Scene]) -> list[File]:
    return [files[0] for files in map(db.files_of, scenes) if files]


def _totals(kind: str, db: Database, every: Callable[[], Iterable[Any]]) -> dict[str, Any]:
    if kind == "scenes":
        return {
            "duration": lambda _info: sum(file.duration for file in _primary_files(db, every())),
            "filesize": lambda _info: float(sum(file.size for file in _primary_files(db, every()))),
        }
    if kind == "files":
        return {
            "duration": lambda _info: sum(file.duration for file in every()),
            "size": lambda _info: sum(file.size for file in every()),
            "megapixels": 0.0,
        }
    return {}


def _find_one(kind: str) -> Resolver:
    def resolve(_root: Any, info: Info, id: str) -> Row | None:  # noqa: A002 - the argument's name
        found: Row | None = getattr(info.context.db, KINDS[kind].table).rows.get(parse_id(id))
        return found

    return resolve


def _find_scene(_root: Any, info: Info, id: str | None = None, checksum: str | None = None) -> Row | None:  # noqa: A002
    if id is not None:
        found: Row | None = info.context.db.scenes.rows.get(parse_id(id))
        return found
    return _scene_by(info.context.db, "md5", checksum)


def _scene_by(db: Database, attribute: str, value: str | None) -> Scene | None:
    scenes = db.scenes.rows.values() if value else ()
    return next((scene for scene in scenes if any(getattr(f, attribute) == value for f in db.files_of(scene))), None)


def _find_scene_by_hash(_root: Any, info: Info, input: Mapping[str, str | None]) -> Scene | None:  # noqa: A002
    db = info.context.db
    return _scene_by(db, "md5", input.get("checksum")) or _scene_by(db, "oshash", input.get("oshash"))


def _find_by_path(kind: str, path_of: Callable[[Database, Any], str]) -> Resolver:
    """Find by id or exact path, in which `*` and `%` are wildcards; what is missing is an error and not null."""

    def resolve(_root: Any, info: Info, id: str | None = None, path: str | None = None) -> Any:  # noqa: A002
        asked: Asked = info.context
        rows = getattr(asked.db, kind).rows
        if id is not None:
            if parse_id(id) in rows:
                return rows[parse_id(id)]
            raise GraphQLError(f"getting {KINDS[kind].noun} by id {id}: sql: no rows in result set")
        if path is None:
            raise GraphQLError("either id or path must be provided")
        pattern, wild = path.replace("*", "%"), "*" in path or "%" in path
        for row in rows.values():
            held = path_of(asked.db, row)
            if criteria.like(pattern, held) if wild else held == path:
                return row
        raise GraphQLError(f"{KINDS[kind].noun} not found")

    return resolve


def _stats(_root: Any, info: Info) -> dict[str, Any]:
    db: Database = info.context.db
    scenes = db.scenes.rows.values()
    files = [file for scene in scenes for file in db.files_of(scene)]
    return {
        "scene_count": len(db.scenes),
        "scenes_size": float(sum(file.size for file in files)),
        "scenes_duration": sum(file.duration for file in files),
        "gallery_count": len(db.galleries),
        "performer_count": len(db.performers),
        "studio_count": len(db.studios),
        "group_count": len(db.groups),
        "movie_count": len(db.groups),
        "tag_count": len(db.tags),
        "total_o_count": sum(len(scene.o_dates) for scene in scenes),
        "total_play_duration": sum(scene.play_duration for scene in scenes),
        "total_play_count": sum(len(scene.play_dates) for scene in scenes),
        "scenes_played": sum(1 for scene in scenes if scene.play_dates),
    }


def _fact(name: str) -> Resolver:
    return lambda _root, info: info.context.facts[name]


def _file_path(db: Database, file: File) -> str:
    return db.path(file)


def _folder_path(_db: Database, folder: Folder) -> str:
    return folder.path


def _with_database(resolve: Resolver) -> Resolver:
    """Return a resolver that fails while the server is not set up or its database is not migrated."""

    def guarded(root: Any, info: Info, **given: Any) -> Any:
        if not info.context.ready:
            raise criteria.panic("runtime error: invalid memory address or nil pointer dereference")
        return resolve(root, info, **given)

    return guarded


_FINDERS: dict[str, Resolver] = {
    "findScene": _find_scene,
    "findSceneByHash": _find_scene_by_hash,
    "findScenes": _find_many("scenes", "scene_filter", ("ids", "scene_ids")),
    "findSceneMarkers": _find_many("scene_markers", "scene_marker_filter"),
    "findPerformer": _find_one("performers"),
    "findPerformers": _find_many("performers", "performer_filter", ("ids", "performer_ids")),
    "findStudio": _find_one("studios"),
    "findStudios": _find_many("studios", "studio_filter"),
    "findMovie": _find_one("groups"),
    "findMovies": _find_many("groups", "movie_filter", answer="movies"),
    "findGroup": _find_one("groups"),
    "findGroups": _find_many("groups", "group_filter"),
    "findGallery": _find_one("galleries"),
    "findGalleries": _find_many("galleries", "gallery_filter"),
    "findTag": _find_one("tags"),
    "findTags": _find_many("tags", "tag_filter"),
    "findFile": _find_by_path("files", _file_path),
    "findFiles": _find_many("files", "file_filter"),
    "findFolder": _find_by_path("folders", _folder_path),
    "findFolders": _find_many("folders", "folder_filter"),
    "stats": _stats,
}
QUERY: dict[str, Resolver] = {
    **{name: _with_database(resolve) for name, resolve in _FINDERS.items()},
    "configuration": _fact("configuration"),
    "systemStatus": _fact("systemStatus"),
    "version": _fact("version"),
    "logs": _fact("logs"),
}
