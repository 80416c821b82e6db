"""Searching one kind of row: filter, text, order and page, and by ids, as Stash's SQL does it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from simulators.stash import criteria
from simulators.stash import filter_fields as fields
from simulators.stash.filters import Make, Source, combine
from simulators.stash.id_criteria import parse_id
from simulators.stash.sorting import ordered, unordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from simulators.stash.asked import Asked
    from simulators.stash.database import Database
    from simulators.stash.model import Marker, Row, Scene

PER_PAGE = 25
WORD = re.compile(r'(-?)(?:"([^"]*)"|(\S+))')


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
    hashes = chain.from_iterable((file.oshash, file.md5, file.phash) for file in files)
    markers = (db.markers.rows[one].title for one in scene.marker_ids)
    return chain((scene.title, scene.details), map(db.path, files), hashes, markers)


def _marker_texts(db: Database, marker: Marker) -> Iterable[str]:
    return marker.title, db.tags.rows[marker.primary_tag_id].name, db.scenes.rows[marker.scene_id].title


KINDS: dict[str, Kind] = {
    "scenes": Kind("scenes", fields.SCENE, "", "scene", _scene_texts),
    "tags": Kind("tags", fields.TAG, noun="tag"),
    "performers": Kind("performers", fields.PERFORMER, noun="performer"),
    "studios": Kind("studios", fields.STUDIO, noun="studio"),
    "groups": Kind("groups", fields.GROUP, noun="group"),
    "galleries": Kind("galleries", fields.GALLERY, "", "gallery", lambda _db, row: (row.title, row.details)),
    "scene_markers": Kind("markers", fields.MARKER, "title", "scene marker", _marker_texts),
    "files": Kind("files", fields.FILE, "", "file", lambda db, row: (db.path(row),)),
    "folders": Kind("folders", fields.FOLDER, "", "folder", lambda _db, row: (row.path,)),
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
        kind, table = KINDS[self.kind], getattr(self.asked.db, KINDS[self.kind].table)
        given = {name: value for name, value in self.filter.items() if value is not None}
        keyset = _is_keyset(given)
        rows: Iterable[Row] = table.after(given.pop("id")["value"]) if keyset else table.rows.values()
        words = WORD.findall(self.find.get("q") or "")
        if words:
            rows = (row for row in rows if _has_words(words, kind.texts(self.asked.db, row)))
        if not given:
            return iter(rows)
        return filter(combine(kind.filter, given, Source(self.asked.db, self.asked.tomorrow)), rows)

    def page(self) -> list[Row]:
        """Return the page asked for; `per_page` is 25 by default, -1 takes all, 0 none."""
        sort = KINDS[self.kind].sort if self.find.get("sort") is None else self.find["sort"]
        descending = self.find.get("direction") == "DESC"
        size = PER_PAGE if self.find.get("per_page") is None else self.find["per_page"]
        start = (max(self.find.get("page") or 1, 1) - 1) * max(size, 0)
        end = None if size < 0 else start + size
        if sort == "" and not self.filter and not self.find.get("q"):
            return unordered(self.kind, list(self.matching()))[start:end]
        if sort == "" or (sort == "id" and not descending):
            return list(islice(self.matching(), start, end))
        rows = list(self.matching())
        if self.asked.reverse_ties and sort != "id":
            rows.reverse()
        return ordered(self.kind, sort, rows, self.asked.db, descending=descending, end=end)[start:]


def _is_keyset(given: Mapping[str, Any]) -> bool:
    """Say whether the search begins behind an id, which the primary key lets SQLite do, too."""
    return given.get("id", {}).get("modifier") == "GREATER_THAN" and "OR" not in given


def _has_words(words: list[tuple[str, str, str]], texts: Iterable[str]) -> bool:
    """Say whether all words are in one of the texts each, and none of those that begin with a minus."""
    held = list(texts)
    return all(
        any(criteria.like(f"%{quoted or word}%", text) for text in held) is (minus == "")
        for minus, quoted, word in words
    )


def by_ids(kind: str, asked: Asked, given: list[str], *, named: str = "ids") -> list[Any]:
    """Return the rows of these ids in their order; one that is missing, or there twice, fails the whole request."""
    rows = getattr(asked.db, KINDS[kind].table).rows
    wanted = _numbers(given, prefix="" if kind == "files" else "converting ids: ")
    twice = next((one for one, times in Counter(wanted).items() if times > 1), None)
    if twice is not None and kind != "files":
        raise GraphQLError(f"validating ids: duplicate id found: {twice}" if named == "ids" else _missing(kind, twice))
    for row_id in wanted:
        if row_id not in rows:
            raise GraphQLError(_missing(kind, row_id))
    return [rows[row_id] for row_id in wanted]


def _numbers(given: list[str], prefix: str) -> list[int]:
    try:
        return [parse_id(one) for one in given]
    except GraphQLError as error:
        raise GraphQLError(f"{prefix}{error.message}") from error


def _missing(kind: str, row_id: int) -> str:
    noun = KINDS[kind].noun
    if kind == "files":
        return f"getting {noun} by id {row_id}: sql: no rows in result set"
    return f"{noun} with id {row_id} not found"
