"""What is odd in one place: a scene that spoils its page, pages that are too much; and stopping at a bad time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from common.messages import WatcherState
from common.service import Service, now
from common.settings import load
from common.stash import Stash
from services.stash_watcher.watcher import Watcher
from tests.waiting import until
from tools.processes import Server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stash_watcher.world import World

pytestmark = pytest.mark.story


@pytest.mark.parametrize("how", ["lack", "error"])
def test_one_spoiled_scene_is_counted_and_the_others_go_on(
    make_world: Callable[..., World], tmp_path: Path, how: str
) -> None:
    world = make_world(scenes=60)
    with Server("garbler", "tests.stash_watcher.garbler", [world.stash.url, "5", how], tmp_path) as garbler:
        # without sweeps there is no reading of all scenes, which asks for each of a page that has a spoiled one
        world.start(S2P_STASH_URL=garbler.url, S2P_STASH_SWEEP="never")
        world.until(lambda: world.differences() == ["5 is missing"], "all the others")
        world.until(lambda: world.stats()["undecodable"]["count"], "the report")
        assert "scenes_groups/" in world.stats()["undecodable"]["last"][0]
        world.do("scene_update", id=5, fields={"title": "still spoiled"})
        world.do("scene_update", id=6, fields={"title": "not spoiled"})
        world.until(lambda: world.ear.json("stash/scene/6")["title"] == "not spoiled", "an edit")
        world.until(lambda: world.stats()["task"] == "", "quiet")
        world.control("reset-stats")
        world.until(lambda: world.look("stats")["requests"].get("Look", 0) >= 5, "a few looks")
        assert world.look("stats")["requests"].get("One", 0) <= 4
        assert world.watcher is not None
        world.watcher.stop()
    heard = len(world.ear.heard)
    world.start()
    world.settle()
    assert [scene["id"] for scene in world.published(heard)] == [5]
    assert not world.removed()


def test_a_published_scene_that_gets_spoiled_stays_as_it_was(world: World, tmp_path: Path) -> None:
    assert world.watcher is not None
    world.watcher.stop()
    with Server("garbler", "tests.stash_watcher.garbler", [world.stash.url, "5", "error"], tmp_path) as garbler:
        world.do("scene_update", id=5, fields={"title": "spoiled"})
        world.do("scene_update", id=6, fields={"title": "not spoiled"})
        world.start(S2P_STASH_URL=garbler.url)
        world.until(lambda: world.ear.json("stash/scene/6")["title"] == "not spoiled", "the other edit")
        world.until(lambda: world.stats().get("undecodable", {}).get("count"), "the report")
        assert not world.removed()
        assert 5 in world.rows()


@pytest.mark.asyncio
async def test_pages_that_are_too_much_get_smaller(make_world: Callable[..., World]) -> None:
    """In this process, because a page that the real time-out calls too slow takes a minute."""
    world = make_world(scenes=450)
    world.fault("slow", match="Page", delay_ms=2_000, count=2)
    addresses = {"S2P_STASH_URL": world.stash.url, "S2P_MQTT_URL": world.broker.url}
    settings = load("watcher", {**addresses, "S2P_STASH_SWEEP": "never", "S2P_IN_CONTAINER": "false"})
    stop = asyncio.Event()
    service = Service(settings, "stash", WatcherState(state="online", instance="test", since=now()), stop)
    stash = Stash(world.stash.url, None, read_timeout=0.5)
    async with stash, service:
        running = asyncio.create_task(Watcher(service, stash).run())
        with contextlib.ExitStack() as stack:
            stack.callback(running.cancel)
            await until(lambda: len(world.published()) == 450, "all scenes")
            stop.set()
            await running
    too_slow, of_fifty, grown, end = 2, 5, 2, 1
    assert world.look("stats")["requests"]["Page"] == too_slow + of_fifty + grown + end


def test_sigterm_ends_it_soon_even_while_the_broker_is_away(world: World) -> None:
    assert world.watcher is not None
    world.broker.kill()
    world.do("scene_update", id=5, fields={"title": "nobody hears it"})
    world.until(lambda: "broker_lost" in world.watcher.tail(20), "the loss")
    began = time.monotonic()
    assert world.watcher.stop() == 0
    assert time.monotonic() - began < 9
    world.broker.start()


def test_sigterm_ends_it_soon_while_stash_hangs(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=60)
    world.fault("hang")
    watcher = world.start()
    world.until(lambda: world.look("stats")["requests"], "a question")
    began = time.monotonic()
    assert watcher.stop() == 0
    assert time.monotonic() - began < 3
