"""Edits of scene markers: the scene's updated_at never moves (Stash source v0.30)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.stash.model import Marker

if TYPE_CHECKING:
    from simulators.stash.edits.transaction import Edit


def _fill(edit: Edit, marker: Marker, args: dict[str, Any]) -> dict[str, Any]:
    marker.title = args.get("title", marker.title)
    marker.seconds = args.get("seconds", marker.seconds)
    marker.end_seconds = args.get("end_seconds", marker.end_seconds)
    if "tag" in args:
        marker.primary_tag_id = edit.ensure("tag", args["tag"])
    if "tags" in args:
        marker.tag_ids = tuple(edit.ensure("tag", name) for name in args["tags"])
    return {"scene_id": str(marker.scene_id), "title": marker.title, "seconds": marker.seconds}


def marker_create(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Create a marker: {scene, tag, title?, seconds?, end_seconds?, tags?}; fires SceneMarker.Create."""
    scene = edit.scene(args["scene"])
    marker = Marker(scene_id=scene.id, **edit.times())
    given = _fill(edit, marker, {"tag": "Chapter", **args})
    edit.db.markers.add(marker)
    scene.marker_ids = (*scene.marker_ids, marker.id)
    edit.fire("SceneMarker.Create", marker.id, given)
    return {"id": marker.id, "scene": scene.id}


def marker_update(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Update a marker: {id, title?, seconds?, ...}; only the marker's updated_at moves, fires SceneMarker.Update."""
    marker = edit.row(edit.db.markers, args["id"], "scene marker")
    given = _fill(edit, marker, args)
    edit.touch(marker)
    edit.fire("SceneMarker.Update", marker.id, {"id": str(marker.id), **given})
    return {"id": marker.id, "scene": marker.scene_id}


def marker_destroy(edit: Edit, args: dict[str, Any]) -> dict[str, Any]:
    """Delete a marker: {id}; fires SceneMarker.Destroy, which only tells the marker's id."""
    marker = edit.row(edit.db.markers, args["id"], "scene marker")
    scene = edit.db.scenes.rows[marker.scene_id]
    scene.marker_ids = tuple(one for one in scene.marker_ids if one != marker.id)
    edit.db.markers.remove(marker.id)
    edit.fire("SceneMarker.Destroy", marker.id, [str(marker.id)])
    return {"id": marker.id, "scene": scene.id}
