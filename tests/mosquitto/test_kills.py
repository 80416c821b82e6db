"""Both configurations, on every Mosquitto that can be had: they start, and what a kill takes is what is promised."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.mosquitto.brokers import Configured, Kind, kinds
from tests.mosquitto.client import Client
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 500
SESSION = "stash2plex-plex-plex"


@pytest.fixture(params=kinds(), ids=lambda kind: kind.program)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Configured]:
    kind: Kind = request.param
    with Configured(kind, tmp_path / "broker") as running:
        yield running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()


def user(broker: Configured, name: str) -> Client:
    return Client(broker.port, name, (broker.passwords / name).read_text())


def writer_session(broker: Configured, received: list[str]) -> mqtt.Client:
    """Come as the writer, with a session that the broker keeps for an hour."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, SESSION, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set("writer", (broker.passwords / "writer").read_text())
    client.on_message = lambda _c, _d, message: received.append(message.payload.decode())
    client.on_connect = lambda c, *_: c.subscribe("stash2plex/stash/scene/+", 1)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # as paho has it
    properties.SessionExpiryInterval = 3_600
    client.connect("127.0.0.1", broker.port, clean_start=False, properties=properties)
    client.loop_start()
    return client


def gone(client: mqtt.Client) -> None:
    client.disconnect()
    client.loop_stop()


def given(broker: Configured) -> None:
    """Give it a table, and a session with a queue of all of it."""
    received: list[str] = []
    session = writer_session(broker, received)
    wait_until(session.is_connected, "the session to begin")
    with user(broker, "watcher") as watcher:
        assert watcher.publish("stash2plex/stash/scene/1", "first", retain=True)
        wait_until(lambda: received == ["first"], "the session to be subscribed")
        gone(session)
        for row in range(1, ROWS + 1):
            assert watcher.publish(f"stash2plex/stash/scene/{row}", str(row), retain=True)


def kept(broker: Configured) -> tuple[int, int]:
    """Return how many rows are retained, and how many the session is sent."""
    with user(broker, "reader") as reader:
        reader.subscribe("stash2plex/stash/scene/+", qos=0)
        reader.subscribe("stash2plex/nothing")
        retained = {topic for topic, payload in reader.received if payload != "first"}
    received: list[str] = []
    session = writer_session(broker, received)
    with user(broker, "watcher") as watcher:
        wait_until(session.is_connected, "the session to be back")
        watcher.publish("stash2plex/stash/scene/9999", "last")
        wait_until(lambda: "last" in received, "the end of the queue")
    gone(session)
    return len(retained), len(set(received) - {"last", "first"})


def test_after_a_kill_the_table_and_the_queue_are_as_promised(broker: Configured) -> None:
    """2.1 has committed every acknowledged message; 2.0 has what it saved last, which SIGUSR1 makes it do now."""
    given(broker)
    if broker.generation == "2.0":
        database = broker.folder / "data" / "mosquitto.db"
        os.kill(broker.pid, signal.SIGUSR1)
        wait_until(database.exists, "the database to be saved")
        wait_until(lambda: not database.with_name("mosquitto.db.new").exists(), "the save to end")
    broker.kill()
    broker.start()
    assert kept(broker) == (ROWS, ROWS)


def test_the_configuration_fits_the_broker(broker: Configured) -> None:
    """A generation whose settings the broker does not know would not have started; passwords and rules hold."""
    with user(broker, "watcher") as watcher, user(broker, "reader") as reader:
        assert watcher.publish("stash2plex/stash/scene/1")
        assert not reader.publish("stash2plex/stash/scene/1")
    with Client(broker.port, "watcher", "guess") as stranger:
        assert stranger.reason == "Not authorized"


def test_a_stop_is_quick_and_loses_nothing(broker: Configured) -> None:
    given(broker)
    assert broker.stop(seconds=10) == 0
    broker.start()
    assert kept(broker) == (ROWS, ROWS)
