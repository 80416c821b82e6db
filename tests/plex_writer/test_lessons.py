"""What went wrong in the ancestor, once each: its live bugs and incidents, by their numbers in its own records.

Those that a writer can have; tests/test_lessons.py says which test holds each of the others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from common.item import item_of
from common.messages import File, Performer, Scene, Studio, Tag
from common.options import DEFAULT_FIELDS, Filters, Options
from services.plex_writer import plan
from tests.plex_writer.cover_server import Cover, CoverServer, picture
from tests.plex_writer.shelf import Shelf, entries
from tests.plex_writer.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = Options()
WHOLE = Options(filters=Filters(bare="write"))


def scene(**facts: Any) -> Scene:
    given = {"id": 1, "epoch": 1, "seq": 1, "born": "b", "rev": "r", "updated_at": "u", **facts}
    return Scene(**given)


@pytest.fixture(scope="module")
def covers() -> Iterator[CoverServer]:
    with CoverServer() as server:
        yield server


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, covers: CoverServer) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("lessons"), S2P_PROVIDER_INTERNAL_URL=covers.url) as made:
        covers.known = made.published
        made.start()
        yield made


@pytest.mark.story
def test_live_bug_01_a_second_edit_in_one_session_is_not_lost(stage: Stage) -> None:
    (key,) = stage.items("/media/l1/a.mp4")
    first = stage.scene("/media/l1/a.mp4")
    for number in range(5):
        last = stage.scene("/media/l1/a.mp4", scene_id=first.id, title=f"Edit {number}")
    stage.ended(last, "synced")
    assert stage.item(key)["title"] == "Edit 4"


@pytest.mark.story
def test_live_bug_02_what_is_written_is_the_newest_not_what_was_queued(stage: Stage) -> None:
    """The first write fails; what is tried next is the scene as it is then, and the older one never arrives."""
    (key,) = stage.items("/media/l2/a.mp4")
    stage.control("fault", kind="status", status=500, ratingKey=key, match="PUT *", count=1)
    first = stage.scene("/media/l2/a.mp4", title="Old")
    stage.until(lambda: stage.outcome(first).get("state") == "failed", "the failure")
    last = stage.scene("/media/l2/a.mp4", scene_id=first.id, title="New")
    stage.ended(last, "synced")
    later = [write["after"].get("title") for write in stage.told("writes") if str(write["ratingKey"]) == key]
    assert stage.item(key)["title"] == "New"
    assert "Old" not in later


@pytest.mark.story
def test_live_bug_04_an_equal_basename_in_another_directory_is_not_overwritten(stage: Stage) -> None:
    other, key = stage.items("/media/l4/x/same.mp4", "/media/l4/y/same.mp4")
    stage.ended(stage.scene("/media/l4/y/same.mp4", title="Mine"), "synced")
    assert stage.titles([other, key]) == ["same", "Mine"]


@pytest.mark.story
def test_live_bug_05_a_remembered_item_that_holds_another_file_is_not_overwritten(stage: Stage) -> None:
    (key,) = stage.items("/media/l5/mine.mp4")
    first = stage.scene("/media/l5/mine.mp4", title="Mine")
    stage.ended(first, "synced")
    stage.control("move", **{"from": "/media/l5/mine.mp4", "to": "/media/l5/theirs.mp4"})
    stage.ended(stage.scene("/media/l5/mine.mp4", scene_id=first.id, title="Edited"), "waiting")
    assert stage.item(key)["title"] == "Mine"


@pytest.mark.story
def test_live_bug_06_an_exact_path_decides_although_its_basename_is_there_twice(stage: Stage) -> None:
    keys = stage.items("/media/l6/x/twice.mp4", "/media/l6/y/twice.mp4")
    found = stage.scene("/media/l6/x/twice.mp4", title="Decided")
    assert list(stage.ended(found, "synced")["items"]) == [keys[0]]


@pytest.mark.story
def test_live_bug_07_ambiguous_scenes_are_no_outage(stage: Stage) -> None:
    for number in range(5):
        same = f"00000000000000{number:02}"
        stage.items(*({"path": f"/media/l7/{n}/{number}.mp4", "oshash": same} for n in "ab"))
        stage.ended(stage.scene(f"/elsewhere/{number}.mp4", oshash=same), "ambiguous")
    assert stage.ear.json("plex/plex/state")["plex"] == "reachable"
    assert stage.ear.json("plex/plex/outages").get("outages", []) == []


@pytest.mark.story
def test_live_bug_08_a_plex_that_dies_at_work_or_is_away_at_the_start_is_an_outage_and_nobodys_failure(
    tmp_path: Path,
) -> None:
    """Neither is taken for a missing file or library, and no try is spent."""
    with Stage(tmp_path) as stage:
        (key,) = stage.items("/media/l8/a.mp4")
        stage.start()
        stage.ended(stage.scene("/media/l8/a.mp4", scene_id=8), "synced")
        heard = len(stage.ear.heard)
        for turn in range(2):
            fault = stage.control("fault", kind="down")
            if turn:
                stage.start()
            scene = stage.scene("/media/l8/a.mp4", scene_id=8, title=f"Turn {turn}")
            stage.until(lambda: stage.ear.json("plex/plex/state")["plex"] == "unreachable", "it to be noticed")
            stage.control("fault", kind="clear", id=fault["id"])
            assert stage.ended(scene, "synced")["attempts"] == 0
            assert stage.shown(key, scene)
        told = [json.loads(row) for topic, row in stage.ear.heard[heard:] if topic.endswith("plex/plex/scene/8")]
        assert {(one["state"], one["detail"]) for one in told} == {("synced", "")}
        stage.until(lambda: len(stage.ear.json("plex/plex/outages")["outages"]) == 2, "two outages")


@pytest.mark.story
def test_live_bug_09_a_file_that_plex_did_not_have_is_found_as_soon_as_it_has_it(stage: Stage) -> None:
    waiting = stage.scene("/media/l9/late.mp4", title="Late")
    stage.ended(waiting, "waiting")
    (key,) = stage.items("/media/l9/late.mp4")
    stage.ended(waiting, "synced")
    assert stage.item(key)["title"] == "Late"


@pytest.mark.story
def test_live_bug_10_a_scene_that_fails_does_not_hold_up_the_one_behind_it(stage: Stage) -> None:
    bad, good = stage.items("/media/l10/bad.mp4", "/media/l10/good.mp4")
    stage.control("fault", kind="status", status=500, ratingKey=bad, match="PUT *")
    stage.scene("/media/l10/bad.mp4")
    stage.ended(stage.scene("/media/l10/good.mp4", title="Good"), "synced")
    assert stage.item(good)["title"] == "Good"
    stage.control("fault", kind="clear")


def test_live_bug_11_removals_reach_plex() -> None:
    """Performers, tags and the old studio's collection."""
    full = item_of(
        scene(
            studio=Studio(id=1, name="Old Studio"),
            performers=(Performer(id=1, name="Ann"), Performer(id=2, name="Bea")),
            tags=(Tag(id=1, name="Drama"), Tag(id=2, name="4K")),
            details="d",
        ),
        PLAIN,
    )
    less = item_of(scene(studio=Studio(id=2, name="New Studio"), performers=(Performer(id=1, name="Ann"),)), PLAIN)
    shelf = Shelf(lists={"tags": entries("Theirs"), "collections": entries("Their collection")})
    _, outcome = shelf.sync(full, None, DEFAULT_FIELDS)
    shelf.sync(less, outcome, DEFAULT_FIELDS)
    assert shelf.names("performers") == ["Ann"]
    assert shelf.names("tags") == ["Theirs"]
    assert shelf.names("collections") == ["Their collection", "New Studio"]
    assert (shelf.scalars["summary"], shelf.scalars["studio"]) == ("", "New Studio")


