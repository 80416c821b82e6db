"""What scans, cleans and file mutations do: mostly without touching the scene (Stash source v0.30)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from simulators.stash.edits import scenes
from simulators.stash.edits.transaction import Edit, Refused
from simulators.stash.model import File, Picture, Scene

if TYPE_CHECKING:
    from simulators.stash.model import Folder

COVER_AFTER_S = 0.1  # measured on v0.30.1: 0.08 to 0.13


def _file(edit: Edit, path: str, args: dict[str, Any]) -> File:
    """Add the row of a file that a scan found at `path`; its content follows from the path unless given."""
    if any(edit.db.path(file) == path for file in edit.db.files.rows.values()):
        raise Refused(f"there is a file at {path} already")
    folder, _, basename = path.rpartition(edit.db.sep)
    chance = random.Random(path)
    file = File(folder_id=edit.folder(folder).id, basename=basename, mod_time=edit.now, **edit.times())
    file.oshash = args.get("oshash", f"{chance.getrandbits(64):016x}")
    file.size = args.get("size", chance.randrange(10**8, 10**10))
    file.duration = args.get("duration", round(chance.uniform(300, 7200), 2))
    return edit.db.files.add(file)


def _file_of(edit: Edit, args: dict[str, Any]) -> File:
    """Return the file meant: the one at `path`, else the primary file of scene `id`."""
    if "path" in args:
        for file in edit.db.files.rows.values():
            if edit.db.path(file) == args["path"]:
                return file
        raise Refused(f"no file at {args['path']}")
    files = edit.db.files_of(edit.scene(args["id"]))
    if not files:
        raise Refused(f"scene {args['id']} has no file")
    return files[0]


def scenes_with(edit: Edit, file: File) -> list[Scene]:
    """Return the scenes that have a file."""
    return [scene for scene in edit.db.scenes.rows.values() if file.id in scene.file_ids]


def _place(edit: Edit, file: File, path: str) -> dict[str, Any]:
    folder, _, basename = path.rpartition(edit.db.sep)
    file.folder_id, file.basename = edit.folder(folder).id, basename
    edit.touch(file)
    return {"file_id": file.id, "path": path}


def scan_new_file(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Let a scan find a new file: {path, oshash?, size?, duration?, cover?, cover_after_s?}; fires Scene.Create.

    The cover comes a moment after the hook, silently, and mostly within the same second: nothing tells of it.
    """
    file = _file(edit, args["path"], args)
    scene = edit.db.scenes.add(Scene(file_ids=(file.id,), **edit.times()))
    edit.fire("Scene.Create", scene.id)

    def cover() -> None:
        scene.cover = Picture(seed=file.id)
        scene.updated_at = edit.clock.now()

    if args.get("cover", True):
        edit.after(float(args.get("cover_after_s", COVER_AFTER_S)), cover)
    return {"id": scene.id, "file_id": file.id}


def scan_second_file(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Let a scan find another file of a scene's content: {id, path}; moves updated_at, fires Scene.Update."""
    scene = edit.scene(args["id"])
    file = _file(edit, args["path"], args)
    scene.file_ids = (*scene.file_ids, file.id)
    edit.touch(scene)
    edit.fire("Scene.Update", scene.id)
    return {"id": scene.id, "file_id": file.id}


def scan_changed_file(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Let a scan find a file with new content: {id | path}; only the file's updated_at moves, fires Scene.Update."""
    file = _file_of(edit, args)
    file.oshash = args.get("oshash", f"{random.Random(file.oshash).getrandbits(64):016x}")
    file.size = args.get("size", file.size + 1)
    file.mod_time = edit.now
    edit.touch(file)
    for scene in scenes_with(edit, file):
        edit.fire("Scene.Update", scene.id)
    return {"file_id": file.id, "oshash": file.oshash}


def rename_file(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Let a scan find a file renamed: {id | path, to}; only the file's updated_at moves, fires Scene.Update."""
    file = _file_of(edit, args)
    folder = edit.db.folders.rows[file.folder_id].path
    to = args["to"] if edit.db.sep in args["to"] else f"{folder}{edit.db.sep}{args['to']}"
    placed = _place(edit, file, to)
    for scene in scenes_with(edit, file):
        edit.fire("Scene.Update", scene.id)
    return placed


def move_file(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Move a file by the moveFiles mutation: {id | path, to}; only the file's updated_at moves, fires nothing."""
    return _place(edit, _file_of(edit, args), args["to"])


def rename_folder(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Rename a folder on disk and scan: {path, to}; no timestamp moves at all and nothing fires."""
    old, new = args["path"].rstrip(edit.db.sep), args["to"].rstrip(edit.db.sep)
    moved: list[Folder] = []
    for folder in edit.db.folders.rows.values():
        if folder.path == old or folder.path.startswith(old + edit.db.sep):
            folder.path = new + folder.path[len(old) :]
            moved.append(folder)
    if not moved:
        raise Refused(f"no folder at {old}")
    return {"folders": [folder.path for folder in moved]}


def assign_file(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Give a file to another scene by sceneAssignFile: {path, id}; no timestamp moves, fires nothing."""
    file, target = _file_of(edit, {"path": args["path"]}), edit.scene(args["id"])
    owners = scenes_with(edit, file)
    if any(scene.file_ids[0] == file.id and len(scene.file_ids) > 1 for scene in owners):
        raise Refused("cannot reassign primary file")
    for scene in owners:
        scene.file_ids = tuple(one for one in scene.file_ids if one != file.id)
    target.file_ids = (*target.file_ids, file.id)
    return {"id": target.id, "file_id": file.id}


def delete_file(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Delete a file by deleteFiles: {path}; its scenes stay as they are, fires nothing."""
    file = _file_of(edit, {"path": args["path"]})
    for scene in scenes_with(edit, file):
        scene.file_ids = tuple(one for one in scene.file_ids if one != file.id)
    edit.db.files.remove(file.id)
    return {"file_id": file.id}


def clean(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Let a clean miss a file: {id | path}; a scene without another goes (Scene.Destroy), else its updated_at moves."""
    file = _file_of(edit, args)
    removed = []
    for scene in scenes_with(edit, file):
        if len(scene.file_ids) == 1:
            scenes.remove(edit, scene, None)
            removed.append(scene.id)
        else:
            scene.file_ids = tuple(one for one in scene.file_ids if one != file.id)
            edit.touch(scene)
    edit.db.files.remove(file.id)
    return {"file_id": file.id, "removed": removed}


def set_fingerprint(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Set a fingerprint (phash task, fileSetFingerprints): {id | path, phash? | md5?}; no timestamp, fires nothing."""
    file = _file_of(edit, args)
    file.phash, file.md5 = args.get("phash", file.phash), args.get("md5", file.md5)
    return {"file_id": file.id}


def set_captions(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Let a scan find captions: {id | path, captions: [[language, type]]}; no timestamp moves, fires nothing."""
    file = _file_of(edit, args)
    file.captions = tuple((language, kind) for language, kind in args["captions"])
    return {"file_id": file.id}
