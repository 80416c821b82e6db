"""What the checker says of the retained table: all that Stash has, in whatever order it has no meaning in."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.stash import truth
from simulators.stash.sample import Sample
from simulators.stash.timestamps import Clock
from tools.chaos.table import FIELDS, judge_table

ROW: dict[str, Any] = {
    "id": 1,
    "title": "One",
    "details": "",
    "date": None,
    "code": "",
    "director": "",
    "rating100": None,
    "organized": False,
    "urls": [],
    "studio": "North",
    "studio_parent": None,
    "performers": ["Ada", "Zoë"],
    "tags": ["Sea"],
    "groups": [{"name": "Series", "index": 2}],
    "stash_ids": [],
    "oshashes": ["0a"],
    "markers": [{"id": 4, "title": "Begin", "seconds": 3, "tag": "Sea"}],
    "files": ["/data/1.mp4", "/data/2.mp4", "/data/3.mp4"],
}
TOLD: dict[str, Any] = {
    "title": "One",
    "studio": {"id": 1, "name": "North"},
    "tags": [{"id": 1, "name": "Sea"}],
    "performers": [{"id": 2, "name": "Zoë", "image": ""}, {"id": 1, "name": "Ada"}],
    "groups": [{"id": 1, "name": "Series", "index": 2}],
    "markers": [{"title": "Begin", "seconds": 3.0, "tag": "Sea"}],
    "files": [{"path": "/data/1.mp4", "oshash": "0a"}, {"path": "/data/3.mp4"}, {"path": "/data/2.mp4"}],
}


def fields(**told: Any) -> list[str]:
    """Return the fields that a topic tells wrongly."""
    return [one.field.removeprefix("stash/scene ") for one in judge_table([ROW], {1: {**TOLD, **told}})]


def test_a_payload_that_tells_the_same_is_right() -> None:
    assert fields() == []


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"title": "Old"}, "title"),
        ({"tags": []}, "tags"),
        ({"performers": [{"id": 1, "name": "Ada"}]}, "performers"),
        ({"studio": None}, "studio"),
        ({"studio": {"id": 1, "name": "North", "parent": {"id": 2, "name": "Far North"}}}, "studio"),
        ({"groups": [{"id": 1, "name": "Series", "index": 3}]}, "groups"),
        ({"markers": []}, "markers"),
        ({"markers": [{"title": "Begin", "seconds": 4.0, "tag": "Sea"}]}, "markers"),
        (
            {"files": [{"path": "/data/2.mp4", "oshash": "0a"}, {"path": "/data/1.mp4"}, {"path": "/data/3.mp4"}]},
            "files",
        ),
        ({"rating100": 50}, "rating100"),
    ],
)
def test_what_a_topic_tells_otherwise_is_named(told: dict[str, Any], field: str) -> None:
    assert fields(**told) == [field]


def test_what_the_broker_had_no_room_for_may_be_missing() -> None:
    assert fields(markers=[], cut=["markers"]) == []


def test_a_scene_without_a_topic_is_another_check_s() -> None:
    assert list(judge_table([ROW], {})) == []


def test_the_simulated_stash_tells_every_field_that_is_compared() -> None:
    db = Sample(Clock("UTC"), 1, "/data").fill(30)
    for row in db.scenes.rows.values():
        told = truth.scene(db, row)
        for of_row, _ in FIELDS.values():
            of_row(told)