def test_live_bug_13_the_sanitizer_fuses_no_lines_and_breaks_no_emoji() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    made = item_of(scene(title=f"A\ttab\nand {family}", details="one\ntwo\r\n\r\nthree\u0007", date="2024"), PLAIN)
    assert made.title == f"A tab and {family}"
    assert made.summary == "one\ntwo\n\nthree"


@pytest.mark.story
def test_live_bug_15_posters_are_not_uploaded_each_time(stage: Stage, covers: CoverServer) -> None:
    (key,) = stage.items("/media/l15/a.mp4")
    number = next(stage.numbers)
    covers.covers[f"{number}/poster"] = Cover(picture("red"))
    last = stage.scene("/media/l15/a.mp4", scene_id=number)
    for turn in range(3):
        now = last
        stage.until(
            lambda now=now: (
                stage.outcome(now).get("images", {}).get(f"poster/{key}", {}).get("checked") == now.updated_at
            ),
            "the check",
        )
        last = stage.scene("/media/l15/a.mp4", scene_id=number, title=f"Turn {turn}")
    uploads = [kind for kind in stage.told("writes") if kind["method"] == "POST" and str(kind["ratingKey"]) == key]
    assert len(uploads) == 1


@pytest.mark.story
def test_incident_01_a_synced_scene_that_is_compared_again_costs_plex_nothing(stage: Stage) -> None:
    """Also incidents 2, 3, 4, 20 and 25: what is wanted is compared with what was written, by content."""
    stage.items("/media/i1/a.mp4")
    done = stage.scene("/media/i1/a.mp4")
    stage.ended(done, "synced")
    stage.control("reset-counts")
    for _ in range(3):
        done = stage.scene("/media/i1/a.mp4", scene_id=done.id, title=done.title)
        stage.ended(done, "synced")
    stage.ask("reconcile")
    assert not any(kind.startswith(("PUT", "POST")) for kind in stage.told("counts")["kinds"])


