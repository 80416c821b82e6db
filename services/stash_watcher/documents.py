"""The GraphQL documents beside this package, as queries."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from common.stash import Query

if TYPE_CHECKING:
    from collections.abc import Collection


class Documents(NamedTuple):
    """Every question that the watcher has; `page`, `batch` and `one` ask for whole scenes."""

    status: Query
    look: Query
    ids: Query
    page: Query
    batch: Query
    one: Query


def documents(features: Collection[str] = ()) -> Documents:
    """Return the queries for a Stash whose Scene has these fields."""
    whole = "scenes_groups" if "groups" in features else "scenes"
    return Documents(
        status=_query("status", "Status"),
        look=_query("look", "Look"),
        ids=_query("ids", "Ids"),
        page=_query(whole, "Page"),
        batch=_query(whole, "Batch"),
        one=_query(whole, "One"),
    )


def _query(document: str, operation: str) -> Query:
    text = (files(__package__) / "queries" / f"{document}.graphql").read_text(encoding="utf-8")
    return Query(f"{document}/{operation}", text, operation)
