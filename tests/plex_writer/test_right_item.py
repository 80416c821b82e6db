"""The right item or none (DESIGN, rule 10), with a real writer between a broker and a Plex."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common import messages
from common.guids import IDENTIFIER, guid_of
from common.messages import Unmatched
from tests.plex_writer.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.story
SAME = "00000000deadbeef"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("stage")) as made:
        made.start()
        yield made


@pytest.fixture
def stage(shared: Stage) -> Stage:
    shared.control("fault", kind="clear")
    return shared


def test_the_same_name_in_two_folders_is_two_items(stage: Stage) -> None:
    one, other = stage.items("/media/a/same.mp4", "/media/b/same.mp4")
    scene = stage.scene("/media/b/same.mp4")
    assert list(stage.ended(scene, "synced")["items"]) == [other]
    assert stage.shown(other, scene)
    assert not stage.shown(one, scene)


def test_a_file_of_that_name_elsewhere_is_not_it_and_the_outcome_says_where(stage: Stage) -> None:
    (key,) = stage.items("/media/elsewhere/only.mp4")
    scene = stage.scene("/media/here/only.mp4")
    outcome = stage.ended(scene, "waiting")
    assert f"{key} (/media/elsewhere/only.mp4)" in outcome["detail"]
    assert not stage.shown(key, scene)


def test_a_path_that_does_not_agree_is_made_up_for_by_the_content(stage: Stage) -> None:
    other, key = stage.items(
        {"path": "/media/x/content.mp4", "oshash": "00000000000000aa"}, {"path": "/media/y/content.mp4", "oshash": SAME}
    )
    scene = stage.scene("/unmapped/content.mp4", oshash=SAME.upper())
    outcome = stage.ended(scene, "synced")
    assert {name: item["found"] for name, item in outcome["items"].items()} == {key: "hash"}
    assert not stage.shown(other, scene)
    again = stage.scene("/unmapped/content.mp4", oshash=SAME, scene_id=scene.id)
    stage.ended(again, "synced")
    assert stage.shown(key, again)


def test_an_item_that_was_matched_to_a_scene_is_its_own_only_if_the_content_is(tmp_path: Path) -> None:
    """Nothing else leads there: both files have other names now, no rule maps the scenes' paths, no outcome is left."""
    with Stage(tmp_path, "--agent", IDENTIFIER) as stage:
        hashes = {"one": "0000000000000001", "two": "0000000000000002"}
        keys = stage.items(*({"path": f"/media/{name}.mp4", "oshash": oshash} for name, oshash in hashes.items()))
        stage.start()
        one, two = (stage.scene(f"/media/{name}.mp4", oshash=oshash) for name, oshash in hashes.items())
        for key, scene in zip(keys, (one, two), strict=True):
            stage.until(lambda key=key, scene=scene: stage.item(key)["guid"] == guid_of(scene.id), "the match")
        stage.stop()
        for scene in (one, two):
            stage.ear.tell(f"plex/plex/scene/{scene.id}", b"", retain=True)
        for name in hashes:
            stage.control("move", **{"from": f"/media/{name}.mp4", "to": f"/media/{name} renamed.mp4"})
        stage.start()
        found = stage.scene("/unmapped/one.mp4", oshash=hashes["one"], scene_id=one.id)
        another = stage.scene("/unmapped/two.mp4", oshash="0000000000000003", scene_id=two.id)
        outcome = stage.ended(found, "synced")
        assert {key: item["found"] for key, item in outcome["items"].items()} == {keys[0]: "hash"}
        stage.ended(another, "waiting")
        assert stage.titles(keys) == [found.title, two.title]


def test_several_items_with_the_content_are_a_tie_that_names_them_and_a_pin_decides(stage: Stage) -> None:
    twin = "00000000000071e5"
    one, other = stage.items(*({"path": f"/media/{folder}/tie.mp4", "oshash": twin} for folder in "pq"))
    scene = stage.scene("/unmapped/tie.mp4", oshash=twin)
    outcome = stage.ended(scene, "ambiguous")
    assert f"{one} (/media/p/tie.mp4), {other} (/media/q/tie.mp4)" in outcome["detail"]
    assert not any(stage.shown(key, scene) for key in (one, other))
    assert stage.ask("pin", ids=[scene.id], rating_key=other)["status"] == "ok"
    outcome = stage.ended(scene, "synced")
    assert {name: item["found"] for name, item in outcome["items"].items()} == {other: "pin"}
    assert stage.titles([one, other]) == ["tie", scene.title]
    stage.start()
    later = stage.scene("/unmapped/tie.mp4", oshash=twin, scene_id=scene.id)
    stage.ended(later, "synced")
    assert stage.shown(other, later)
    assert stage.ask("unpin", ids=[scene.id])["status"] == "ok"
    assert stage.ended(later, "ambiguous")["pinned"] is None


def test_a_copy_that_another_scene_has_by_its_path_stays_its_own(stage: Stage) -> None:
    copied = "000000000000c0b1"
    (key,) = stage.items({"path": "/media/owner/copy.mp4", "oshash": copied})
    owner = stage.scene("/media/owner/copy.mp4", oshash=copied)
    stage.ended(owner, "synced")
    stage.ended(stage.scene("/gone/copy.mp4", oshash=copied), "waiting")
    assert stage.shown(key, owner)
    renewed = stage.scene("/media/owner/copy.mp4", oshash=copied, scene_id=owner.id)
    stage.ended(renewed, "synced")
    assert stage.shown(key, renewed)


