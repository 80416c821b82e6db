"""The page of figures says what was measured, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.page import PAGE, RESULTS, filled, number

if TYPE_CHECKING:
    from pathlib import Path

RUN = {
    "machine": {
        "cpus": 2,
        "processor": "P",
        "memory_gb": 4.0,
        "python": "3.11",
        "system": "Linux",
        "mosquitto": "mosquitto 2",
        "load": 0.5,
    },
    "figures": {
        "x.ratio": {"value": 0.61234, "unit": "1", "runs": [0.5, 0.61234, 0.7], "limit": ">= 0.5"},
        "x.count": {"value": 12345.0, "unit": "1/s", "runs": [12345.0]},
    },
}


def test_the_page_is_as_the_kept_runs_have_it() -> None:
    page = PAGE.read_text("utf-8")
    assert page == filled(page), "python -m benchmarks.page"


def test_every_kept_run_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    kept = {path.stem for path in RESULTS.glob("*.json")} - {"ancestor"}
    assert all(f"<!-- figures {name} -->" in page for name in kept)


def test_a_block_becomes_the_table_of_its_run(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(RUN))
    page = filled("Before\n<!-- figures x -->\nold\n<!-- end -->\nAfter\n", tmp_path)
    assert "old" not in page
    assert "| `x.ratio` | 0.612  | >= 0.5 | 0.5 to 0.7, 3 |" in page
    assert "| `x.count` | 12,345 1/s | — | 12,345 to 12,345, 1 |" in page
    assert page == filled(page, tmp_path)
    assert "Not measured yet" in filled("<!-- figures y -->\n<!-- end -->\n", tmp_path)


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.4449, "0.445"), (2.0, "2"), (12.34, "12.3"), (151.6, "152"), (98765.4, "98,765")]
)
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text
