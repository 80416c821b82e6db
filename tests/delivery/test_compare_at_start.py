"""A start with a session compares all the same: what the session never brought, or brought unread, is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.delivery import shortened
from tests.stories.test_edits import item_of
from tests.stories.world import World
from tools.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story

SESSION = "stash2plex-plex-plex"


def told_again(world: World, scene_id: int, **changes: object) -> dict[str, Any]:
    """Publish a scene as its watcher would, one publication later."""
    row: dict[str, Any] = {**world.ear.json(f"stash/scene/{scene_id}"), **changes}
    row["seq"] += 1
    world.ear.tell(f"stash/scene/{scene_id}", json.dumps(row).encode(), retain=True)
    wait_until(lambda: world.ear.json(f"stash/scene/{scene_id}") == row, "it to be heard")
    return row


def test_a_queue_that_dropped_the_newest_loses_nothing(tmp_path: Path) -> None:
    """Mosquitto keeps the oldest of what it queues for somebody who is away, and says so to nobody."""
    with World(tmp_path, raised_limits=False, broker_options="max_queued_messages 60") as world:
        world.scan_all()
        for scene in world.scenes():
            world.edit(scene["id"], tags=["Drama"])
        world.start("stash_watcher", "plex_writer")
        world.settle()
        for name in ("stash_watcher", "plex_writer"):
            world.services[name].stop()
        for scene_id in range(1, 21):
            for turn in range(10):
                told_again(world, scene_id, title=f"Scene {scene_id}, edit {turn}")
        world.start("plex_writer")
        newest = {f"Scene {scene_id}, edit 9" for scene_id in range(1, 21)}
        wait_until(lambda: newest <= {item["title"] for item in world.items().values()}, "the newest of each")
        delivered = [write["after"].get("title", "") for write in world.writes()]
        assert not [title for title in delivered if "edit" in title and "edit 9" not in title]


def test_a_session_that_is_gone_loses_nothing(running: World) -> None:
    running.services["plex_writer"].stop()
    client = Client(CallbackAPIVersion.VERSION2, client_id=SESSION, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", running.broker.port, clean_start=True)
    client.loop_start()
    wait_until(client.is_connected, "the session to be ended by another")
    client.disconnect()
    client.loop_stop()
    running.edit(1, title="Nobody was told")
    wait_until(lambda: running.ear.json("stash/scene/1")["title"] == "Nobody was told", "the edit on the bus")
    running.start("plex_writer")
    running.settle()


def test_a_scene_that_could_not_be_read_is_looked_at_again_after_an_upgrade(running: World) -> None:
    running.services["stash_watcher"].stop()
    row = told_again(running, 5, v=2, title="In the words of a newer version")
    wait_until(lambda: running.stats("undecodable")["count"] == 1, "it to be counted")
    assert item_of(running, 5)["title"] != row["title"]
    key = next(iter(running.outcome(5)["items"]))
    running.services["plex_writer"].stop()
    running.ear.tell("plex/plex/scene/5", b"", retain=True)
    shortened.start(running, "plex_writer", {"common.messages.VERSION": 2})
    wait_until(
        lambda: running.look("plex", "items", ratingKey=key)[0]["title"] == row["title"], "the newer version's scene"
    )


def test_a_file_that_plex_scanned_while_the_writer_was_away_is_found(running: World) -> None:
    running.control("stash", "do", op="scan_new_file", path="/data/Late/Late.mp4")
    scene = next(scene for scene in running.scenes() if "Late" in scene["files"][0])
    running.edit(scene["id"], title="Late", tags=["Drama"])
    wait_until(lambda: running.outcome(scene["id"]).get("state") == "waiting", "the scene to wait")
    running.services["plex_writer"].stop()
    running.control("plex", "items", section="1", files=["/media/Late/Late.mp4"])
    running.start("plex_writer")
    running.settle()
    assert running.outcome(scene["id"])["state"] == "synced"
