"""Events of Plex: what they name is looked at, at once and nothing else; what they could not tell is found as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.life.settled import ITEMS, LISTING, STREAM, asked, item_of, listening
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


def test_a_scene_waits_for_its_file_and_is_written_when_plex_tells_of_it(world: World) -> None:
    (last,) = [scene for scene in world.scenes() if scene["id"] == 20]
    missing = [world.mapped(path) for path in last["files"]]
    for path in missing:
        world.control("plex", "remove", ratingKey=world.items()[path]["ratingKey"])
    world.start("stash_watcher", "plex_writer")
    wait_until(lambda: world.stats("waiting") == 1 and world.stats("pending") == 0, "one scene to wait")
    listening(world)
    assert missing[0] in world.outcome(20)["detail"]
    world.control("plex", "reset-counts")
    world.control("plex", "items", section="1", files=missing)
    world.settle()
    wait_until(lambda: world.stats("waiting") == 0, "nothing to wait")
    assert world.outcome(20)["state"] == "synced"
    assert world.outcome(20)["attempts"] == 0


@pytest.mark.parametrize("agent", ["none", "tv.plex.agents.movie"])
def test_an_item_that_plex_replaces_is_filled_again(running: World, agent: str) -> None:
    running.control("plex", "settings", agent=agent)
    before = item_of(running, 7)
    running.control("plex", "replace", ratingKey=before["ratingKey"])
    running.settle()
    assert item_of(running, 7)["ratingKey"] != before["ratingKey"]
    assert set(running.outcome(7)["items"]) == {str(item_of(running, 7)["ratingKey"])}


def test_what_another_takes_or_changes_comes_back_under_sync_and_a_persons_tag_stays(running: World) -> None:
    key = item_of(running, 3)["ratingKey"]
    running.control(
        "plex", "person", ratingKey=key, title="Not the title", genres=["Mine", *item_of(running, 3)["genres"]]
    )
    running.settle()
    assert "Mine" in item_of(running, 3)["genres"]
    running.control("plex", "empty", ratingKey=key)
    running.settle()


def test_echoes_of_our_own_writes_are_not_looked_at(running: World) -> None:
    """An edit costs a read, a write and a read back; its event, once the item was read back, costs nothing."""
    for scene_id in (4, 5, 6):
        running.edit(scene_id, title=f"Edited {scene_id}")
    running.settle()
    running.edit(8, title="The last")
    running.settle()
    running.control("plex", "reset-counts")
    running.control("plex", "remove", ratingKey=item_of(running, 20)["ratingKey"])
    wait_until(lambda: running.outcome(20)["state"] == "waiting", "the item's end to be heard of")
    kinds = asked(running)
    assert STREAM not in kinds
    assert kinds.get(LISTING, 0) == 0
    assert sum(kinds.values()) <= 4


def test_an_event_that_tells_of_nothing_new_wakes_nobody(running: World) -> None:
    """It can't be told from an echo before the item is read."""
    key = item_of(running, 14)["ratingKey"]
    running.control("plex", "reset-counts")
    heard = len(running.ear.heard)
    running.control("plex", "person", ratingKey=key, lock=False, same_second=True)
    wait_until(lambda: asked(running).get(ITEMS, 0) > 0, "the item to be looked at")
    running.control("plex", "remove", ratingKey=item_of(running, 20)["ratingKey"])
    wait_until(lambda: running.outcome(20)["state"] == "waiting", "what is told later to be handled")
    assert not any(topic.endswith("plex/plex/scene/14") for topic, _ in running.ear.heard[heard:])


def test_what_happens_while_the_stream_is_cut_is_found_when_it_is_open_again(running: World) -> None:
    running.control("plex", "fault", kind="status", match=STREAM, status=500)
    fault = running.control("plex", "fault", kind="down", seconds=1)
    running.control("plex", "replace", ratingKey=item_of(running, 9)["ratingKey"])
    running.control("plex", "person", ratingKey=item_of(running, 10)["ratingKey"], title="Changed meanwhile")
    running.control("plex", "fault", kind="clear", id=fault["id"])
    running.control("plex", "fault", kind="clear")
    listening(running)
    running.settle()


def written(world: World, scene_id: int) -> str:
    """Edit a scene; return its item's rating key once the write was read back and recorded."""
    before = world.outcome(scene_id)["rev"]
    world.edit(scene_id, title=f"Written {scene_id}")

    def is_recorded() -> bool:
        found = world.outcome(scene_id)
        return found["rev"] != before and {item["state"] for item in found["items"].values()} == {"synced"}

    wait_until(is_recorded, "the write to be recorded")
    return str(item_of(world, scene_id)["ratingKey"])


def test_an_edit_in_the_second_of_our_own_write_is_found_though_nobody_tells_of_it(running: World) -> None:
    """It moves no updatedAt, and the stream is cut: only a read shows it."""
    running.control("plex", "fault", kind="status", match=STREAM, status=500)
    fault = running.control("plex", "fault", kind="down", seconds=1)
    running.control("plex", "fault", kind="clear", id=fault["id"])
    key = written(running, 12)
    running.control("plex", "person", ratingKey=key, title="In the same second", same_second=True)
    running.control("plex", "fault", kind="clear")
    listening(running)
    running.settle()


def test_an_edit_in_the_second_of_our_last_write_is_found_by_the_next_process(running: World) -> None:
    key = written(running, 13)
    running.services["plex_writer"].kill()
    running.control("plex", "person", ratingKey=key, title="In the same second", same_second=True)
    running.start("plex_writer")
    running.settle()


def test_a_stream_that_keeps_silent_is_not_trusted(running: World) -> None:
    """It is never answered, so the libraries are looked at in its place."""
    running.control("plex", "fault", kind="hang", match=STREAM)
    fault = running.control("plex", "fault", kind="down", seconds=1)
    running.control("plex", "fault", kind="clear", id=fault["id"])
    wait_until(lambda: running.ear.json("plex/plex/state")["plex"] == "reachable", "Plex to be back")
    running.control("plex", "replace", ratingKey=item_of(running, 11)["ratingKey"])
    running.settle(seconds=90)
