"""Stash's answers become payloads: everything that is published of a scene, and nothing that must not be."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Undecodable
from common.messages import Group, Named, Studio
from services.stash_watcher.render import draft_of, identity_of
from tests.stash_watcher.builders import BORN, UPDATED, answer, file, joined_of, performer, rendered


def test_a_scene_has_all_that_stash_has() -> None:
    scene = rendered()
    assert (scene.id, scene.born, scene.updated_at) == (17, BORN, UPDATED)
    assert (scene.title, scene.details, scene.date, scene.rating100, scene.organized) == (
        "A title",
        "",
        "2024-02",
        80,
        True,
    )
    assert scene.urls == ("https://example.com/b", "https://example.com/a")
    assert scene.studio == Studio(id=3, name="Studio", parent=Named(id=2, name="Network"))
    assert scene.groups == (Group(id=5, name="Group", index=2),)
    assert [(mark.seconds, mark.title, mark.tag) for mark in scene.markers] == [(1, "start", "a"), (60.5, "", "b")]
    first = scene.files[0]
    assert (first.path, first.size, first.oshash, first.phash) == ("/data/z.mp4", 5_000_000_000, "0011", "2233")
    assert scene.stash_ids[0].stash_id == "abc"
    assert scene.stamp == (0, 0)


def test_the_primary_file_comes_first_and_the_others_in_an_order_of_ours() -> None:
    assert [one.path for one in rendered().files] == ["/data/z.mp4", "/data/b.mp4", "/data/c.mp4"]


@given(seed=st.integers())
def test_the_order_of_sets_does_not_change_the_rev(seed: int) -> None:
    shuffled = answer()
    chance = random.Random(seed)
    for name in ("performers", "tags", "groups", "scene_markers", "stash_ids"):
        chance.shuffle(shuffled[name])
    rest = shuffled["files"][1:]
    chance.shuffle(rest)
    shuffled["files"][1:] = rest
    assert joined_of(shuffled) == rendered()


@pytest.mark.parametrize(
    "change",
    [
        {"title": "another"},
        {"details": "more"},
        {"rating100": None},
        {"organized": False},
        {"urls": ["https://example.com/a", "https://example.com/b"]},
        {"studio": None},
        {"performers": []},
        {"tags": [{"id": "8", "name": "renamed"}, {"id": "9", "name": "Apple"}]},
        {"groups": []},
        {"scene_markers": []},
        {"files": [file("/data/b.mp4"), file("/data/c.mp4"), file("/data/z.mp4")]},
        {"stash_ids": []},
        {"created_at": "2025-01-01T10:00:00+01:00"},
        {"performers": [performer(9, image_path="http://stash:9999/performer/9/image?t=1700000001")]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_of_content_changes_the_rev(change: dict[str, Any]) -> None:
    assert rendered(**change).rev != rendered().rev


@pytest.mark.parametrize(
    "change",
    [
        {"updated_at": "2026-02-01T10:00:05+01:00"},
        {"paths": {"screenshot": "https://other.example/base/scene/17/screenshot?t=1800000000"}},
        {"details": ""},
    ],
    ids=["updated_at", "cover", "null and empty text"],
)
def test_what_is_no_content_does_not_change_the_rev(change: dict[str, Any]) -> None:
    assert rendered(**change).rev == rendered().rev


@pytest.mark.parametrize(
    ("url", "cover"),
    [
        ("http://stash:9999/scene/17/screenshot?t=1", "/scene/17/screenshot"),
        ("https://example.com/stash/scene/17/screenshot?t=1&apikey=secret", "/scene/17/screenshot"),
        ("http://stash:9999/scene/17/screenshot", "/scene/17/screenshot"),
        ("http://stash:9999/elsewhere?apikey=secret", ""),
        (None, ""),
    ],
)
def test_a_cover_is_a_path_without_query_and_host(url: str | None, cover: str) -> None:
    assert rendered(paths={"screenshot": url}).cover == cover


@pytest.mark.parametrize(
    ("url", "image"),
    [
        ("http://stash:9999/performer/9/image?t=12", "/performer/9/image?t=12"),
        ("http://stash:9999/performer/9/image?apikey=secret&t=12&x=y", "/performer/9/image?t=12"),
        ("http://stash:9999/performer/9/image?t=12&default=true", ""),
        ("http://stash:9999/performer/9/image?default=true", ""),
        ("http://stash:9999/performer/9/image", "/performer/9/image"),
        ("https://example.com/stash/performer/9/image?t=12", "/performer/9/image?t=12"),
        ("http://stash:9999/other/9?apikey=secret", ""),
        (None, ""),
    ],
)
def test_a_performers_image_keeps_only_its_version(url: str | None, image: str) -> None:
    scene = rendered(performers=[performer(9, image_path=url)])
    assert scene.performers[0].image == image


@pytest.mark.parametrize("lost", sorted(answer()))
def test_an_answer_that_lacks_a_field_is_undecodable_and_not_empty(lost: str) -> None:
    given = {name: value for name, value in answer().items() if name != lost}
    with pytest.raises(Undecodable, match="lacks or garbles"):
        draft_of(msgspec.json.encode(given))


@pytest.mark.parametrize(
    "change",
    [{"id": "seventeen"}, {"tags": None}, {"files": [{"path": 5}]}, {"rating100": "80"}, {"performers": [None]}],
    ids=lambda change: next(iter(change)),
)
def test_an_answer_that_garbles_a_field_is_undecodable(change: dict[str, Any]) -> None:
    with pytest.raises(Undecodable):
        draft_of(msgspec.json.encode(answer(**change)))


def test_the_identity_of_an_undecodable_scene_is_read_where_it_can_be() -> None:
    assert identity_of(msgspec.json.encode(answer(tags=None))) == (17, UPDATED)
    assert identity_of(b'{"id":"17"}') == (17, "")
    assert identity_of(b'{"id":"x"}') is None
    assert identity_of(b"null") is None