def test_a_pin_beats_the_path_of_another_scene(stage: Stage) -> None:
    (key,) = stage.items("/media/wanted/pin.mp4")
    by_path = stage.scene("/media/wanted/pin.mp4")
    stage.ended(by_path, "synced")
    pinned = stage.scene("/media/nowhere/else.mp4")
    stage.ended(pinned, "waiting")
    stage.ask("pin", ids=[pinned.id], rating_key=key)
    stage.ended(pinned, "synced")
    stage.ended(by_path, "ambiguous")
    newer = stage.scene("/media/wanted/pin.mp4", scene_id=by_path.id)
    assert f"scene {pinned.id}" in stage.ended(newer, "ambiguous")["detail"]
    assert stage.shown(key, pinned)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"ids": [], "rating_key": "1"}, "one scene"),
        ({"ids": [1, 2], "rating_key": "1"}, "one scene"),
        ({"ids": [1], "rating_key": ""}, "rating key"),
        ({"ids": [1], "rating_key": "1,2"}, "rating key"),
        ({"ids": [1], "rating_key": "99999999"}, "Plex has no item 99999999"),
    ],
)
def test_a_pin_that_makes_no_sense_is_refused(stage: Stage, given: dict[str, object], says: str) -> None:
    answer = stage.ask("pin", **given)
    assert answer["status"] == "error"
    assert says in answer["error"]


def test_an_unknown_scene_is_not_pinned(stage: Stage) -> None:
    (key,) = stage.items("/media/unknown/scene.mp4")
    answer = stage.ask("pin", ids=[987_654], rating_key=key)
    assert "no scene 987654" in answer["error"]


def test_all_files_libraries_and_versions_of_a_scene_are_written(stage: Stage) -> None:
    (first,) = stage.items("/media/versions/first.mp4")
    (second,) = stage.items("/more/versions/second.mp4", section="2")
    scene = stage.scene("/media/versions/first.mp4", "/more/versions/second.mp4")
    assert set(stage.ended(scene, "synced")["items"]) == {first, second}
    assert stage.titles([first, second]) == [scene.title] * 2


def test_a_file_that_was_scanned_a_moment_ago_is_found_by_its_name(stage: Stage) -> None:
    """No listing has brought it yet; one request a library asks for files of that name."""
    waiting = stage.scene("/media/fresh/never.mp4")
    stage.ended(waiting, "waiting")
    stage.control("reset-counts")
    (key,) = stage.items("/media/fresh/now.mp4")
    scene = stage.scene("/media/fresh/now.mp4")
    stage.ended(scene, "synced")
    assert stage.shown(key, scene)


def test_a_report_of_the_provider_is_enough_to_find_a_file_and_to_match_its_item(tmp_path: Path) -> None:
    """Plex asked for a file that no scene had yet. Its events are not heard, and what its libraries say fails."""
    with Stage(tmp_path, "--agent", IDENTIFIER) as stage:
        stage.control("fault", kind="status", status=404, match="GET /:/eventsource/notifications")
        stage.start()
        scene = stage.scene("/media/new/reported.mp4")
        stage.ended(scene, "waiting")
        stage.control("fault", kind="status", status=500, match="GET /library/sections")
        (key,) = stage.items("/media/new/reported.mp4")
        report = Unmatched(file="new/reported.mp4", at="2026-01-10T10:00:05Z")
        stage.ear.tell("provider/unmatched/0123456789abcdef", messages.encode(report), retain=True)
        stage.ended(scene, "synced")
        assert stage.shown(key, scene)
        stage.until(lambda: stage.item(key)["guid"] == guid_of(scene.id), "the match")


def test_a_moved_file_is_followed_and_the_item_that_has_its_old_place_is_not(stage: Stage) -> None:
    (key,) = stage.items("/media/old/place.mp4")
    scene = stage.scene("/media/old/place.mp4")
    stage.ended(scene, "synced")
    stage.control("move", **{"from": "/media/old/place.mp4", "to": "/media/new/place.mp4"})
    moved = stage.scene("/media/new/place.mp4", scene_id=scene.id)
    assert list(stage.ended(moved, "synced")["items"]) == [key]
    (other,) = stage.items("/media/old/place.mp4")
    again = stage.scene("/media/new/place.mp4", scene_id=scene.id)
    stage.ended(again, "synced")
    assert stage.titles([key, other]) == [again.title, "place"]


def test_a_rating_key_that_holds_another_file_now_is_nobody_s(stage: Stage) -> None:
    (key,) = stage.items("/media/reused/mine.mp4")
    scene = stage.scene("/media/reused/mine.mp4")
    stage.ended(scene, "synced")
    stage.control("move", **{"from": "/media/reused/mine.mp4", "to": "/media/reused/foreign.mp4"})
    later = stage.scene("/media/reused/mine.mp4", scene_id=scene.id)
    stage.ended(later, "waiting")
    assert stage.shown(key, scene)


def test_an_ambiguous_scene_comes_right_when_its_item_is_split(stage: Stage) -> None:
    one, other = stage.items("/media/split/one.mp4", "/media/split/other.mp4")
    stage.control("merge", ratingKeys=[one, other])
    older, newer = stage.scene("/media/split/one.mp4"), stage.scene("/media/split/other.mp4")
    stage.ended(newer, "synced")
    stage.ended(older, "ambiguous")
    (apart,) = stage.control("split", ratingKey=one)["ratingKeys"]
    stage.ended(older, "synced")
    stage.ended(newer, "synced")
    files = {key: stage.item(key)["files"][0] for key in (one, apart)}
    wanted = {"/media/split/one.mp4": older.title, "/media/split/other.mp4": newer.title}
    stage.until(lambda: stage.titles([one, apart]) == [wanted[files[key]] for key in (one, apart)], "both titles")
