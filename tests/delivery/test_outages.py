"""Plex away: nothing is charged to any scene, edits collapse, and the newest of each arrives afterwards."""

from __future__ import annotations

import datetime as dt
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
        wait_until(lambda: running.stats("undecodable")["count"], "it to be counted")
        assert "no whole XML document" in running.stats("undecodable")["last"][0]


def test_the_history_is_right_to_the_second(running: World) -> None:
    """From the first failed probe to the first good one; two outages make a time between them."""
    told: list[tuple[dt.datetime, dt.datetime]] = []
    for number in range(2):
        begun = dt.datetime.now(dt.UTC)
        running.control("plex", "fault", kind="down")
        running.edit(1, title=f"Edited in outage {number}")
        wait_until(lambda: running.ear.json("plex/plex/state")["plex"] == "unreachable", "it to be noticed")
        noticed = dt.datetime.now(dt.UTC)
        running.control("plex", "fault", kind="clear")
        cleared = dt.datetime.now(dt.UTC)
        running.settle()
        outage = running.ear.json("plex/plex/outages")["outages"][number]
        since, until = (dt.datetime.fromisoformat(outage[name]) for name in ("since", "until"))
        second = dt.timedelta(seconds=1)
        assert begun - second <= since <= noticed + second
        assert cleared - second <= until <= dt.datetime.now(dt.UTC) + second
        assert dt.datetime.fromisoformat(running.ear.json("plex/plex/state")["plex_since"]) - until < second
        told.append((since, until))
    history = running.ear.json("plex/plex/outages")
    assert len(history["outages"]) == 2
    repairs = [(until - since).total_seconds() for since, until in told]
    assert history["mttr_s"] == pytest.approx(sum(repairs) / 2, abs=0.01)
    assert history["mtbf_s"] == pytest.approx((told[1][0] - told[0][1]).total_seconds(), abs=0.01)
    running.services["plex_writer"].stop()
    running.start("plex_writer")
    wait_until(lambda: running.ear.json("plex/plex/state")["state"] == "online", "it to be back")
    assert running.ear.json("plex/plex/outages") == history


def test_after_an_outage_another_item_goes_first_and_then_few_at_a_time(running: World) -> None:
    """The one that was in hand when Plex went away may be what made it go."""
    (first,) = running.outcome(2)["items"]
    running.control("plex", "fault", kind="hang", match="PUT *", count=1)
    running.edit(2, title="In hand")
    wait_until(lambda: running.outcome(2)["items"][first]["intent"], "its write to begin")
    running.control("plex", "fault", kind="down")
    wait_until(lambda: running.ear.json("plex/plex/state")["plex"] == "unreachable", "the outage")
    before = len(running.writes())
    for number in range(3, 8):
        running.edit(number, title=f"Waits {number}")
    wait_until(lambda: running.stats("pending") >= 6, "them to wait")
    running.control("plex", "fault", kind="clear")
    running.settle()
    order = [write["ratingKey"] for write in running.writes()[before:]]
    assert order
    assert order[0] != first, running.report() + str(running.writes()[before:])[:3000]


def test_stash_away_never_removes_anything(running: World) -> None:
    for kind in ("down", "500", "401", "html"):
        running.control("stash", "fault", kind=kind)
        wait_until(lambda: running.ear.json("stash/state")["stash"] != "reachable", f"{kind} to be told")
        running.control("stash", "fault", kind="clear")
        wait_until(lambda: running.ear.json("stash/state")["stash"] == "reachable", f"the end of {kind} to be told")
    assert not [topic for topic, payload in running.ear.heard if "/stash/scene/" in topic and not payload]
    running.edit(5, title="After it all")
    running.settle()
