"""Searching one kind of row: filter, text, order and page, and by ids, as Stash's SQL does it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from simulators.stash import criteria
from simulators.stash import filter_fields as fields
from simulators.stash.filters import Make, Source, combine
from simulators.stash.sorting import ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from simulators.stash.asked import Asked
    from simulators.stash.database import Database, Table
    from simulators.stash.model import Row, Scene

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of row is found: its table, its filter, its order without `sort`, and what `q` looks through."""

    table: str
    filter: Mapping[str, Make]
    sort: str = "name"
    noun: str = ""
    texts: Callable[[Database, Any], Iterable[str]] = field(default=lambda _db, row: (row.name, *row.aliases))


def _scene_texts(db: Database, scene: Scene) -> Iterable[str]:
    files = db.files_of(scene)
    return chain((scene.title, scene.details), (db.path(file) for file in files), (file.oshash for file in files))


KINDS: dict[str, Kind] = {
    "scenes": Kind("scenes", fields.SCENE, "", "scene", _scene_texts),
    "tags": Kind("tags", fields.TAG, noun="tag"),
    "performers": Kind("performers", fields.PERFORMER, noun="performer"),
    "studios": Kind("studios", fields.STUDIO, noun="studio"),
    "groups": Kind("groups", fields.GROUP, noun="group"),
    "galleries": Kind("galleries", fields.GALLERY, "", "gallery", lambda _db, row: (row.title, row.details)),
    "scene_markers": Kind("markers", fields.MARKER, "title", "scene marker", lambda _db, row: (row.title,)),
    "files": Kind("files", fields.FILE, "path", "file", lambda db, row: (db.path(row),)),
    "folders": Kind("folders", fields.FOLDER, "path", "folder", lambda _db, row: (row.path,)),
}


@dataclass(slots=True)
class Search:
    """One search for rows of a kind."""

    kind: str
    asked: Asked
    filter: Mapping[str, Any]
    find: Mapping[str, Any]

    def matching(self) -> Iterator[Row]:
        """Yield the rows that the filter selects, in the order of their ids."""
        kind = KINDS[self.kind]
        rows = _candidates(getattr(self.asked.db, kind.table), self.filter)
        words = (self.find.get("q") or "").split()
        if words:
            rows = (row for row in rows if _has_words(words, kind.texts(self.asked.db, row)))
        if not any(value is not None for value in self.filter.values()):
            return iter(rows)
        return filter(combine(kind.filter, self.filter, Source(self.asked.db, self.asked.tomorrow)), rows)

    def page(self) -> list[Row]:
        """Return the page asked for; `per_page` is 25 by default, -1 takes all, 0 none."""
        sort = KINDS[self.kind].sort if self.find.get("sort") is None else self.find["sort"]
        descending = self.find.get("direction") == "DESC"
        size = PER_PAGE if self.find.get("per_page") is None else self.find["per_page"]
        start = (max(self.find.get("page") or 1, 1) - 1) * max(size, 0)
        end = None if size < 0 else start + size
        if sort in {"", "id"} and not descending:
            return list(islice(self.matching(), start, end))
        rows = list(self.matching())
        if self.asked.reverse_ties and sort != "id":
            rows.reverse()
        return ordered(self.kind, sort, rows, self.asked.db, descending=descending, end=end)[start:]


def _candidates(table: Table[Any], given: Mapping[str, Any]) -> Iterable[Row]:
    """Return the rows to look at: paging by keyset starts behind the last id, as the primary key lets SQLite do."""
    keyset = given.get("id") or {}
    if keyset.get("modifier") == "GREATER_THAN" and given.get("OR") is None:
        return (table.rows[row_id] for row_id in table.after(keyset["value"]))
    return table.rows.values()


def _has_words(words: list[str], texts: Iterable[str]) -> bool:
    held = list(texts)
    return all(any(criteria.like(f"%{word}%", text) for text in held) for word in words)


def by_ids(kind: str, asked: Asked, wanted: list[int]) -> list[Row]:
    """Return the rows of these ids in their order; one that is missing, or there twice, fails the whole request."""
    rows = getattr(asked.db, KINDS[kind].table).rows
    for row_id, times in Counter(wanted).items():
        if times > 1:
            raise GraphQLError(f"validating ids: duplicate id found: {row_id}")
    for row_id in wanted:
        if row_id not in rows:
            raise GraphQLError(f"{KINDS[kind].noun} with id {row_id} not found")
    return [rows[row_id] for row_id in wanted]
