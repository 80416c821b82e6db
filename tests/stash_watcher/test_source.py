"""Which Stash it is."""

from __future__ import annotations

import pytest

from services.stash_watcher.changes import Entry, Listed
from services.stash_watcher.observed import Oldest
from services.stash_watcher.source import Evidence, Source, anchors


def test_a_source_survives_being_written_down() -> None:
    source = Source.of("abc", Oldest(1, "2024"))
    assert Source.parse(str(source)) == source
    assert Source.of("abc", Oldest(1, "2025")) != source
    assert Source.of("abc", None) != source


@pytest.mark.parametrize("text", ["", "abc", ".", "abc.", ".abc"])
def test_what_is_no_source_is_none(text: str) -> None:
    assert Source.parse(text) is None


def test_known_scenes_are_evidence_and_others_are_not() -> None:
    entries = {1: Entry(1, 1, b"x", 1, 10), 2: Entry(1, 2, b"x", 1, 20), 3: Entry(1, 3)}
    rows = [Listed(1, 1, 10, 0), Listed(2, 1, 99, 0), Listed(3, 1, 5, 0), Listed(4, 1, 5, 0)]
    assert Evidence().with_rows(rows, entries) == Evidence(1, 1)


@pytest.mark.parametrize(
    ("evidence", "known", "same"),
    [
        (Evidence(5, 0), Source("other", "x"), True),
        (Evidence(3, 3), Source("path", "x"), True),
        (Evidence(0, 1), Source("path", "x"), False),
        (Evidence(), Source("path", "x"), True),
        (Evidence(), Source("other", "x"), False),
        (Evidence(), None, True),
    ],
)
def test_scenes_decide_and_the_path_only_where_none_is_left(
    evidence: Evidence, known: Source | None, *, same: bool
) -> None:
    assert evidence.is_same(known, "path") is same


def test_anchors_lie_at_the_beginning_the_middle_and_the_end() -> None:
    assert anchors([]) == []
    assert anchors([7]) == [6]
    assert anchors(range(1, 101)) == [0, 50, 90]
