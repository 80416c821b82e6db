"""Edits of scenes by a person or an API client, with what each moves and fires (Stash source v0.30)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from simulators.stash.edits.transaction import Edit, Refused, picture
from simulators.stash.model import Scene, StashId

if TYPE_CHECKING:
    from collections.abc import Callable

FULL_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
PARTIAL_DATE = re.compile(r"\d{4}(-\d{2}){0,2}")
PLAIN = ("code", "director", "rating100", "organized", "resume_time", "play_duration", "custom_fields")


# What sceneUpdate takes; hooks get all of it, null where it was not given (recorded from v0.30.1).
INPUT = (
    "clientMutationId", "id", "title", "code", "details", "director", "url", "urls", "date", "rating100", "o_counter",
    "organized", "studio_id", "gallery_ids", "performer_ids", "groups", "movies", "tag_ids", "cover_image", "stash_ids",
    "resume_time", "play_duration", "play_count", "primary_file_id",
)  # fmt: skip


def _date(edit: Edit, value: str | None) -> str | None:
    """Return a date as it is stored: of a whole timestamp only the day."""
    day = value[:10] if value and "T" in value else value
    if day and not (PARTIAL_DATE if edit.partial_dates else FULL_DATE).fullmatch(day):
        raise Refused(f'converting date: failed to parse date "{value}"')
    return day or None


def _groups(edit: Edit, value: list[Any]) -> tuple[tuple[int, int | None], ...]:
    named = [one if isinstance(one, dict) else {"name": one} for one in value]
    return tuple((edit.ensure("group", one["name"]), one.get("index")) for one in named)


def _ids(kind: str) -> Callable[[Edit, Any], tuple[int, ...]]:
    return lambda edit, names: tuple(dict.fromkeys(edit.ensure(kind, name) for name in names))


FIELDS: dict[str, tuple[str, Callable[[Edit, Any], Any]]] = {
    **{name: (name, lambda _edit, value: value) for name in PLAIN},
    **{name: (name, lambda _edit, value: value.strip()) for name in ("title", "details")},
    "date": ("date", _date),
    "urls": ("urls", lambda _edit, value: tuple(value)),
    "studio": ("studio_id", lambda edit, name: edit.ensure("studio", name) if name else None),
    "performers": ("performer_ids", _ids("performer")),
    "tags": ("tag_ids", _ids("tag")),
    "groups": ("group_ids", _groups),
    "galleries": (
        "gallery_ids",
        lambda edit, ids: tuple(edit.row(edit.db.galleries, one, "gallery").id for one in ids),
    ),
    "stash_ids": (
        "stash_ids",
        lambda edit, ids: tuple(StashId(one["endpoint"], one["stash_id"], edit.now) for one in ids),
    ),
}


def _input(scene: Scene, changed: list[str]) -> dict[str, Any]:
    """Return a mutation's input for the columns that were given, ids as texts."""
    held: dict[str, Any] = {"id": str(scene.id)}
    for name in changed:
        value = getattr(scene, name)
        if name == "group_ids":
            held["groups"] = [{"group_id": str(group), "scene_index": index} for group, index in value]
        elif name == "stash_ids":
            held[name] = [{"endpoint": one.endpoint, "stash_id": one.stash_id} for one in value]
        elif name.endswith("_ids"):
            held[name] = [str(one) for one in value]
        else:
            held[name] = str(value) if name == "studio_id" and value else value
    return held


