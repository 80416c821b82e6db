"""The orders in which finders list their rows; anything that Stash doesn't list is an error there and here.

Rows that are equal in an order come by title or name, and by nothing more: Stash compares those with a function that
never says "equal", so rows with the same title, too, may change places from request to request, and paging by offset
over them can repeat or skip some.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

if TYPE_CHECKING:
    from simulators.stash.database import Database
    from simulators.stash.model import File, Marker, Scene

FEW = 100
CHUNK = re.compile(r"\d+|\D")
Key = Callable[[Any], Any]
Order = Callable[["Database"], Key]


def natural(text: str | None) -> tuple[tuple[int, int], ...]:
    """Return a text as a key in natural order, numbers by their value, upper and lower case alike."""
    chunks = CHUNK.findall("".join(map(_fold, text or "")))
    return tuple((48, int(chunk)) if chunk.isdecimal() else (ord(chunk), 0) for chunk in chunks)


def _fold(char: str) -> str:
    upper = char.upper()
    return upper if len(upper) == 1 else char


def nulls_first(value: Any) -> tuple[bool, Any]:
    """Return a key that puts NULL, which an empty text is, too, before everything, as SQLite does."""
    return (False, 0) if value in {None, ""} else (True, value)


def by(name: str) -> Order:
    """Order by an attribute of the row."""
    return lambda _db: lambda row: nulls_first(getattr(row, name))


def by_size(name: str) -> Order:
    """Order by how many a row has of something."""
    return lambda _db: lambda row: len(getattr(row, name))


def by_latest(name: str) -> Order:
    """Order by the newest of a row's dates."""
    return lambda _db: lambda row: max(getattr(row, name), default="")


def by_name(name: str = "name") -> Order:
    """Order by a name in natural order."""
    return lambda _db: lambda row: natural(getattr(row, name))


def by_file(value: Callable[[Database, File], Any]) -> Order:
    """Order scenes by something of their primary file."""

    def order(db: Database) -> Key:
        def key(scene: Scene) -> Any:
            files = db.files_of(scene)
            return nulls_first(value(db, files[0]) if files else None)

        return key

    return order


def _title(db: Database) -> Key:
    def key(scene: Scene) -> Any:
        files = db.files_of(scene)
        folder = db.folders.rows[files[0].folder_id].path if files else None
        return natural(scene.title or (files[0].basename if files else None)), natural(folder)

    return key


def _marker_title(db: Database) -> Key:
    def key(marker: Marker) -> Any:
        return natural(marker.title or db.tags.rows[marker.primary_tag_id].name)

    return key


ANY: dict[str, Order] = {name: by(name) for name in ("id", "created_at", "updated_at")}
ENTITY: dict[str, Order] = {**ANY, "name": by_name()}
ORDERS: Mapping[str, Mapping[str, Order]] = {
    "scenes": {
        **ANY,
        **{name: by(name) for name in ("code", "date", "organized", "play_duration", "resume_time")},
        "title": _title,
        "path": by_file(lambda db, file: natural(db.folders.rows[file.folder_id].path + file.basename)),
        "rating": by("rating100"),
        "file_count": by_size("file_ids"),
        "performer_count": by_size("performer_ids"),
        "tag_count": by_size("tag_ids"),
        "play_count": by_size("play_dates"),
        "o_counter": by_size("o_dates"),
        "last_played_at": by_latest("play_dates"),
        "last_o_at": by_latest("o_dates"),
        "filesize": by_file(lambda _db, file: file.size),
        "duration": by_file(lambda _db, file: file.duration),
        "bitrate": by_file(lambda _db, file: file.bit_rate),
        "file_mod_time": by_file(lambda _db, file: file.mod_time),
    },
    "tags": {**ANY, "name": lambda _db: lambda tag: natural(tag.sort_name or tag.name)},
    "performers": {
        **ENTITY,
        "birthdate": by("birthdate"),
        "rating": by("rating100"),
        "tag_count": by_size("tag_ids"),
    },
    "studios": {**ENTITY, "rating": by("rating100"), "tag_count": by_size("tag_ids")},
    "groups": {**ENTITY, "date": by("date"), "duration": by("duration"), "rating": by("rating100")},
    "galleries": {**ANY, "path": by("id"), "date": by("date"), "title": by_name("title"), "rating": by("rating100")},
    "scene_markers": {**ANY, "title": _marker_title, "seconds": by("seconds"), "scene_id": by("scene_id")},
    "files": {
        **ANY,
        "mod_time": by("mod_time"),
        "size": by("size"),
        "basename": by_name("basename"),
        "path": lambda db: lambda file: (db.folders.rows[file.folder_id].path, file.basename),
    },
    "folders": {**ANY, "mod_time": by("mod_time"), "path": by("path")},
}


UNORDERED: dict[str, Key] = {
    "scenes": lambda scene: (scene.studio_id or 0, scene.id),
    "folders": lambda folder: (folder.parent_folder_id or 0, folder.id),
}


def unordered(kind: str, rows: list[Any]) -> list[Any]:
    """Return rows in the order of the index that SQLite happens to read where no order is asked for."""
    return sorted(rows, key=UNORDERED[kind]) if kind in UNORDERED else rows


def ordered(
    kind: str, sort: str, rows: list[Any], db: Database, *, descending: bool = False, end: int | None = None
) -> list[Any]:
    """Return the first `end` rows in the order called `sort`, or raise Stash's own error for an unknown one."""
    key = _key(kind, sort, db)
    if end is not None and end <= FEW:
        rows = _nearest(rows, key, end, descending=descending)
    return sorted(sorted(rows, key=TIES.get(kind, _name)), key=key, reverse=descending)[:end]


def _nearest(rows: list[Any], key: Key, end: int, *, descending: bool) -> list[Any]:
    """Return the rows that can be among the first `end`, ties with the last of them included."""
    keys = [key(row) for row in rows]
    first = nlargest(end, keys) if descending else nsmallest(end, keys)
    if not first:
        return []
    return [row for row, one in zip(rows, keys, strict=True) if (one >= first[-1] if descending else one <= first[-1])]


def _name(row: Any) -> Any:
    return natural(row.name)


def _row_id(row: Any) -> Any:
    return row.id


TIES: dict[str, Key] = {
    "scenes": lambda scene: natural(scene.title or str(scene.id)),
    "galleries": lambda gallery: natural(gallery.title),
    "scene_markers": lambda marker: (marker.scene_id, marker.seconds),
    "files": _row_id,
    "folders": _row_id,
}


def _key(kind: str, sort: str, db: Database) -> Key:
    if sort.startswith("random"):
        seed = sort.removeprefix("random").removeprefix("_") or str(random.random())
        return lambda row: random.Random(f"{seed}-{row.id}").random()
    if sort not in ORDERS[kind]:
        raise GraphQLError(f"invalid sort: {sort}")
    return ORDERS[kind][sort](db)
