"""What Plex's stream of events says about items and scans, as plain data. Pure.

The frames and their states were read in public clients of PMS (Tautulli, plexapi, Plex-Auto-Languages); ids come as
strings or as numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from common.errors import Undecodable

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARY = "com.plexapp.plugins.library"
MOVIE = 1
CREATED, PROGRESS, PROCESSED, DELETED = 0, 1, 5, 9
LONGEST_FRAME = 1_048_576

Stage = Literal["new", "done", "gone"]


class Touched(NamedTuple):
    """Something happened to an item: it is `new` and maybe without its file yet, `done`, or `gone`.

    `updated_at` is the item's own time in seconds, 0 where the event has none.
    """

    rating_key: str
    section: str
    stage: Stage
    updated_at: int


class Scan(NamedTuple):
    """A library's scan goes on, or is over."""

    section: str
    over: bool


Notice = Touched | Scan


class Frames:
    """Cuts a stream of server-sent events into (event, data); at most one frame of 1 MiB is kept."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[tuple[str, bytes]]:
        """Return the frames that this chunk completes; raises Undecodable when one grows without end."""
        *whole, self._rest = (self._rest + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
        if len(self._rest) > LONGEST_FRAME:
            raise Undecodable("Plex's event stream has a frame of more than 1 MiB")
        return [frame for text in whole if (frame := _frame(text)) is not None]


def read(event: str, data: bytes) -> list[Notice]:
    """Return what a frame tells; nothing for a frame of another kind. Raises Undecodable when it is no JSON object."""
    try:
        body = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Undecodable(f"Plex's event {event} is no JSON: {error}") from None
    if not isinstance(body, dict):
        raise Undecodable(f"Plex's event {event} is no JSON object")
    box = body.get("NotificationContainer", body)
    return [notice for name, decide in _KINDS.items() for entry in _entries(box, name) if (notice := decide(entry))]


def _frame(text: bytes) -> tuple[str, bytes] | None:
    event, data = "message", []
    for line in text.split(b"\n"):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            event = value.decode(errors="replace")
        elif name == b"data":
            data.append(value)
    return (event, b"\n".join(data)) if data else None


def _entries(box: object, name: str) -> Iterator[dict[str, Any]]:
    """Yield the entries of a kind: a list of them, or the one that stands alone."""
    found = box.get(name) if isinstance(box, dict) else None
    for entry in found if isinstance(found, list) else [found]:
        if isinstance(entry, dict):
            yield entry


def _touched(entry: dict[str, Any]) -> Touched | None:
    key, section, stage = _number(entry.get("itemID")), _number(entry.get("sectionID")), _stage(entry)
    about_movies = entry.get("identifier") == LIBRARY and _number(entry.get("type")) == MOVIE
    if stage is None or not about_movies or key is None or section is None or min(key, section) <= 0:
        return None
    return Touched(str(key), str(section), stage, _number(entry.get("updatedAt")) or 0)


def _stage(entry: dict[str, Any]) -> Stage | None:
    """Tell how far an item is: without an agent it ends at state 1, else at 5, with no state of metadata or media."""
    state, metadata = _number(entry.get("state")), entry.get("metadataState")
    if state == DELETED or metadata == "deleted":
        return "gone"
    if state == CREATED:
        return "new"
    settled = not (metadata or entry.get("mediaState") or entry.get("queueSize"))
    return "done" if state in {PROGRESS, PROCESSED} and settled else None


def _scan(entry: dict[str, Any]) -> Scan | None:
    activity = entry.get("Activity")
    if not isinstance(activity, dict) or activity.get("type") != "library.update.section":
        return None
    context = activity.get("Context")
    section = _number(context.get("librarySectionID")) if isinstance(context, dict) else None
    return Scan("" if section is None else str(section), entry.get("event") == "ended")


_KINDS = {"TimelineEntry": _touched, "ActivityNotification": _scan}


def _number(value: object) -> int | None:
    try:
        return int(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