@pytest.mark.story
def test_incident_10_scenes_that_plex_does_not_have_yet_are_no_outage(stage: Stage) -> None:
    for number in range(6):
        stage.ended(stage.scene(f"/media/i10/{number}.mp4"), "waiting")
    assert stage.ear.json("plex/plex/state")["plex"] == "reachable"
    assert stage.ear.json("plex/plex/outages").get("outages", []) == []


@pytest.mark.story
def test_incident_17_nothing_is_called_synced_that_plex_does_not_show(stage: Stage) -> None:
    """Something answers well in place of Plex, as a proxy's sign-in page does."""
    (key,) = stage.items("/media/i17/a.mp4")
    stage.control("fault", kind="html", ratingKey=key, match="PUT *", count=1)
    written = stage.scene("/media/i17/a.mp4", title="Shown")
    stage.until(lambda: stage.outcome(written).get("state") == "failed", "the failure to be told")
    assert stage.item(key)["title"] == "a"
    again = stage.scene("/media/i17/a.mp4", scene_id=written.id, title="Shown")
    stage.ended(again, "synced")
    assert stage.item(key)["title"] == "Shown"


@pytest.mark.story
def test_incident_27_counters_are_counted_anew_by_each_process(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.items("/media/i27/a.mp4")
        names = ("writes", "synced", "waiting")
        stage.scene("/media/i27/missing.mp4", scene_id=28)
        for _ in range(3):
            stage.start()
            stage.ended(stage.scene("/media/i27/a.mp4", scene_id=27), "synced")
            stage.until(
                lambda: [stage.ear.json("plex/plex/stats").get(name) for name in names] == [1, 1, 1],
                "one write, one scene in Plex, and one that waits",
            )


def test_incident_22_a_scene_that_is_empty_for_a_moment_wipes_nothing_that_is_a_persons() -> None:
    shelf = Shelf(scalars={"summary": "Theirs", "studio": "Theirs"}, lists={"tags": entries("Theirs")})
    bare = item_of(scene(), WHOLE)
    edit, _ = shelf.sync(bare, None, DEFAULT_FIELDS)
    assert not edit
    assert item_of(scene(), PLAIN).skipped


def test_incident_23_an_empty_title_clears_none() -> None:
    for title in ("", " \n"):
        shelf = Shelf()
        _, outcome = shelf.sync(item_of(scene(title="Ours", tags=(Tag(id=1, name="t"),)), PLAIN), None, DEFAULT_FIELDS)
        shelf.sync(item_of(scene(title=title, tags=(Tag(id=1, name="t"),)), PLAIN), outcome, DEFAULT_FIELDS)
        assert shelf.scalars["title"] == "Ours"


def test_incident_38_cleaning_drops_no_field() -> None:
    whole = scene(
        title=" T ",
        details=" D ",
        date=" 2024-01-02 ",
        code=" C ",
        director=" R ",
        rating100=50,
        cover="/scene/1/shot",
        studio=Studio(id=1, name=" S "),
        performers=(Performer(id=1, name=" P "),),
        tags=(Tag(id=1, name=" G "),),
        files=(File(path="/data/a.mp4"),),
    )
    made = item_of(whole, PLAIN)
    assert (made.title, made.summary, made.date, made.tagline, made.studio) == ("T", "D", "2024-01-02", "C", "S")
    assert (made.director, made.performers, made.tags, made.rating) == (("R",), ("P",), ("G",), "5")
    assert made.paths == ("/data/a.mp4",)


def test_their_defect_a_lock_alone_clears_nothing_so_removals_are_named() -> None:
    """Emptying a list sent nothing but its lock; here every entry that goes is named."""
    shelf = Shelf()
    _, outcome = shelf.sync(item_of(scene(tags=(Tag(id=1, name="Ours"),)), PLAIN), None, DEFAULT_FIELDS)
    edit = plan.plan(item_of(scene(), WHOLE), shelf.read(), plan.ours_of(outcome), DEFAULT_FIELDS)
    assert edit.lists["tags"].remove == ("Ours",)
