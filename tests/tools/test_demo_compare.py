"""The demo's last word finds every kind of difference, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tools.demo.compare import FIELDS, compare

FOLDERS = ("/data", "/media")


def scene(**fields: Any) -> dict[str, Any]:
    plain = {"title": "T", "details": "D", "date": "2001-02-03", "studio": "S", "performers": ["A", "B"], "tags": ["x"]}
    return {"id": 7, "files": ["/data/a/f.mkv"], **plain, **fields}


def item(**fields: Any) -> dict[str, Any]:
    plain = {"title": "T", "summary": "D", "originallyAvailableAt": "2001-02-03", "studio": "S", "genres": ["x"]}
    actors = [{"tag": name} for name in fields.pop("performers", ["B", "A"])]
    return {"ratingKey": "1", "files": ["/media/a/f.mkv"], "actors": actors, **plain, **fields}


@pytest.mark.parametrize(
    ("stash", "plex"),
    [
        (scene(), item()),
        (scene(title=""), item(title="F")),
        (scene(date="2001-02"), item(originallyAvailableAt="2001-02-01")),
        (scene(date="2001"), item(originallyAvailableAt="2001-01-01")),
        (scene(date=None), item(originallyAvailableAt="")),
        (scene(studio=None), item(studio="")),
        (scene(performers=["A", "A"]), item(performers=["A"])),
        (scene(tags=["y", "x"]), item(genres=["x", "y"])),
    ],
)
def test_what_says_the_same_is_the_same(stash: dict[str, Any], plex: dict[str, Any]) -> None:
    found = compare([stash], [plex], FOLDERS)
    assert (found.scenes, found.items, found.left_out, found.differences) == (1, 1, 0, ())


@pytest.mark.parametrize(
    ("field", "plex"),
    [
        ("title", item(title="Other")),
        ("summary", item(summary="")),
        ("date", item(originallyAvailableAt="2001-02-04")),
        ("studio", item(studio="Other")),
        ("performers", item(performers=["A"])),
        ("tags", item(genres=["x", "foreign"])),
    ],
)
def test_one_field_that_differs_is_named_with_both_values(field: str, plex: dict[str, Any]) -> None:
    (found,) = compare([scene()], [plex], FOLDERS).differences
    assert (found.scene, found.field) == (7, field)
    assert found.stash != found.plex
    assert field in FIELDS


def test_a_title_that_plex_lost_is_a_difference_even_where_stash_has_none() -> None:
    assert [found.field for found in compare([scene(title="")], [item(title="")], FOLDERS).differences] == ["title"]


def test_a_file_that_plex_does_not_have_is_a_difference() -> None:
    both = scene(files=["/data/a/f.mkv", "/data/a/g.mkv"])
    assert [found.field for found in compare([both], [item()], FOLDERS).differences] == ["item"]


def test_a_scene_that_nobody_described_stays_out() -> None:
    bare = scene(details="", date=None, studio=None, performers=[], tags=[])
    found = compare([bare], [], FOLDERS)
    assert (found.scenes, found.left_out, found.differences) == (0, 1, ())
