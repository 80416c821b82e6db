"""One item that Plex fails at stops nobody: it is set aside, the others go on, and no outage is recorded for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.delivery import shortened
from tests.delivery.test_kills import held
from tests.stories.test_edits import key_of
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story

SICK_WRITES: dict[int, dict[str, Any]] = {
    2: {"kind": "status", "status": 500},
    3: {"kind": "status", "status": 503},
    4: {"kind": "maintenance"},
    5: {"kind": "startup"},
    6: {"kind": "unauthorized"},
    7: {"kind": "reset"},
    8: {"kind": "html"},
    9: {"kind": "hang"},
    10: {"kind": "late-commit", "delay": 30},
}
REFUSED_WRITES = {11: 400, 12: 403, 13: 413}
SICK_READS: dict[int, dict[str, Any]] = {
    2: {"kind": "status", "status": 500},
    3: {"kind": "truncated"},
    4: {"kind": "unauthorized"},
    5: {"kind": "hang"},
}


def conditions(world: World) -> set[str]:
    """Return every condition of Plex that the writer told."""
    told = [json.loads(payload) for topic, payload in world.ear.heard if topic == "stash2plex/plex/plex/state"]
    return {state["plex"] for state in told if "plex" in state and state["state"] == "online"}


def one_item_each(world: World) -> dict[int, str]:
    """Return the scenes that have one item, with its key."""
    outcomes = {number: world.outcome(number) for number in range(1, 21)}
    return {number: next(iter(found["items"])) for number, found in outcomes.items() if len(found["items"]) == 1}


def test_every_fault_of_a_write_on_one_item_each(running: World) -> None:
    keys = one_item_each(running)
    sick = {number: fault for number, fault in SICK_WRITES.items() if number in keys}
    refused = {number: status for number, status in REFUSED_WRITES.items() if number in keys}
    assert len(sick) > 6
    assert refused
    for number, fault in sick.items():
        running.control("plex", "fault", **fault, ratingKey=keys[number], match="PUT *")
    for number, status in refused.items():
        running.control("plex", "fault", kind="status", status=status, ratingKey=keys[number], match="PUT *")
    for number in range(1, 21):
        running.edit(number, title=f"Beside the sick {number}")
    expected = len(sick) + len(refused)
    wait_until(lambda: len(running.differences()) <= expected, "all but the sick to be written", seconds=90)
    wait_until(lambda: all(running.outcome(n).get("attempts") for n in sick), "each to be set aside", seconds=90)
    wait_until(lambda: all(running.outcome(n)["state"] == "failed" for n in refused), "each refusal", seconds=90)
    assert all(running.outcome(number)["detail"] for number in [*sick, *refused])
    assert all(str(status) in running.outcome(number)["detail"] for number, status in refused.items())
    assert not running.ear.json("plex/plex/outages").get("outages")
    assert conditions(running) <= {"unknown", "reachable"}
    wait_until(lambda: running.stats("pending") == len(sick), "them alone to be pending", seconds=90)
    running.control("plex", "fault", kind="clear")
    for number in [*sick, *refused]:
        running.edit(number, title=f"Well again {number}")
    running.settle(seconds=90)


def test_every_fault_of_a_read_on_one_item_each(running: World) -> None:
    keys = one_item_each(running)
    sick = {number: fault for number, fault in SICK_READS.items() if number in keys}
    assert len(sick) > 2
    for number, fault in sick.items():
        running.control("plex", "fault", **fault, ratingKey=keys[number], match="GET /library/metadata/*")
    for number in range(1, 21):
        running.edit(number, title=f"Beside the sick {number}")
    wait_until(lambda: len(running.differences()) <= len(sick), "all but the sick to be written", seconds=90)
    wait_until(lambda: all(running.outcome(n).get("attempts") for n in sick), "each to be set aside", seconds=90)
    assert not running.ear.json("plex/plex/outages").get("outages")
    assert conditions(running) <= {"unknown", "reachable"}
    running.control("plex", "fault", kind="clear")
    for number in sick:
        running.edit(number, title=f"Well again {number}")
    running.settle(seconds=90)


def test_a_sick_item_is_tried_again_by_itself_and_fails_after_the_third_time(world: World) -> None:
    world.start("stash_watcher")
    shortened.start(world, "plex_writer", {"services.plex_writer.settle.ASIDE": [2.0, 3.0, 4.0]})
    world.settle()
    key = key_of(world, 1)
    world.control("plex", "fault", kind="status", status=500, ratingKey=key, match="PUT *")
    world.edit(1, title="Sick")
    wait_until(lambda: world.outcome(1)["state"] == "failed", "it to be given up for now", seconds=60)
    assert world.outcome(1)["attempts"] == 4
    assert world.outcome(1)["due"]
    world.control("plex", "fault", kind="clear")
    world.settle(seconds=60)
    assert world.outcome(1)["state"] == "synced"


def test_a_scene_whose_write_ends_the_writer_three_times_comes_after_all_others(world: World) -> None:
    world.start("stash_watcher")
    shorter = {"services.plex_writer.settle.ASIDE": [15.0, 15.0, 15.0]}
    shortened.start(world, "plex_writer", shorter)
    world.settle()
    key = key_of(world, 1)
    world.control("plex", "fault", kind="hold", ratingKey=key, match="PUT *")
    world.edit(1, title="Ends the writer")
    for number in range(3):
        wait_until(lambda: held(world, "plex") == 1, f"its write to begin for the {number + 1}. time", seconds=60)
        world.services["plex_writer"].kill()
        world.control("plex", "release")
        # a write that was released is carried out, so the scene has to want something else
        world.edit(1, title=f"Ends the writer {number}")
        wait_until(
            lambda number=number: world.ear.json("stash/scene/1")["title"] == f"Ends the writer {number}",  # type: ignore[misc]
            "the edit to be published",
        )
        if number == 2:
            for other in range(2, 21):
                world.edit(other, title=f"After the others {other}")
        shortened.start(world, "plex_writer", shorter)
    wait_until(lambda: world.outcome(1)["attempts"] == 3, "the third time to be counted", seconds=60)
    assert "ended 3 times" in world.outcome(1)["detail"]
    wait_until(lambda: len(world.differences()) == 1, "the others to be written", seconds=60)
    world.control("plex", "fault", kind="clear")
    world.control("plex", "release")
    world.settle(seconds=60)
