"""An older database, another zone, another release, a start after a long time: the table ends true all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stash_watcher.world import World

pytestmark = pytest.mark.story


def rename_a_tag(world: World, to: str) -> None:
    """Rename a tag that scenes have."""
    tag = next(tag for scene in world.truth().values() for tag in scene["tags"])
    world.do("tag_rename", name=tag, to=to)


@pytest.mark.parametrize("what", ["scene", "tag", "marker", "performer"])
def test_a_database_restored_between_two_looks_is_noticed_by_the_next(
    make_world: Callable[..., World], what: str
) -> None:
    world = make_world(scenes=60)
    world.start(S2P_STASH_SWEEP="never", S2P_STASH_IDLE="1", S2P_STASH_POLL="1")
    world.settle()
    world.control("snapshot", name="before")
    if what == "scene":
        world.do("scene_update", id=5, fields={"title": "to be lost"})
    elif what == "tag":
        rename_a_tag(world, "to be lost")
    elif what == "marker":
        world.do("marker_create", scene=5, title="to be lost", seconds=3)
    else:
        world.do("performer_image", id=next(iter(world.look("performers")))["id"], seed=77)
    world.settle()
    world.control("restore", name="before")
    world.settle(seconds=20)
    assert world.state()["stash"] == "reachable"
    assert "to be lost" not in str(world.rows())


def test_another_edit_after_the_restore_does_not_hide_it(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=60)
    world.start(S2P_STASH_SWEEP="never", S2P_STASH_IDLE="2", S2P_STASH_POLL="2")
    world.settle()
    world.control("snapshot", name="before")
    world.do("scene_update", id=5, fields={"title": "to be lost"})
    world.settle()
    world.control("restore", name="before")
    world.do("scene_update", id=6, fields={"title": "newer"})
    world.settle(seconds=20)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_edits_after_a_restart_in_another_zone_are_seen_at_once(make_world: Callable[..., World], zone: str) -> None:
    world = make_world(scenes=60, stash=("--zone", "Europe/Berlin"))
    world.start(S2P_STASH_SWEEP="never")
    world.settle()
    world.do("scene_update", id=4, fields={"title": "at home"})
    world.settle()
    world.control("clock", zone=zone)
    world.until(lambda: world.look("stats")["requests"].get("Look", 0) > 0, "a look")
    world.do("scene_update", id=5, fields={"title": "far away"})
    rename_a_tag(world, "far away, too")
    world.do("marker_create", scene=7, title="far away as well", seconds=3)
    world.settle(seconds=20)


def test_scenes_edited_right_before_an_empty_database_are_kept(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=100)
    world.start()
    world.settle()
    world.control("snapshot", name="full")
    world.do("bulk_scene_update", ids=list(range(1, 16)), fields={"director": "somebody"})
    world.settle()
    world.control("snapshot", name="edited")
    world.control("replace", scenes=0)
    world.until(lambda: world.stats().get("held") == 100, "the removals to be held", seconds=60)
    world.control("restore", name="edited")
    world.until(lambda: world.stats().get("held") == 0, "the old database to be followed again", seconds=60)
    world.settle()
    assert not world.removed()


def test_an_import_that_gives_every_scene_another_id_is_followed_once_somebody_says_so(world: World) -> None:
    """A database imported anew is another one: what is retained under an id is not what Stash has there now."""
    world.settle(covered=True)
    heard = len(world.ear.heard)
    world.do("json_import", reverse=True)
    world.ear.ask("stash", "sweep")
    world.until(lambda: world.state()["stash"] == "replaced", "the report")
    assert not world.published(heard)
    assert world.ear.ask("stash", "sweep", confirm=True)["status"] == "ok"
    world.settle(seconds=60)


def test_an_import_with_the_same_ids_is_followed_by_its_content(world: World) -> None:
    world.do("json_import", updated_at="2020-01-01T00:00:00+01:00")
    world.ear.ask("stash", "sweep")
    world.settle(seconds=60)
    assert world.state()["stash"] == "reachable"


@pytest.mark.parametrize("version", ["0.26.0", "0.27.0", "0.28.0", "0.29.0"])
def test_older_releases_are_followed(make_world: Callable[..., World], version: str) -> None:
    world = make_world(scenes=60, stash=("--version", version))
    world.start(S2P_STASH_SWEEP="never")
    world.settle()
    rename_a_tag(world, "renamed")
    group = next(scene["groups"][0][0] for scene in world.truth().values() if scene["groups"])
    world.do("group_rename", name=group, to="Series renamed")
    world.do("marker_create", scene=5, title="new", seconds=3)
    world.do("scene_update", id=6, fields={"title": "edited"})
    world.settle()
    assert world.state()["incompatible"] == []


def test_what_changed_while_nobody_looked_is_found_at_the_start(world: World) -> None:
    world.settle(covered=True)
    world.kill()
    performer = next(name for scene in world.truth().values() for name in scene["performers"])
    rename_a_tag(world, "renamed meanwhile")
    world.do("performer_destroy", name=performer)
    world.do("marker_create", scene=5, title="made meanwhile", seconds=3)
    marker = next(one["id"] for scene in world.look("scenes") for one in scene["markers"])
    world.do("marker_destroy", id=marker)
    world.start(S2P_STASH_SWEEP="never")
    world.settle()


def test_an_edit_in_the_database_is_found_by_a_start(world: World) -> None:
    world.settle(covered=True)
    world.kill()
    world.do("sql", table="scenes", id=5, set={"title": "silently"})
    world.start()
    world.settle()


def test_an_edit_in_the_database_while_stash_is_away_is_found_when_it_is_back(world: World) -> None:
    world.settle(covered=True)
    world.fault("502")
    world.until(lambda: world.state()["stash"] == "unreachable", "the watcher to notice")
    world.do("sql", table="scenes", id=5, set={"title": "silently"})
    world.fault("clear")
    world.settle()


def test_a_restart_publishes_nothing_when_nothing_changed(world: World) -> None:
    world.settle(covered=True)
    world.kill()
    heard = len(world.ear.heard)
    world.control("reset-stats")
    world.start()
    world.until(lambda: world.look("stats")["requests"].get("Markers", 0) > 0, "the last of the listings")
    world.until(lambda: world.look("stats")["requests"].get("Look", 0) >= 3, "some looks")
    assert not world.published(heard)


def test_watermarks_of_every_kind_are_told_and_roll_back_with_the_broker(world: World) -> None:
    world.settle(covered=True)
    kinds = {"scene", "tag", "performer", "studio", "group", "marker"}
    world.until(lambda: world.info()["watermarks"].keys() >= kinds, "the watermarks")
    world.broker.save()
    world.kill()
    rename_a_tag(world, "while the watcher is down")
    world.broker.kill()
    world.broker.restore()
    world.broker.start()
    world.until(world.ear._client.is_connected, "the ear to be back")
    world.start()
    world.settle()
    tags = {tag["name"]: tag["updated_at"] for tag in world.look("tags")}
    newest = tags["while the watcher is down"]
    world.until(lambda: world.info()["watermarks"].get("tag") == newest, "the tag's watermark")