def columns(edit: Edit, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that the given fields set, or refuse; entities are created by name as needed."""
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise Refused(f"unknown scene fields: {', '.join(sorted(unknown))}; there are: {', '.join(FIELDS)}")
    return {FIELDS[name][0]: FIELDS[name][1](edit, value) for name, value in fields.items()}


def apply(edit: Edit, scene: Scene, fields: dict[str, Any]) -> dict[str, Any]:
    """Set the given fields of a scene and return the mutation's input."""
    changed = columns(edit, fields)
    for column, value in changed.items():
        setattr(scene, column, value)
    return _input(scene, list(changed))


def scene_update(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Update one scene: {id, fields}; moves updated_at, fires Scene.Update."""
    scene = edit.scene(args["id"])
    given = apply(edit, scene, args.get("fields", {}))
    edit.touch(scene)
    edit.fire("Scene.Update", scene.id, given, INPUT)
    return {"id": scene.id, "updated_at": scene.updated_at}


def bulk_scene_update(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Update many scenes: {ids, fields, add_tags?, remove_tags?}; moves updated_at, fires Scene.Update for each."""
    scenes = [edit.scene(one) for one in args["ids"]]
    added = [edit.ensure("tag", name) for name in args.get("add_tags", ())]
    removed = {edit.entity("tag", name).id for name in args.get("remove_tags", ())}
    for scene in scenes:
        given = apply(edit, scene, args.get("fields", {}))
        scene.tag_ids = tuple(one for one in dict.fromkeys((*scene.tag_ids, *added)) if one not in removed)
        edit.touch(scene)
        edit.fire("Scene.Update", scene.id, {"ids": [str(one.id) for one in scenes], **given})
    return {"ids": [scene.id for scene in scenes], "updated_at": edit.now}


def scene_create(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Create a scene without a file: {fields} with a title; fires Scene.Create."""
    if not args.get("fields", {}).get("title"):
        raise Refused("title must be set if scene has no files")
    scene = edit.db.scenes.add(Scene(**columns(edit, args["fields"]), **edit.times()))
    edit.fire("Scene.Create", scene.id)
    return {"id": scene.id, "updated_at": scene.updated_at}


def remove(edit: Edit, scene: Scene, given: dict[str, Any] | None) -> None:
    """Delete a scene with its markers and fire Scene.Destroy, which still tells its hash and path."""
    files = edit.db.files_of(scene)
    about = {
        "checksum": files[0].md5 if files else "",
        "oshash": files[0].oshash if files else "",
        "path": edit.db.path(files[0]) if files else "",
    }
    drop(edit, scene)
    edit.fire("Scene.Destroy", scene.id, {**(given or {}), **about})


def drop(edit: Edit, scene: Scene) -> None:
    """Delete a scene with its markers, and say nothing."""
    for marker_id in scene.marker_ids:
        edit.db.markers.remove(marker_id)
    edit.db.scenes.remove(scene.id)


def scene_destroy(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Delete scenes: {id} or {ids}, {delete_file?}; fires Scene.Destroy for each."""
    scenes = [edit.scene(one) for one in args.get("ids", [args.get("id")])]
    for scene in scenes:
        file_ids = scene.file_ids
        remove(
            edit, scene, {"id": str(scene.id), "delete_file": bool(args.get("delete_file")), "delete_generated": None}
        )
        for file_id in file_ids if args.get("delete_file") else ():
            edit.db.files.remove(file_id)
    return {"ids": [scene.id for scene in scenes]}


def scene_merge(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Merge scenes: {sources, destination, fields?}; the destination's updated_at moves, no hook at all."""
    destination = edit.scene(args["destination"])
    sources = [edit.scene(one) for one in args["sources"]]
    if destination in sources:
        raise Refused("destination scene cannot be in source list")
    for source in sources:
        destination.file_ids = (*destination.file_ids, *source.file_ids)
        destination.play_dates = (*destination.play_dates, *source.play_dates)
        for marker_id in source.marker_ids:
            edit.db.markers.rows[marker_id].scene_id = destination.id
        destination.marker_ids = (*destination.marker_ids, *source.marker_ids)
        source.marker_ids = ()
        drop(edit, source)
    apply(edit, destination, args.get("fields", {}))
    edit.touch(destination)
    return {"id": destination.id, "updated_at": destination.updated_at}


def cover_set(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Set a cover by sceneUpdate: {id, data? | seed? | none?, legacy?, same_second?}; fires Scene.Update.

    Moves updated_at, unless it is still the second of the last change.
    """
    scene = edit.scene(args["id"])
    scene.cover = picture(args, scene.cover)
    if not args.get("same_second"):
        edit.touch(scene)
    edit.fire(
        "Scene.Update", scene.id, {"id": str(scene.id), "cover_image": args.get("data", "data:image/png;base64,")}
    )
    return {"id": scene.id, "updated_at": scene.updated_at}


def set_primary_file(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Make another of a scene's files the primary one: {id, path}; moves updated_at, fires Scene.Update."""
    scene = edit.scene(args["id"])
    chosen = next((file.id for file in edit.db.files_of(scene) if edit.db.path(file) == args["path"]), None)
    if chosen is None:
        raise Refused(f"file {args['path']} is not a file of scene {scene.id}")
    scene.file_ids = (chosen, *(one for one in scene.file_ids if one != chosen))
    edit.touch(scene)
    edit.fire("Scene.Update", scene.id, {"id": str(scene.id), "primary_file_id": str(chosen)}, INPUT)
    return {"id": scene.id, "updated_at": scene.updated_at}
