"""A broker that forgets: killed and empty, an older copy, low limits; the table ends true to Stash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stash_watcher.world import World

pytestmark = pytest.mark.story


def test_a_broker_that_comes_back_empty_is_filled_again(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=700)
    world.start()
    world.settle(covered=True)
    before = world.info()
    world.broker.kill()
    world.broker.wipe()
    world.broker.start()
    world.settle(covered=True, seconds=60)
    assert world.info()["epoch"] > before["epoch"]
    assert world.info()["seq"] >= before["seq"] + 700
    assert not world.removed()


def test_a_few_scenes_lost_with_the_broker_are_fetched_one_by_one(world: World) -> None:
    world.broker.kill()
    world.broker.wipe()
    world.broker.start()
    world.settle()
    assert world.look("stats")["requests"]["Batch"] >= 1


def test_a_broker_rolled_back_ends_true_to_stash(world: World) -> None:
    world.broker.save()
    world.do("scene_update", id=5, fields={"title": "edited after the copy"})
    world.do("scene_destroy", id=6)
    world.do("scene_create", fields={"title": "made after the copy"})
    world.settle(covered=True)
    before = world.info()
    world.broker.kill()
    world.broker.restore()
    world.broker.start()
    world.until(lambda: world.info()["epoch"] > before["epoch"], "a new epoch")
    world.settle(covered=True)
    rows = world.rows()
    assert 6 not in rows
    assert {key for key, row in rows.items() if row["epoch"] > before["epoch"]} == {5, 61}
    assert min(rows[key]["seq"] for key in (5, 61)) > before["seq"]


def test_changes_while_the_broker_is_away_are_published_when_it_is_back(world: World) -> None:
    world.broker.save()
    world.broker.kill()
    world.do("scene_update", id=5, fields={"title": "edited meanwhile"})
    world.do("scene_destroy", id=6)
    world.broker.restore()
    world.broker.start()
    world.settle(covered=True)


def test_a_broker_that_kept_everything_is_not_read_back(world: World) -> None:
    world.settle(covered=True)
    before = world.info()
    heard = len(world.ear.heard)
    world.broker.stop()
    world.broker.start()
    world.do("scene_update", id=5, fields={"title": "after the restart"})
    world.settle(covered=True)
    assert world.info()["epoch"] == before["epoch"]
    again = [scene for scene in world.published(heard) if scene["seq"] > before["seq"]]
    assert [scene["id"] for scene in again] == [5]


def test_a_broker_killed_in_the_middle_of_the_first_load_ends_complete(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=1_500)
    world.start()
    world.until(lambda: len(world.published()) >= 500, "a part of the load")
    world.broker.kill()
    world.broker.wipe()
    world.broker.start()
    world.settle(covered=True, seconds=60)


def test_a_broker_that_truncates_is_reported_and_nothing_is_removed(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=2_000, raised_limits=False)
    watcher = world.start()
    world.until(lambda: world.info().get("loading") is False, "the load", seconds=60)
    watcher.stop()
    assert len(world.rows_by_topic(range(1, 2_001))) == 2_000
    heard = len(world.ear.heard)
    world.do("scene_update", id=5, fields={"title": "edited meanwhile"})
    world.start()
    world.until(lambda: "max_queued_messages" in world.stats().get("suspect", ""), "the report")
    world.until(lambda: world.rows_by_topic([5])[5]["title"] == "edited meanwhile", "the edit")
    world.until(lambda: world.stats()["task"] == "" and world.stats()["scenes"] == 2_000, "all scenes to be known")
    assert not world.removed(heard)
    assert {scene["id"] for scene in world.published(heard)} == {5}
    assert len(world.rows_by_topic(range(1, 2_001))) == 2_000


def test_a_scene_too_large_for_the_broker_is_cut_and_said_so(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=20, options="max_packet_size 20000")
    world.start()
    world.settle()
    world.do("scene_update", id=5, fields={"title": "cut", "details": "x" * 30_000})
    world.do("scene_update", id=6, fields={"title": "y" * 30_000})
    world.do("scene_update", id=7, fields={"title": "fits"})
    world.until(lambda: world.ear.json("stash/scene/5")["cut"], "the cut scene")
    world.until(lambda: world.ear.json("stash/scene/7")["title"] == "fits", "the one after it")
    world.until(lambda: world.stats()["skipped"]["count"], "the report")
    assert world.ear.json("stash/scene/5")["cut"] == ["markers", "urls", "details"]
    assert world.ear.json("stash/scene/5")["details"] == ""
    assert "stash/scene/6" in world.stats()["skipped"]["last"][0]
    world.until(lambda: "scene" in world.info()["watermarks"], "everything to be settled")
    world.control("reset-stats")
    world.until(lambda: world.look("stats")["requests"].get("Look", 0) >= 4, "a few looks")
    assert set(world.look("stats")["requests"]) == {"Look"}


def test_a_poisoned_row_of_our_own_is_counted_and_replaced(world: World) -> None:
    assert world.watcher is not None
    world.watcher.stop()
    world.ear.tell("stash/scene/5", b"not ours", retain=True)
    world.ear.tell("stash/scene/999", b'{"v":99}', retain=True)
    world.start()
    world.settle()
    world.until(lambda: world.stats()["undecodable"]["count"] == 2, "the report")
