"""Two of the same never fight: the second refuses to start, and one whose session was taken over steps back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.delivery import shortened
from tests.delivery.test_compare_at_start import SESSION
from tools.processes import free_port, service, wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story

WAIT = 6.0


@pytest.mark.parametrize("name", ["stash_watcher", "plex_writer", "provider"])
def test_a_second_instance_refuses_to_start_and_names_the_first(world: World, name: str) -> None:
    world.start(name)
    topic = {"stash_watcher": "stash/state", "plex_writer": "plex/plex/state", "provider": "provider/state"}[name]
    wait_until(lambda: world.ear.json(topic).get("state") == "online", "the first to be online")
    first = world.ear.json(topic)["instance"]
    second = service(name, world.folder, {**world.settings, "S2P_PROVIDER_PORT": str(free_port())}, log_name="second")
    with second:
        assert second.wait(seconds=60) == 2
    assert first in second.tail()
    assert world.services[name].alive
    assert world.ear.json(topic)["instance"] == first


def test_a_session_taken_over_by_a_stranger_is_waited_out_and_not_fought(world: World) -> None:
    world.start("stash_watcher")
    writer = shortened.start(world, "plex_writer", {"common.bus.TAKE_OVER_WAIT": WAIT})
    world.settle()
    stranger = Client(CallbackAPIVersion.VERSION2, client_id=SESSION, protocol=MQTTProtocolVersion.MQTTv5)
    lost: list[float] = []
    stranger.on_disconnect = lambda *_: lost.append(time.monotonic())
    stranger.connect("127.0.0.1", world.broker.port)
    stranger.loop_start()
    wait_until(lambda: "session_taken_over" in writer.log.read_text(), "the take-over to be told")
    wait_until(stranger.is_connected, "the stranger to have the session")
    begun, fights = time.monotonic(), len(lost)
    wait_until(lambda: len(lost) > fights, "the writer to come back for its session", seconds=60)
    stranger.disconnect()
    stranger.loop_stop()
    assert fights <= 1, "a broker that says nothing is asked once"
    assert lost[fights] - begun >= WAIT - 3
    assert writer.alive
    world.edit(1, title="After the take-over")
    world.settle(seconds=60)


def test_two_started_at_once_end_with_one(world: World) -> None:
    """Both may have looked before either had told that it is there."""
    world.start("stash_watcher")
    first = service("plex_writer", world.folder, world.settings, log_name="first")
    second = service("plex_writer", world.folder, world.settings, log_name="second")
    with first, second:
        wait_until(lambda: not (first.alive and second.alive), "one of them to give way", seconds=120)
        gone, left = (first, second) if not first.alive else (second, first)
        assert gone.exit_status == 2
        assert "another plex/plex is running" in gone.tail()
        world.edit(1, title="By the one that is left")
        world.settle(seconds=120)
        assert left.alive
