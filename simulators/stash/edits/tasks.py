"""What Stash's own tasks do: covers, auto-tag, identify, import, play history, and edits behind its back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.stash.database import Table
from simulators.stash.edits import scenes
from simulators.stash.edits.transaction import NAMED, Edit, Refused, picture

if TYPE_CHECKING:
    from simulators.stash.database import Database


def generate_cover(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Generate a cover: {id, seed?}; the scene's updated_at moves, fires nothing."""
    scene = edit.scene(args["id"])
    scene.cover = picture(args, scene.cover)
    edit.touch(scene)
    return {"id": scene.id, "updated_at": scene.updated_at}


def autotag(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Auto-tag scenes: {ids, tags?, performers?, studio?}; their updated_at moves, fires nothing for them."""
    found = [edit.scene(one) for one in args["ids"]]
    tags = [edit.entity("tag", one).id for one in args.get("tags", ())]
    performers = [edit.entity("performer", one).id for one in args.get("performers", ())]
    for scene in found:
        scene.tag_ids = tuple(dict.fromkeys((*scene.tag_ids, *tags)))
        scene.performer_ids = tuple(dict.fromkeys((*scene.performer_ids, *performers)))
        if args.get("studio") and scene.studio_id is None:
            scene.studio_id = edit.entity("studio", args["studio"]).id
        edit.touch(scene)
    return {"ids": [scene.id for scene in found], "updated_at": edit.now}


def identify(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Identify a scene: {id, fields, skipped?}; moves updated_at, fires Scene.Update unless only tagged as skipped."""
    scene = edit.scene(args["id"])
    given = scenes.apply(edit, scene, args.get("fields", {}))
    edit.touch(scene)
    if not args.get("skipped"):
        edit.fire("Scene.Update", scene.id, given, scenes.INPUT)
    return {"id": scene.id, "updated_at": scene.updated_at}


def batch_entity(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Update entities by the stash-box batch task: {kind, refs, fields}; their updated_at moves, fires nothing."""
    rows = [edit.entity(args["kind"], one) for one in args["refs"]]
    for row in rows:
        for name, value in args["fields"].items():
            setattr(row, name, value)
        edit.touch(row)
    return {"ids": [row.id for row in rows], "updated_at": edit.now}


def _renumbered(db: Database) -> dict[str, dict[int, int]]:
    """Give every row of every table a new id, from 1 in the old order, and return what became what."""
    maps: dict[str, dict[int, int]] = {}
    for name, table in vars(db).items():
        if isinstance(table, Table):
            rows, table.rows, table.last_id = list(table.rows.values()), {}, 0
            maps[name] = {}
            for row in rows:
                old = row.id
                maps[name][old] = table.add(row).id
    return maps


def json_import(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Import all metadata anew: {updated_at?, reverse?}; the database is reset and ids start again, fires nothing.

    Times come from the files, whatever they say; with `reverse` the scenes get their ids in the opposite order.
    """
    db = edit.db
    if args.get("reverse"):
        db.scenes.rows = dict(reversed(db.scenes.rows.items()))
    maps = _renumbered(db)

    def many(table: str, ids: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(maps[table][one] for one in ids)

    for file in db.files.rows.values():
        file.folder_id = maps["folders"][file.folder_id]
    for folder in db.folders.rows.values():
        folder.parent_folder_id = maps["folders"].get(folder.parent_folder_id or 0)
    for scene in db.scenes.rows.values():
        scene.file_ids, scene.marker_ids = many("files", scene.file_ids), many("markers", scene.marker_ids)
        scene.tag_ids, scene.performer_ids = many("tags", scene.tag_ids), many("performers", scene.performer_ids)
        scene.gallery_ids, scene.studio_id = (
            many("galleries", scene.gallery_ids),
            maps["studios"].get(scene.studio_id or 0),
        )
        scene.group_ids = tuple((maps["groups"][one], index) for one, index in scene.group_ids)
        scene.updated_at = args.get("updated_at", scene.updated_at)
    _relink_entities(db, maps)
    return {"scenes": len(db.scenes)}


def _relink_entities(db: Database, maps: dict[str, dict[int, int]]) -> None:
    for marker in db.markers.rows.values():
        marker.scene_id, marker.primary_tag_id = maps["scenes"][marker.scene_id], maps["tags"][marker.primary_tag_id]
        marker.tag_ids = tuple(maps["tags"][one] for one in marker.tag_ids)
    for table, _kind in NAMED.values():
        for row in getattr(db, table).rows.values():
            row.tag_ids = tuple(maps["tags"][one] for one in row.tag_ids)
    for tag in db.tags.rows.values():
        tag.parent_ids = tuple(maps["tags"][one] for one in tag.parent_ids)
    for studio in db.studios.rows.values():
        studio.parent_id = maps["studios"].get(studio.parent_id or 0)
    for group in db.groups.rows.values():
        group.studio_id = maps["studios"].get(group.studio_id or 0)
        group.sub_group_ids = tuple(maps["groups"][one] for one in group.sub_group_ids)
    for gallery in db.galleries.rows.values():
        gallery.studio_id = maps["studios"].get(gallery.studio_id or 0)
        gallery.tag_ids = tuple(maps["tags"][one] for one in gallery.tag_ids)
        gallery.performer_ids = tuple(maps["performers"][one] for one in gallery.performer_ids)


def add_play(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Note a play: {id, at?}; no timestamp moves, fires nothing; the history is in UTC."""
    scene = edit.scene(args["id"])
    scene.play_dates = (*scene.play_dates, args.get("at", edit.clock.now_utc()))
    return {"id": scene.id, "play_count": len(scene.play_dates)}


def set_o(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Note an o: {id, at?}; no timestamp moves, fires nothing; the history is in UTC."""
    scene = edit.scene(args["id"])
    scene.o_dates = (*scene.o_dates, args.get("at", edit.clock.now_utc()))
    return {"id": scene.id, "o_counter": len(scene.o_dates)}


def save_activity(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Save where playing stopped: {id, resume_time?, play_duration?}; no timestamp moves, fires nothing."""
    scene = edit.scene(args["id"])
    scene.resume_time = args.get("resume_time", scene.resume_time)
    scene.play_duration += args.get("play_duration", 0.0)
    return {"id": scene.id}


def sql(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Change columns directly: {table, id, set: {column: value}}; moves only what `set` names, fires nothing.

    For a scene, `set` may also have the fields of scene_update.
    """
    table = getattr(edit.db, args.get("table", "scenes"), None)
    if not isinstance(table, Table):
        raise Refused(f"no such table: {args.get('table')}")
    row = edit.row(table, args["id"], args.get("table", "scenes"))
    fields = {name: value for name, value in args["set"].items() if table is edit.db.scenes and name in scenes.FIELDS}
    columns = {name: value for name, value in args["set"].items() if name not in fields}
    for name in columns:
        if not hasattr(row, name):
            raise Refused(f"no such column: {name}")
    if fields:
        scenes.apply(edit, row, fields)
    for name, value in columns.items():
        setattr(row, name, tuple(value) if isinstance(value, list) else value)
    edit.hooks.clear()
    return {"id": row.id}
