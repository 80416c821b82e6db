"""The orders in which finders list their rows; anything that Stash doesn't list is an error there and here.

Every order but `id` leaves ties open: Stash breaks them by a comparison that never says "equal", so the order of equal
rows may differ from request to request, and paging by offset over them can repeat or skip rows.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from heapq import nlargest, nsmallest
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

if TYPE_CHECKING:
    from simulators.stash.database import Database
    from simulators.stash.model import File, Scene

FEW = 100
Key = Callable[[Any], Any]
Order = Callable[["Database"], Key]


def natural(text: str | None) -> tuple[tuple[bool, Any], ...]:
    """Return a text as a key in natural order, numbers by their value, upper and lower case alike."""
    parts = re.split(r"(\d+)", (text or "").lower())
    return tuple((part.isdecimal(), int(part) if part.isdecimal() else part) for part in parts if part)


def nulls_first(value: Any) -> tuple[bool, Any]:
    """Return a key that puts NULL before everything, as SQLite does."""
    return (value is not None, value)


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


ANY: dict[str, Order] = {name: by(name) for name in ("id", "created_at", "updated_at")}
ENTITY: dict[str, Order] = {**ANY, "name": by_name()}
ORDERS: Mapping[str, Mapping[str, Order]] = {
    "scenes": {
        **ANY,
        **{name: by(name) for name in ("code", "date", "organized", "play_duration", "resume_time")},
        "title": lambda db: lambda scene: natural(scene.title or "".join(f.basename for f in db.files_of(scene)[:1])),
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
        **{name: by(name) for name in ("birthdate",)},
        "rating": by("rating100"),
        "tag_count": by_size("tag_ids"),
    },
    "studios": {**ENTITY, "rating": by("rating100"), "tag_count": by_size("tag_ids")},
    "groups": {**ENTITY, "date": by("date"), "duration": by("duration"), "rating": by("rating100")},
    "galleries": {**ANY, "date": by("date"), "title": by_name("title"), "rating": by("rating100")},
    "scene_markers": {**ANY, "title": by_name("title"), "seconds": by("seconds"), "scene_id": by("scene_id")},
    "files": {
        **ANY,
        "mod_time": by("mod_time"),
        "size": by("size"),
        "basename": by_name("basename"),
        "path": lambda db: lambda file: natural(db.path(file)),
    },
    "folders": {**ANY, "mod_time": by("mod_time"), "path": by_name("path")},
}


def ordered(
    kind: str, sort: str, rows: list[Any], db: Database, *, descending: bool = False, end: int | None = None
) -> list[Any]:
    """Return the first `end` rows in the order called `sort`, or raise Stash's own error for an unknown one."""
    if kind == "scenes" and sort == "path":
        return _once_a_file(rows, db, descending=descending)[:end]
    key = _key(kind, sort, db)
    if end is not None and end <= FEW:
        return nlargest(end, rows, key) if descending else nsmallest(end, rows, key)
    return sorted(rows, key=key, reverse=descending)[:end]


def _key(kind: str, sort: str, db: Database) -> Key:
    if sort.startswith("random"):
        seed = sort.removeprefix("random").removeprefix("_") or str(random.random())
        return lambda row: random.Random(f"{seed}-{row.id}").random()
    if sort not in ORDERS[kind]:
        raise GraphQLError(f"invalid sort: {sort}")
    return ORDERS[kind][sort](db)


def _once_a_file(scenes: list[Scene], db: Database, *, descending: bool) -> list[Scene]:
    """Return a scene with several files once for each: what the join for this order does in Stash."""
    rows = [(natural(db.path(file)), scene) for scene in scenes for file in db.files_of(scene)]
    rows += [((), scene) for scene in scenes if not scene.file_ids]
    return [scene for _path, scene in sorted(rows, key=itemgetter(0), reverse=descending)]
