"""The example of a bridge, between two Mosquittos with accounts: what crosses it, which way, and what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mosquitto.brokers import Configured, kinds
from tests.mosquitto.client import Client, GuardedBroker
from tools.processes import ROOT, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def other(tmp_path: Path) -> Iterator[GuardedBroker]:
    """The other broker, with accounts of its own; the bridge comes as one that may write and read there."""
    folder = tmp_path / "other"
    folder.mkdir()
    running = GuardedBroker(folder)
    running.extra_rules = "\nuser health\ntopic readwrite stash2plex/#\n"
    with running:
        yield running


@pytest.fixture(params=kinds(), ids=lambda kind: kind.program)
def ours(request: pytest.FixtureRequest, tmp_path: Path, other: GuardedBroker) -> Iterator[Configured]:
    """Our broker with the example, filled in as its first lines say."""
    text = (ROOT / "mosquitto" / "bridge.conf.example").read_text()
    filled = text.replace("homeassistant.local:1883", f"127.0.0.1:{other.port}")
    filled = filled.replace("remote_username stash2plex", "remote_username health")
    filled = filled.replace("change-me", (other.passwords / "health").read_text())
    (tmp_path / "bridge.conf").write_text(filled)
    (tmp_path / "ours").mkdir()
    with Configured(request.param, tmp_path / "ours", BROKER_BRIDGE=str(tmp_path / "bridge.conf")) as running:
        yield running


def user(broker: Configured | GuardedBroker, name: str) -> Client:
    return Client(broker.port, name, (broker.passwords / name).read_text())


def test_state_goes_out_requests_come_in_and_scenes_stay(ours: Configured, other: GuardedBroker) -> None:
    with user(ours, "watcher") as watcher, user(other, "operator") as there, user(ours, "operator") as here:
        there.subscribe("stash2plex/#")
        here.subscribe("stash2plex/request/#")
        assert watcher.publish("stash2plex/stash/scene/17", "a scene", retain=True)
        assert watcher.publish("stash2plex/stash/state", "online", retain=True)
        wait_until(lambda: ("stash2plex/stash/state", "online") in there.received, "the state to cross")
        assert there.publish("stash2plex/request/stash/sweep", "{}")
        wait_until(lambda: ("stash2plex/request/stash/sweep", "{}") in here.received, "the request to cross")
        assert not [topic for topic, _ in there.received if "/scene/" in topic]
