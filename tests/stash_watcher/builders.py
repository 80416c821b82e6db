"""Scenes as Stash answers them and as they are published, for the tests of the pure parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from services.stash_watcher.answers import Performer, Studio, Tag
from services.stash_watcher.entities import Entities
from services.stash_watcher.render import draft_of, group_row, joined, performer_row, studio_row, tag_row

if TYPE_CHECKING:
    from common.messages import Scene

BORN = "2024-01-01T10:00:00+01:00"
UPDATED = "2026-01-10T10:00:05+01:00"


def answer(scene_id: int = 17, **changes: Any) -> dict[str, Any]:
    """Return a scene as Stash answers it."""
    return {
        "id": str(scene_id),
        "created_at": BORN,
        "updated_at": UPDATED,
        "title": "A title",
        "details": None,
        "date": "2024-02",
        "code": "",
        "director": None,
        "rating100": 80,
        "organized": True,
        "urls": ["https://example.com/b", "https://example.com/a"],
        "studio": {"id": "3", "name": "Studio", "parent_studio": {"id": "2", "name": "Network"}},
        "performers": [
            performer(9, image_path="http://stash:9999/performer/9/image?t=1700000000"),
            performer(4, image_path="http://stash:9999/performer/4/image?t=1700000000&default=true"),
        ],
        "tags": [{"id": "8", "name": "zebra"}, {"id": "9", "name": "Apple"}],
        "groups": [{"scene_index": 2, "group": {"id": "5", "name": "Group"}}],
        "scene_markers": [
            {"title": "", "seconds": 60.5, "primary_tag": {"id": "12", "name": "b"}},
            {"title": "start", "seconds": 1, "primary_tag": {"id": "11", "name": "a"}},
        ],
        "files": [file("/data/z.mp4"), file("/data/c.mp4"), file("/data/b.mp4")],
        "stash_ids": [{"endpoint": "https://box.example/graphql", "stash_id": "abc"}],
        "paths": {"screenshot": "http://stash:9999/scene/17/screenshot?t=1700000000"},
        **changes,
    }


def performer(performer_id: int, **changes: Any) -> dict[str, Any]:
    """Return a performer as Stash answers it."""
    return {
        "id": str(performer_id),
        "name": f"Performer {performer_id}",
        "disambiguation": None,
        "gender": "FEMALE",
        "image_path": None,
        **changes,
    }


def file(path: str, **changes: Any) -> dict[str, Any]:
    """Return a file as Stash answers it."""
    prints = [{"type": "oshash", "value": "0011"}, {"type": "phash", "value": "2233"}, {"type": "md5", "value": "x"}]
    return {
        "path": path,
        "size": 5_000_000_000,
        "duration": 61.5,
        "width": 1920,
        "height": 1080,
        "fingerprints": prints,
        **changes,
    }


def rendered(scene_id: int = 17, **changes: Any) -> Scene:
    """Return a scene as it is rendered, without a stamp."""
    return joined_of(answer(scene_id, **changes))


def joined_of(given: dict[str, Any]) -> Scene:
    """Return an answer as a scene; the entities in it are all there are, and the answer itself only names their ids."""
    return joined(draft_of(msgspec.json.encode(given)), entities_of(given))


def entities_of(given: dict[str, Any]) -> Entities:
    """Return the entities that an answer describes."""
    entities = Entities()
    tags = [*given["tags"], *(marker["primary_tag"] for marker in given["scene_markers"])]
    entities.saw("tag", [tag_row(Tag(tag["id"], tag["name"], UPDATED)) for tag in tags], 0, 0)
    groups = [membership["group"] for membership in given["groups"]]
    entities.saw("group", [group_row(Tag(group["id"], group["name"], UPDATED)) for group in groups], 0, 0)
    performers = [msgspec.convert({**one, "updated_at": UPDATED}, Performer) for one in given["performers"]]
    entities.saw("performer", [performer_row(one) for one in performers], 0, 0)
    for studio in filter(None, [given["studio"], (given["studio"] or {}).get("parent_studio")]):
        row = msgspec.convert({"parent_studio": None, **studio, "updated_at": UPDATED}, Studio)
        entities.saw("studio", [studio_row(row)], 0, 0)
    return entities


def stamped(scene: Scene, epoch: int, seq: int) -> Scene:
    """Return a scene as it is published."""
    return msgspec.structs.replace(scene, epoch=epoch, seq=seq)
