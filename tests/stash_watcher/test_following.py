"""What happens in Stash reaches the table: edits, moves, deletions, merges, and races between them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stash_watcher.world import World

pytestmark = pytest.mark.story


def test_an_edit_is_published_within_two_looks(world: World) -> None:
    world.control("reset-stats")
    world.do("scene_update", id=5, fields={"title": "edited", "tags": ["one", "two"]})
    world.until(lambda: world.ear.json("stash/scene/5")["title"] == "edited", "the edit")
    assert world.look("stats")["requests"]["Look"] <= 2
    assert not world.differences()


def test_fifty_edits_end_in_the_newest(world: World) -> None:
    for number in range(50):
        world.do("scene_update", id=5, fields={"title": f"edit {number}"})
    world.settle()
    stamps = [(scene["epoch"], scene["seq"]) for scene in world.published()]
    assert stamps == sorted(stamps)


def test_a_destroyed_scene_is_removed(world: World) -> None:
    world.do("scene_destroy", ids=[6, 60])
    world.settle()
    assert sorted(world.removed()) == [6, 60]


def test_a_merge_is_followed(world: World) -> None:
    heard = len(world.ear.heard)
    world.do("scene_merge", sources=[11, 12], destination=10)
    world.settle()
    topics = [topic for topic, _ in world.ear.heard[heard:] if topic.startswith("stash2plex/stash/scene/")]
    assert topics.index("stash2plex/stash/scene/10") < topics.index("stash2plex/stash/scene/11")
    assert sorted(world.removed()) == [11, 12]


def test_a_new_scene_is_published(world: World) -> None:
    world.do("scan_new_file", path="/data/new/file.mp4")
    world.settle()
    assert world.ear.json("stash/scene/61")["files"][0]["path"] == "/data/new/file.mp4"


@pytest.mark.parametrize("op", ["rename_file", "move_file"])
def test_a_moved_file_is_found_by_a_sweep(world: World, op: str) -> None:
    updated = world.ear.json("stash/scene/4")["updated_at"]
    world.do(op, id=4, to="/data/elsewhere/four.mp4")
    assert world.ear.ask("stash", "sweep")["status"] == "ok"
    world.until(lambda: world.ear.json("stash/scene/4")["files"][0]["path"] == "/data/elsewhere/four.mp4", "the path")
    assert world.ear.json("stash/scene/4")["updated_at"] == updated
    world.settle()


def test_a_scene_born_at_another_time_is_another_scene(world: World) -> None:
    world.do("sql", table="scenes", id=5, set={"created_at": "2020-01-01T00:00:00Z"})
    world.ear.ask("stash", "sweep")
    world.until(lambda: world.ear.json("stash/scene/5")["born"] == "2020-01-01T00:00:00Z", "the other scene")
    world.settle()
    assert world.state()["stash"] == "reachable"


def test_the_oldest_scene_may_go(world: World) -> None:
    world.do("scene_destroy", id=1)
    world.settle()
    assert world.state()["stash"] == "reachable"


def test_a_resync_renders_all_and_publishes_only_what_differs(world: World) -> None:
    heard = len(world.ear.heard)
    tag = next(tag for scene in world.truth().values() for tag in scene["tags"])
    world.do("tag_rename", name=tag, to="renamed")
    changed = {key for key, scene in world.truth().items() if "renamed" in scene["tags"]}
    assert world.ear.ask("stash", "resync")["data"]["scenes"] == 60
    world.settle()
    assert {scene["id"] for scene in world.published(heard)} == changed


@pytest.mark.parametrize("ids", [[], [0], list(range(1, 10_002))], ids=["none", "no id", "too many"])
def test_a_refresh_of_nonsense_is_refused(world: World, ids: list[int]) -> None:
    answer = world.ear.ask("stash", "refresh", ids=ids)
    assert answer["status"] == "error"
    assert "give `ids`" in answer["error"]


def test_a_refresh_of_unknown_ids_does_no_harm(world: World) -> None:
    world.ear.ask("stash", "refresh", ids=[5, 999])
    world.settle()
    assert not world.removed()


def test_a_bulk_edit_is_followed_without_losing_any(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=1_200)
    world.start()
    world.settle()
    world.do("bulk_scene_update", ids=list(range(1, 1_201)), fields={"director": "the same for all"})
    world.settle(seconds=60)


def test_an_edit_during_a_slow_page_is_not_overwritten_by_it(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=60)
    world.fault("hold", match="Page", when="after", count=1)
    world.start()
    world.until(lambda: world.look("stats")["held"] == 1, "the page to be on its way")
    world.do("scene_update", id=5, fields={"title": "newer than the page"})
    world.do("scene_destroy", id=6)
    assert world.ear.ask("stash", "refresh", ids=[5, 6])["data"] == {"asked": 2}
    world.until(lambda: world.ear.json("stash/scene/5").get("title") == "newer than the page", "the edit")
    heard = len(world.ear.heard)
    world.control("release")
    world.settle()
    assert all(scene["title"] == "newer than the page" for scene in world.published() if scene["id"] == 5)
    assert all(scene["id"] != 6 for scene in world.published(heard))


def test_a_first_load_does_not_keep_an_edit_waiting(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=600)
    world.fault("slow", match="Page", delay_ms=1500)
    world.start()
    world.until(lambda: len(world.published()) >= 200, "the first page")
    world.do("scene_update", id=5, fields={"title": "live"})
    began = time.monotonic()
    world.until(lambda: world.ear.json("stash/scene/5").get("title") == "live", "the edit")
    assert time.monotonic() - began < 1.5
    assert world.info()["loading"] is True
    world.settle()


def test_a_stash_in_another_zone_is_followed(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=40, stash=("--zone", "Australia/Sydney"))
    world.start()
    world.settle()
    world.do("scene_update", id=5, fields={"title": "down under"})
    world.until(lambda: world.ear.json("stash/scene/5")["title"] == "down under", "the edit", seconds=5)
    world.until(lambda: world.info()["watermarks"].get("scene", "").endswith(("+11:00", "+10:00")), "the watermark")


def test_a_scene_dated_ahead_hides_no_edit(world: World) -> None:
    world.do("sql", table="scenes", id=2, set={"updated_at": "2199-01-01T00:00:00Z"})
    world.ear.ask("stash", "sweep")
    world.until(lambda: world.ear.json("stash/scene/2")["updated_at"].startswith("2199"), "the odd date")
    world.do("scene_update", id=5, fields={"title": "after the odd one"})
    world.until(lambda: world.ear.json("stash/scene/5")["title"] == "after the odd one", "the edit", seconds=5)


def test_a_clock_that_is_an_hour_ahead_hides_no_edit(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=40)
    world.control("clock", offset_s=3_600)
    world.start()
    world.settle()
    world.do("scene_update", id=5, fields={"title": "from the future"})
    world.until(lambda: world.ear.json("stash/scene/5")["title"] == "from the future", "the edit", seconds=5)


def test_an_idle_watcher_asks_little(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=40)
    world.start(S2P_STASH_IDLE="15")
    world.settle()
    world.control("reset-stats")
    began = time.monotonic()
    world.until(lambda: time.monotonic() - began > 17, "a while")
    assert world.look("stats")["total"] <= 2
