"""What is really in the database, for tests to compare with: scenes with names and paths instead of ids."""

from __future__ import annotations

from hashlib import sha1
from typing import TYPE_CHECKING, Any

from simulators.stash.images import content, etag
from simulators.stash.sorting import natural
from simulators.stash.timestamps import to_unix

if TYPE_CHECKING:
    from simulators.stash.database import Database
    from simulators.stash.model import Marker, Performer, Picture, Scene

PLAIN = (
    "id", "title", "details", "date", "code", "director", "rating100", "organized", "created_at", "updated_at",
)  # fmt: skip


def scene(db: Database, row: Scene) -> dict[str, Any]:
    """Return one scene as a person would describe it; lists are in the order in which Stash serves them."""
    studio = db.studios.rows.get(row.studio_id or 0)
    parent = db.studios.rows.get(studio.parent_id or 0) if studio else None
    tags = sorted((db.tags.rows[one] for one in row.tag_ids), key=lambda tag: natural(tag.sort_name or tag.name))
    files = db.files_of(row)
    stash_ids = sorted(row.stash_ids, key=lambda one: one.endpoint)
    return {
        **{name: getattr(row, name) for name in PLAIN},
        "urls": list(row.urls),
        "studio": studio.name if studio else None,
        "studio_parent": parent.name if parent else None,
        "performers": [db.performers.rows[one].name for one in sorted(row.performer_ids)],
        "tags": [tag.name for tag in tags],
        "groups": [{"name": db.groups.rows[one].name, "index": index} for one, index in row.group_ids],
        "markers": [_marker(db, db.markers.rows[one]) for one in row.marker_ids],
        "stash_ids": [{"endpoint": one.endpoint, "stash_id": one.stash_id} for one in stash_ids],
        "files": [db.path(file) for file in files],
        "oshashes": [file.oshash for file in files],
        "cover": etag(content(row.cover)) if row.cover else None,
        "cover_sha1": _sha1(row.cover) if row.cover else None,
        "photos": [_photo(db.performers.rows[one]) for one in sorted(row.performer_ids)],
        "play_count": len(row.play_dates),
        "o_counter": len(row.o_dates),
    }


def _photo(row: Performer) -> dict[str, Any]:
    path = f"/performer/{row.id}/image?t={to_unix(row.updated_at)}"
    return {"id": row.id, "name": row.name, "path": path, "sha1": _sha1(row.image) if row.image else None}


def _sha1(picture: Picture) -> str:
    return sha1(content(picture), usedforsecurity=False).hexdigest()


def _marker(db: Database, row: Marker) -> dict[str, Any]:
    return {"id": row.id, "title": row.title, "seconds": row.seconds, "tag": db.tags.rows[row.primary_tag_id].name}


def entities(db: Database, kind: str) -> list[dict[str, Any]]:
    """Return the tags, performers, studios, groups or galleries with their ids and times."""
    rows = getattr(db, kind).rows.values()
    return [
        {
            "id": row.id,
            "name": row.title if kind == "galleries" else row.name,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
        for row in rows
    ]
