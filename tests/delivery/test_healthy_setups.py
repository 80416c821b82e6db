"""What is healthy is never refused or suspected: a first load, a dead watcher, one scene, or two hundred thousand."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import aiomqtt
import pytest

from benchmarks.stage import Stage
from tests.delivery.test_kills import scene_topics
from tests.stories.world import World
from tools.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story

MANY: Final = 200_000


def never_suspected(world: World) -> None:
    """Nobody may have said that the broker can't be trusted, and no outcome may have been cleared."""
    for name in ("stash_watcher", "plex_writer"):
        assert "suspect" not in world.services[name].log.read_text()
    assert not [topic for topic, row in world.ear.heard if "/plex/plex/scene/" in topic and not row]


@pytest.mark.parametrize("scenes", [1, 3])
def test_the_smallest_libraries(tmp_path: Path, scenes: int) -> None:
    with World(tmp_path, scenes=scenes) as world:
        world.scan_all()
        for number in range(1, scenes + 1):
            world.edit(number, tags=["Drama"])
        world.start("stash_watcher", "plex_writer")
        world.settle()
        world.services["plex_writer"].kill()
        world.edit(1, title="Edited meanwhile")
        world.start("plex_writer")
        world.settle()
        never_suspected(world)


def test_two_hundred_thousand_scenes(tmp_path: Path) -> None:
    """None of them is in this Plex, so all wait; a start counts them and misses none."""
    with Stage(tmp_path) as stage:
        stage.fill_broker(MANY, "waiting")
        writer = stage.start_writer()
        wait_until(lambda: told(stage, "stats").get("waiting") == MANY, "all to be counted", seconds=240)
        assert told(stage, "state")["state"] == "online"
        assert "suspect" not in writer.log.read_text()
        assert writer.stop() == 0
        assert told(stage, "info")["outcomes"] == MANY


def told(stage: Stage, what: str) -> dict[str, Any]:
    """Return what the writer has retained of itself, once it has."""

    async def newest() -> dict[str, Any]:
        async with asyncio.timeout(60), aiomqtt.Client("127.0.0.1", stage.broker.port) as client:
            await client.subscribe(f"stash2plex/plex/plex/{what}", 1)
            found: dict[str, Any] = json.loads((await anext(client.messages)).payload)
            return found

    return asyncio.run(newest())


def test_a_writer_that_starts_again_and_again_during_a_first_load(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1_500) as world:
        world.scan_all()
        world.control("stash", "fault", kind="slow", ms=300)
        world.start("stash_watcher", "plex_writer")
        for part in (200, 600, 1_000):
            wait_until(lambda part=part: len(scene_topics(world)) >= part, "a part of the load", seconds=120)  # type: ignore[misc]
            world.services["plex_writer"].kill()
            world.start("plex_writer")
        world.control("stash", "fault", kind="clear")
        world.settle(seconds=180)
        never_suspected(world)


def test_a_watcher_that_died_before_it_could_tell_how_many_there_are(world: World) -> None:
    world.start("stash_watcher")
    wait_until(lambda: len(scene_topics(world)) >= 1, "the first scene")
    world.services["stash_watcher"].kill()
    wait_until(lambda: world.ear.json("stash/state")["state"] == "offline", "its will")
    there = len(scene_topics(world))
    world.start("plex_writer")
    wait_until(lambda: (world.stats("synced") or 0) + (world.stats("skipped") or 0) >= there, "them to be written")
    world.start("stash_watcher")
    world.settle()
    never_suspected(world)


def test_scenes_that_come_and_go_while_tables_are_loaded(running: World) -> None:
    """The watcher tells its count every few seconds, so for a moment there are always fewer or more."""
    for number in range(5):
        running.control("stash", "do", op="scene_destroy", id=20 - number)
        made = running.control("stash", "do", op="scan_new_file", path=f"/data/New/{number}.mp4")["id"]
        running.edit(made, title=f"New {number}", tags=["Drama"])
        running.control("plex", "items", section="1", files=[f"/media/New/{number}.mp4"])
        running.services["plex_writer"].stop()
        running.start("plex_writer")
    running.settle(seconds=90)
    assert "suspect" not in running.services["plex_writer"].log.read_text()
    wait_until(lambda: len(scene_topics(running)) == 20, "the table to be true")
