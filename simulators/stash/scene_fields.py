"""What the fields of scenes, files, folders and markers answer where it is not the row's attribute of that name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simulators.stash.resolvers import db_of, first_url, many, one, tags
from simulators.stash.timestamps import to_unix

if TYPE_CHECKING:
    from simulators.stash.asked import Asked, Info, Resolver
    from simulators.stash.model import File, Folder, Marker, Scene


def _scene_groups(key: str) -> Resolver:
    def resolve(scene: Scene, info: Info) -> list[dict[str, Any]]:
        groups = db_of(info).groups.rows
        return [{key: groups[group_id], "scene_index": index} for group_id, index in scene.group_ids]

    return resolve


def _paths(scene: Scene, info: Info) -> dict[str, str]:
    """All of them are always there, whether or not the thing was ever generated."""
    asked: Asked = info.context
    base = f"{asked.base_url}/scene/{scene.id}"
    files = asked.db.files_of(scene)
    by_hash = f"{asked.base_url}/scene/{files[0].oshash if files else ''}"
    return {
        "screenshot": f"{base}/screenshot?t={to_unix(scene.updated_at)}",
        "preview": f"{base}/preview",
        "stream": f"{base}/stream{_key(asked)}",
        "webp": f"{base}/webp",
        "vtt": f"{by_hash}_thumbs.vtt",
        "sprite": f"{by_hash}_sprite.jpg",
        "funscript": f"{base}/funscript",
        "interactive_heatmap": f"{base}/interactive_heatmap",
        "caption": f"{base}/caption",
    }


def _key(asked: Asked) -> str:
    return f"?apikey={quote(asked.api_key)}" if asked.api_key else ""


def _streams(scene: Scene, info: Info) -> list[dict[str, str]]:
    asked: Asked = info.context
    url = f"{asked.base_url}/scene/{scene.id}/stream{_key(asked)}"
    return [{"url": url, "mime_type": "video/mp4", "label": "Direct stream"}] if scene.file_ids else []


def _captions(scene: Scene, info: Info) -> list[dict[str, str]] | None:
    files = db_of(info).files_of(scene)
    if not files or not files[0].captions:
        return None
    return [{"language_code": language, "caption_type": kind} for language, kind in files[0].captions]


def _markers(scene: Scene, info: Info) -> list[Marker]:
    markers = db_of(info).markers.rows
    return sorted((markers[marker_id] for marker_id in scene.marker_ids), key=lambda marker: marker.seconds)


def _marker_url(leaf: str) -> Resolver:
    return lambda marker, info: f"{info.context.base_url}/scene/{marker.scene_id}/scene_marker/{marker.id}/{leaf}"


def _fingerprints(file: File, _info: Info) -> list[dict[str, str]]:
    held = (("oshash", file.oshash), ("md5", file.md5), ("phash", file.phash))
    return [{"type": kind, "value": value} for kind, value in held if value]


def _fingerprint(file: File, _info: Info, type: str) -> str | None:  # noqa: A002 - the argument's name
    return {"oshash": file.oshash, "md5": file.md5, "phash": file.phash}.get(type) or None


def _parent_folder_id(row: File | Folder, _info: Info) -> int | None:
    return row.folder_id if hasattr(row, "folder_id") else row.parent_folder_id


SCENE_FIELDS: dict[str, dict[str, Resolver]] = {
    "Scene": {
        "url": first_url,
        "o_counter": lambda scene, _info: len(scene.o_dates),
        "interactive": lambda _scene, _info: False,
        "interactive_speed": lambda _scene, _info: None,
        "captions": _captions,
        "last_played_at": lambda scene, _info: max(scene.play_dates, default=None),
        "play_count": lambda scene, _info: len(scene.play_dates),
        "play_history": lambda scene, _info: sorted(scene.play_dates, reverse=True),
        "o_history": lambda scene, _info: sorted(scene.o_dates, reverse=True),
        "files": lambda scene, info: info.context.db.files_of(scene),
        "paths": _paths,
        "scene_markers": _markers,
        "galleries": many("galleries", lambda scene: scene.gallery_ids),
        "studio": one("studios", "studio_id"),
        "groups": _scene_groups("group"),
        "movies": _scene_groups("movie"),
        "tags": tags,
        "performers": many("performers", lambda scene: sorted(scene.performer_ids)),
        "stash_ids": lambda scene, _info: sorted(scene.stash_ids, key=lambda one: one.endpoint),
        "sceneStreams": _streams,
    },
    "VideoFile": {
        "path": lambda file, info: info.context.db.path(file),
        "parent_folder_id": _parent_folder_id,
        "parent_folder": one("folders", "folder_id"),
        "fingerprints": _fingerprints,
        "fingerprint": _fingerprint,
    },
    "Folder": {"parent_folder_id": _parent_folder_id, "parent_folder": one("folders", "parent_folder_id")},
    "SceneMarker": {
        "scene": one("scenes", "scene_id"),
        "primary_tag": one("tags", "primary_tag_id"),
        "tags": tags,
        "stream": _marker_url("stream"),
        "preview": _marker_url("preview"),
        "screenshot": _marker_url("screenshot"),
    },
}
