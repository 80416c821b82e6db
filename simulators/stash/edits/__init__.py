"""Every kind of change that a Stash can go through, by name; each says what it moves and what it fires.

`OPS` is what `POST /control/do` offers. An op takes the transaction and its arguments, changes rows and returns facts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulators.stash.edits import entities, files, markers, scenes, tasks
from simulators.stash.edits.transaction import NAMED, Edit

Op = Callable[[Edit, dict[str, Any]], dict[str, Any]]

_ENTITY_VERBS: dict[str, Callable[[str], Op]] = {
    "rename": entities.rename,
    "image": entities.image,
    "update": entities.update,
    "create": entities.create,
    "destroy": entities.destroy,
}
_SINGLE: tuple[Op, ...] = (
    scenes.scene_update, scenes.bulk_scene_update, scenes.scene_create, scenes.scene_destroy, scenes.scene_merge,
    scenes.cover_set, scenes.set_primary_file,
    files.scan_new_file, files.scan_second_file, files.scan_changed_file, files.rename_file, files.move_file,
    files.rename_folder, files.assign_file, files.delete_file, files.clean, files.set_fingerprint, files.set_captions,
    entities.tag_merge, entities.performer_merge, entities.studio_parent, entities.tag_parents, entities.tag_children,
    entities.sub_group_add, entities.gallery_scenes, entities.gallery_create, entities.gallery_rename,
    entities.entity_destroy,
    markers.marker_create, markers.marker_update, markers.marker_destroy,
    tasks.generate_cover, tasks.autotag, tasks.identify, tasks.batch_entity, tasks.json_import, tasks.add_play,
    tasks.set_o, tasks.save_activity, tasks.sql,
)  # fmt: skip


def _entity_op(kind: str, verb: str) -> Op:
    make = _ENTITY_VERBS[verb]
    op = make(kind)
    op.__doc__ = f"For a {kind}: {(make.__doc__ or '').removeprefix('Return the op that ')}"
    return op


OPS: dict[str, Op] = {
    **{op.__name__: op for op in _SINGLE},
    **{f"{kind}_{verb}": _entity_op(kind, verb) for kind in NAMED for verb in _ENTITY_VERBS},
}
