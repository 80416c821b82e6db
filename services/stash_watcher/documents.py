"""The GraphQL documents beside this package, as queries."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from common.stash import Query

if TYPE_CHECKING:
    from collections.abc import Collection

    from services.stash_watcher.entities import Kind


class Family(NamedTuple):
    """The questions for one kind of entity: all by pages, some by their ids, one."""

    every: Query
    some: Query
    one: Query


class Documents(NamedTuple):
    """Every question that the watcher has; `page`, `batch` and `one` ask for whole scenes.

    `tells_files`: the look also says which scenes have a file that changed.
    """

    status: Query
    look: Query
    tells_files: bool
    ids: Query
    changed: Query
    number: Query
    page: Query
    batch: Query
    one: Query
    entities: dict[Kind, Family]
    markers: Query
    markers_of: Query


def documents(features: Collection[str] = ()) -> Documents:
    """Return the queries for a Stash whose scenes, and their filter, have these fields."""
    whole = "scenes_groups" if "groups" in features else "scenes"
    tells_files = {"groups", "files_filter"} <= set(features)
    return Documents(
        status=_query("status", "Status"),
        look=_query("look_files" if tells_files else "look", "Look"),
        tells_files=tells_files,
        ids=_query("ids", "Ids"),
        changed=_query("ids", "Changed"),
        number=_query("ids", "Count"),
        page=_query(whole, "Page"),
        batch=_query(whole, "Batch"),
        one=_query(whole, "One"),
        entities={
            "tag": _family("entities", "Tag"),
            "performer": _family("entities", "Performer"),
            "studio": _family("entities", "Studio"),
            "group": _family("groups" if "groups" in features else "movies", "Group"),
        },
        markers=_query("markers", "Markers"),
        markers_of=_query("markers", "MarkersOf"),
    )


def _family(document: str, name: str) -> Family:
    return Family(*(_query(document, operation) for operation in (f"{name}s", f"Some{name}s", f"One{name}")))


def _query(document: str, operation: str) -> Query:
    text = (files(__package__) / "queries" / f"{document}.graphql").read_text(encoding="utf-8")
    return Query(f"{document}/{operation}", text, operation)
