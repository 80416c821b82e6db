"""Plex away: nothing is charged to any scene, edits collapse, and the newest of each arrives afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


def titled(world: World, scene_id: int, title: str) -> bool:
    """Tell whether a scene is published with this title."""
    return bool(world.ear.json(f"stash/scene/{scene_id}").get("title") == title)


def test_sixty_edits_over_twenty_scenes_in_an_outage_are_one_write_an_item(running: World) -> None:
    before = len(running.writes())
    running.control("plex", "fault", kind="down")
    for turn in range(3):
        for scene_id in range(1, 21):
            running.edit(scene_id, title=f"Scene {scene_id}, edit {turn}")
    wait_until(lambda: all(titled(running, n, f"Scene {n}, edit 2") for n in range(1, 21)), "the newest on the bus")
    wait_until(lambda: running.stats("pending") == 20, "pending to grow to 20")
    wait_until(lambda: running.ear.json("plex/plex/state")["plex"] == "unreachable", "the outage to be told")
    running.control("plex", "fault", kind="clear")
    running.settle()
    written = running.writes()[before:]
    items = sum(len(scene["files"]) for scene in running.scenes())
    assert len(written) == items, "one write an item, and a scene with two files has two"
    assert {write["after"]["title"] for write in written} == {f"Scene {n}, edit 2" for n in range(1, 21)}
    (outage,) = running.ear.json("plex/plex/outages")["outages"]
    assert outage["until"] is not None
    assert running.stats("failed") == 0


@pytest.mark.parametrize("kind", ["maintenance", "startup", "unauthorized", "html", "hang"])
def test_whatever_kind_of_outage_nothing_is_lost_and_nobody_is_blamed(running: World, kind: str) -> None:
    running.control("plex", "fault", kind=kind)
    running.edit(1, title=f"Edited under {kind}")
    wait_until(lambda: running.ear.json("plex/plex/state")["plex"] != "reachable", "the outage to be told")
    told = running.ear.json("plex/plex/state")
    expected = {"startup": "starting", "html": "unreachable", "hang": "unreachable"}.get(kind, kind)
    assert told["plex"] == expected, told
    running.control("plex", "fault", kind="clear")
    running.settle()
    assert running.stats("failed") == 0
    if kind == "html":
        assert "no whole XML document" in running.stats("undecodable")["last"][0]


def test_one_sick_item_is_set_aside_and_the_others_go_on(running: World) -> None:
    (sick,) = running.outcome(2)["items"]
    running.control("plex", "fault", kind="status", status=500, ratingKey=sick, match="PUT *")
    for scene_id in range(1, 11):
        running.edit(scene_id, title=f"Beside the sick one {scene_id}")
    wait_until(lambda: len(running.differences()) == 1, "all but one to be written")
    wait_until(lambda: running.outcome(2).get("attempts") == 1, "the failure to be charged to it")
    assert "500" in running.outcome(2)["detail"]
    wait_until(lambda: running.stats("pending") == 1, "it alone to be pending")
    assert not running.ear.json("plex/plex/outages").get("outages")
    running.control("plex", "fault", kind="clear")
    running.edit(2, title="Well again")
    running.settle()


def test_a_write_that_plex_refuses_is_recorded_at_once_and_the_lane_goes_on(running: World) -> None:
    (refused,) = running.outcome(3)["items"]
    running.control("plex", "fault", kind="status", status=400, ratingKey=refused, match="PUT *")
    running.edit(3, title="Never shown")
    running.edit(4, title="Shown")
    wait_until(lambda: running.outcome(3).get("state") == "failed", "the refusal to be recorded")
    assert "400" in running.outcome(3)["detail"]
    wait_until(lambda: len(running.differences()) == 1, "the other to be written")


def test_stash_away_never_removes_anything(running: World) -> None:
    for kind in ("down", "500", "401", "html"):
        running.control("stash", "fault", kind=kind)
        wait_until(lambda: running.ear.json("stash/state")["stash"] != "reachable", f"{kind} to be told")
        running.control("stash", "fault", kind="clear")
        wait_until(lambda: running.ear.json("stash/state")["stash"] == "reachable", f"the end of {kind} to be told")
    assert not [topic for topic, payload in running.ear.heard if "/stash/scene/" in topic and not payload]
    running.edit(5, title="After it all")
    running.settle()
