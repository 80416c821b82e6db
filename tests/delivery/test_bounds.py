"""Memory has a bound: a hundred thousand messages while nothing can be written cost what the scenes they name cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story

SCENES = 1_000
MESSAGES = 100_000
GROWTH_MB = 12.0


def resident_mb(pid: int) -> float:
    """Return a process's resident memory."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_a_hundred_thousand_messages_while_plex_is_away_leave_memory_flat(world: World) -> None:
    world.start("stash_watcher", "plex_writer")
    world.settle()
    world.services["stash_watcher"].stop()
    world.control("plex", "fault", kind="down")
    pid = world.services["plex_writer"].pid
    row = world.ear.json("stash/scene/1")
    sender = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    sender.max_inflight_messages_set(200)
    sender.connect("127.0.0.1", world.broker.port)
    sender.loop_start()

    def send(count: int, epoch: int) -> None:
        last = None
        for number in range(count):
            scene_id = 10_000 + number % SCENES
            scene = {**row, "id": scene_id, "epoch": row["epoch"] + epoch, "seq": number, "details": "x" * 1_000}
            last = sender.publish(f"stash2plex/stash/scene/{scene_id}", json.dumps(scene).encode(), 1, retain=True)
            if number % 2_000 == 1_999:
                last.wait_for_publish(60)
        if last is not None:
            last.wait_for_publish(60)

    send(SCENES * 5, 1)
    wait_until(lambda: (world.stats("pending") or 0) >= SCENES, "each scene to be pending once", seconds=60)
    before = resident_mb(pid)
    send(MESSAGES, 2)
    sender.disconnect()
    sender.loop_stop()
    world.edit(1, title="After all of them")
    world.start("stash_watcher")
    wait_until(lambda: world.ear.json("stash/scene/1")["title"] == "After all of them", "the edit", seconds=60)
    assert resident_mb(pid) - before < GROWTH_MB
    assert world.stats("pending") <= SCENES + 20
    world.control("plex", "fault", kind="clear")
    wait_until(
        lambda: "After all of them" in {item["title"] for item in world.items().values()},
        "the edit in Plex",
        seconds=90,
    )
