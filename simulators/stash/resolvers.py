"""Resolvers that several types share: related rows, and the first of several URLs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.stash.sorting import natural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from simulators.stash.asked import Info, Resolver
    from simulators.stash.database import Database
    from simulators.stash.model import Row, Scene, Tag


def db_of(info: Info) -> Database:
    """Return the rows that the request is about."""
    db: Database = info.context.db
    return db


def first_url(row: Any, _info: Info) -> str | None:
    """Resolve the deprecated `url`."""
    return row.urls[0] if row.urls else None


def many(table: str, ids: Callable[[Any], Iterable[int]]) -> Resolver:
    """Resolve to the related rows in the order in which the ids are held."""

    def resolve(row: Any, info: Info) -> list[Row]:
        rows = getattr(info.context.db, table).rows
        return [rows[row_id] for row_id in ids(row)]

    return resolve


def one(table: str, attribute: str) -> Resolver:
    """Resolve to the related row, or null."""

    def resolve(row: Any, info: Info) -> Row | None:
        found: Row | None = getattr(info.context.db, table).rows.get(getattr(row, attribute))
        return found

    return resolve


def tags(row: Any, info: Info) -> list[Tag]:
    """Resolve to the tags in the order of their names: renaming one may move it."""
    tags = db_of(info).tags.rows
    return sorted((tags[tag_id] for tag_id in row.tag_ids), key=lambda tag: natural(tag.sort_name or tag.name))


def scenes_where(has: Callable[[Scene, Any], bool]) -> Resolver:
    """Resolve to all scenes that have the row."""

    def resolve(row: Any, info: Info) -> list[Scene]:
        return [scene for scene in db_of(info).scenes.rows.values() if has(scene, row.id)]

    return resolve


def count_where(has: Callable[[Scene, Any], bool]) -> Resolver:
    """Resolve to the number of scenes that have the row, those below it not counted."""
    scenes = scenes_where(has)
    return lambda row, info, depth=None: len(scenes(row, info))  # noqa: ARG005 - the field's argument
