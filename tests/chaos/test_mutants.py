"""The mutants fit the product as it is, and only what a mutant was made for counts as catching it."""

from __future__ import annotations

import ast
import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tools.chaos.mutants import MUTANTS, Change, apply, judged
from tools.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

RESULT = {"lost": 0, "stale": 0, "overwritten": 0, "stuck": 0}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_made_of_texts_that_stand_in_the_product_and_stays_python(name: str, tmp_path: Path) -> None:
    changes = MUTANTS[name].changes
    for file in {change.file for change in changes}:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    apply(changes, tmp_path)
    for change in changes:
        text = (tmp_path / change.file).read_text()
        assert text != (ROOT / change.file).read_text()
        ast.parse(text)


def test_a_text_that_does_not_stand_there_is_no_mutant(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one\n")
    with pytest.raises(ValueError, match=r"a\.py has 0 times: two"):
        apply([Change("a.py", "two", "three")], tmp_path)


@pytest.mark.parametrize(
    ("found", "seconds", "proven"),
    [
        ({"overwritten": 2}, 60.0, True),
        ({"lost": 1}, 60.0, False),
        ({}, 60.0, False),
        ({"overwritten": 1}, 181.0, False),
    ],
)
def test_a_mutant_is_caught_as_what_it_is_and_in_time(found: dict[str, int], seconds: float, proven: bool) -> None:
    assert judged("clear_foreign", 1, json.dumps(RESULT | found), "", seconds).proven is proven


@pytest.mark.parametrize(
    ("status", "answer", "story"),
    [(1, json.dumps(RESULT | {"overwritten": 9}), "ended by itself: writer ended with 1"), (1, "", "Traceback")],
)
def test_a_mutant_that_crashes_proves_nothing(status: int, answer: str, story: str) -> None:
    assert not judged("clear_foreign", status, answer, story, 60.0).proven
