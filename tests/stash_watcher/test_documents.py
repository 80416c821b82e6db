"""The queries: each asks what it should, and nothing that is known to hurt."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse

from common.stash import Query
from services.stash_watcher.documents import documents

QUERIES = sorted((Path(__file__).parents[2] / "services" / "stash_watcher" / "queries").glob("*.graphql"))


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_no_document_asks_for_what_hurts(path: Path) -> None:
    """All rows at once are quadratic, counts of entities cost a query each, stream URLs contain the API key."""
    text = path.read_text()
    for word in ("per_page: -1", "_count", "stream", "sceneStreams", "image_count", "duration\n    filesize"):
        assert word not in text


def test_the_two_documents_for_whole_scenes_differ_only_in_the_name_of_groups() -> None:
    old, new = ((QUERIES[0].parent / f"{name}.graphql").read_text().split("\n") for name in ("scenes", "scenes_groups"))
    assert [line for line in new if line not in old and not line.startswith("#")] == ["  groups {", "    group {"]


@pytest.mark.parametrize(("features", "document"), [((), "scenes"), (("groups", "urls"), "scenes_groups")])
def test_the_document_fits_the_features_of_stash(features: tuple[str, ...], document: str) -> None:
    chosen = documents(features)
    assert chosen.page.name == f"{document}/Page"
    families = [query for family in chosen.entities.values() for query in family]
    for query in [*families, *(one for one in chosen if isinstance(one, Query))]:
        operations = [one for one in parse(query.text).definitions if isinstance(one, OperationDefinitionNode)]
        assert query.operation in {one.name.value for one in operations if one.name}
