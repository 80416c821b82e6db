"""A scene's markers as WebVTT chapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from simulators.stash.database import Database
    from simulators.stash.model import Marker


def respond(db: Database, scene_id: str) -> Response:
    """Return all markers of a scene; one without a title is called by its tags."""
    scene = db.scenes.rows.get(int(scene_id)) if scene_id.isdecimal() else None
    if scene is None:
        return PlainTextResponse("Not Found\n", 404)
    markers = sorted((db.markers.rows[one] for one in scene.marker_ids), key=lambda marker: marker.seconds)
    lines = ["WEBVTT", ""]
    for number, marker in enumerate(markers, 1):
        time = _time(marker.seconds)
        lines += [str(number), f"{time} --> {time}", _title(db, marker), ""]
    return Response("\n".join(lines), headers={"Content-Type": "text/vtt"})


def _title(db: Database, marker: Marker) -> str:
    return marker.title or ", ".join(db.tags.rows[one].name for one in (marker.primary_tag_id, *marker.tag_ids))


def _time(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours:02}:{minutes:02}:{rest:06.3f}"
