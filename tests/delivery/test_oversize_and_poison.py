"""What is too large or can't be read stops nothing: cut or counted, told with its topic, and never tried in a loop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.test_edits import item_of
from tests.stories.world import World
from tools.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story

LIMIT = 20_000
POISON = {
    900_001: b"\x00\xff no JSON",
    900_002: b'{"v":99,"id":900002}',
    900_003: b"[]",
    900_004: b'{"v":1,"id":900004,"title":' + b"[" * 5_000,
}


@pytest.fixture
def narrow(tmp_path: Path) -> World:
    """Give a world whose broker takes only small packets."""
    return World(tmp_path, broker_options=f"max_packet_size {LIMIT}")


def test_a_scene_too_large_is_cut_and_its_summary_stays_as_it_is(narrow: World) -> None:
    with narrow as world:
        world.scan_all()
        for number in range(1, 21):
            world.edit(number, tags=["Drama"], details="Short.")
        world.start("stash_watcher", "plex_writer")
        world.settle()
        world.edit(5, title="Cut", details="x" * LIMIT)
        world.edit(6, title="y" * LIMIT)
        world.edit(7, title="Fits")
        wait_until(lambda: item_of(world, 5)["title"] == "Cut", "the cut scene to be written")
        wait_until(lambda: item_of(world, 7)["title"] == "Fits", "the next one to be written")
        assert item_of(world, 5)["summary"] == "Short."
        assert "too long for the broker" in world.outcome(5)["detail"]
        wait_until(lambda: world.ear.json("stash/stats")["skipped"]["count"] >= 1, "the other to be told")
        assert "stash/scene/6" in world.ear.json("stash/stats")["skipped"]["last"][0]


def test_a_write_whose_record_is_too_large_for_the_broker_is_not_made(narrow: World) -> None:
    """Without its record nobody could tell afterwards that what it added is ours."""
    with narrow as world:
        world.scan_all()
        for number in range(1, 21):
            world.edit(number, tags=["Drama"])
        world.start("stash_watcher", "plex_writer")
        world.settle()
        scene: dict[str, Any] = world.ear.json("stash/scene/5")
        names = [{"id": n, "name": f"{n:x}"} for n in range(600)]
        for number in (5,):
            row = {**scene, "seq": scene["seq"] + 1, "title": "Not written", "tags": names}
            assert len(json.dumps(row, separators=(",", ":"))) < LIMIT
            world.services["stash_watcher"].stop()
            world.ear.tell(f"stash/scene/{number}", json.dumps(row, separators=(",", ":")).encode(), retain=True)
        world.edit(6, title="Written")
        world.start("stash_watcher")
        wait_until(lambda: item_of(world, 6)["title"] == "Written", "the other scene")
        wait_until(lambda: world.stats("pending") == 0, "nothing to be pending")
        assert world.services["plex_writer"].alive


def test_poison_is_counted_with_its_topic_and_acknowledged(running: World) -> None:
    for number, row in POISON.items():
        running.ear.tell(f"stash/scene/{number}", row, retain=True)
    wrong = {**running.ear.json("stash/scene/1"), "id": 2, "title": "Says that it is another"}
    running.ear.tell("stash/scene/900005", json.dumps(wrong).encode(), retain=True)
    running.ear.tell("stash/info", b"nonsense")
    running.ear.tell("plex/plex/info", b"nonsense")
    running.edit(8, title="Goes on")
    wait_until(lambda: item_of(running, 8)["title"] == "Goes on", "the edit to arrive")
    wait_until(lambda: running.stats("undecodable")["count"] >= len(POISON), "them to be counted")
    told = " ".join(running.stats("undecodable")["last"])
    assert all(f"stash/scene/{number}" in told for number in POISON)
    assert "Says that it is another" not in {item["title"] for item in running.items().values()}
    running.services["plex_writer"].stop()
    running.edit(9, title="After a restart")
    running.start("plex_writer")
    wait_until(lambda: item_of(running, 9)["title"] == "After a restart", "it to start all the same")
