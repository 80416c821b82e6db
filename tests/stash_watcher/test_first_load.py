"""The first load, whole and interrupted, and starts of a watcher whose table is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stash_watcher.world import World

pytestmark = pytest.mark.story


@pytest.mark.parametrize("version", ["0.26.0", "0.30.1"])
def test_every_scene_is_published_once_and_whole(make_world: Callable[..., World], version: str) -> None:
    world = make_world(scenes=450, stash=("--version", version))
    world.start()
    world.settle(covered=True)
    published = world.published()
    assert len(published) == 450
    assert [scene["seq"] for scene in published] == list(range(1, 451))
    assert len({scene["epoch"] for scene in published}) == 1
    assert world.stats()["undecodable"]["count"] == 0
    assert world.info()["version"] == f"v{version}"


def test_no_key_and_no_host_is_in_any_message(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=120, stash=("--api-key", "the-secret-key"))
    watcher = world.start(S2P_STASH_API_KEY="the-secret-key")
    world.settle()
    everything = b"".join(payload for _, payload in world.ear.heard) + watcher.log.read_bytes()
    assert b"the-secret-key" not in everything
    assert all(scene["cover"] == f"/scene/{scene['id']}/screenshot" for scene in world.published())
    portraits = [performer["image"] for scene in world.published() for performer in scene["performers"]]
    assert any(portraits)
    assert all(not portrait or portrait.startswith("/performer/") for portrait in portraits)


def test_an_empty_stash_is_complete_at_once(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=0)
    world.start()
    world.until(lambda: world.info().get("loading") is False, "the load to end")
    world.do("scene_create", fields={"title": "the first"})
    world.settle()
    assert len(world.published()) == 1


def test_info_says_loading_before_the_first_scene(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=250)
    world.start()
    world.settle()
    topics = [topic for topic, _ in world.ear.heard]
    first_scene = next(index for index, topic in enumerate(topics) if "/scene/" in topic)
    assert topics.index("stash2plex/stash/info") < first_scene


def test_a_load_that_was_killed_goes_on_where_it_was(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=2_000)
    world.fault("slow", delay_ms=500)
    world.start()
    world.until(lambda: len(world.published()) >= 600, "a part of the load")
    world.kill()
    world.fault("clear")
    assert world.info()["loading"] is True
    world.start()
    world.settle(covered=True, seconds=60)
    first, second = sorted({scene["epoch"] for scene in world.published()})
    before = {scene["id"] for scene in world.published() if scene["epoch"] == first}
    after = {scene["id"] for scene in world.published() if scene["epoch"] == second}
    assert 600 <= len(before) < 2_000
    assert after == set(range(1, 2_001)) - before


def test_a_restart_publishes_nothing_that_is_there(world: World) -> None:
    assert world.watcher is not None
    assert world.watcher.stop() == 0
    assert world.state()["state"] == "offline"
    heard = len(world.ear.heard)
    world.start()
    world.until(lambda: world.state()["state"] == "online", "the watcher to be back")
    world.do("scene_update", id=3, fields={"title": "after the restart"})
    world.settle()
    assert [scene["id"] for scene in world.published(heard)] == [3]


def test_what_changed_while_the_watcher_was_away_is_found(world: World) -> None:
    assert world.watcher is not None
    world.watcher.stop()
    heard = len(world.ear.heard)
    world.do("scene_update", id=5, fields={"title": "edited meanwhile"})
    world.do("scene_destroy", ids=[7, 8])
    world.do("rename_file", id=9, to="/data/elsewhere/nine.mp4")
    world.do("scene_create", fields={"title": "made meanwhile"})
    world.start()
    world.settle()
    assert {scene["id"] for scene in world.published(heard)} == {5, 9, 61}
    assert sorted(world.removed(heard)) == [7, 8]


def test_a_stash_that_is_not_there_yet_is_waited_for(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=30)
    world.fault("down")
    world.start()
    world.until(lambda: world.state().get("stash") == "unreachable", "the state to say so")
    world.fault("clear")
    world.settle()
    assert world.state()["stash"] == "reachable"


def test_a_second_edit_in_the_same_second_is_found_after_a_kill(world: World) -> None:
    """Stash's updated_at has whole seconds: nothing in any listing tells the second edit from the first."""
    world.do("scene_update", id=5, fields={"title": "first"})
    world.until(lambda: world.ear.json("stash/scene/5")["title"] == "first", "the first edit")
    world.kill()
    updated = world.ear.json("stash/scene/5")["updated_at"]
    world.do("sql", table="scenes", id=5, set={"title": "second", "updated_at": updated})
    world.start()
    world.settle()
