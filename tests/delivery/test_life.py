"""How a service starts, refuses to start, and ends; the last log line and the exit status say why."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.delivery import shortened
from tests.stories.world import World
from tools.processes import Broker, free_port, service, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.story


@pytest.fixture
def settings(broker: Broker) -> dict[str, str]:
    """Give a writer's settings for a Plex that is not there."""
    return {
        "S2P_PLEX_URL": f"http://127.0.0.1:{free_port()}",
        "S2P_PLEX_TOKEN": "marked-secret-token",
        "S2P_MQTT_URL": broker.url,
    }


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[World]:
    """Give a world without scenes to speak of, to listen in."""
    with World(tmp_path, scenes=1) as made:
        yield made


def test_every_mistake_in_the_settings_is_named_and_the_status_is_2(tmp_path: Path) -> None:
    wrong = {"S2P_PLEX_URL": "ftp://x", "S2P_MQTT_URL": "mqtt://localhost:port", "S2P_PATHS": "/data=>/a; /data=>/b"}
    process = service("plex_writer", tmp_path, wrong)
    process.start()
    assert process.wait() == 2
    said = process.tail()
    for name in ("S2P_PLEX_URL", "S2P_PLEX_TOKEN", "S2P_MQTT_URL", "S2P_PATHS"):
        assert name in said


@pytest.mark.parametrize("name", ["stash_watcher", "plex_writer", "provider"])
def test_a_killed_service_is_offline_by_its_will_and_its_successor_starts_at_once(quiet: World, name: str) -> None:
    topic = {"stash_watcher": "stash/state", "plex_writer": "plex/plex/state", "provider": "provider/state"}[name]
    quiet.start(name)
    wait_until(lambda: quiet.ear.json(topic).get("state") == "online", "it to be online")
    first = quiet.ear.json(topic)["instance"]
    quiet.services[name].kill()
    wait_until(lambda: quiet.ear.json(topic)["state"] == "offline", "the will")
    begun = time.monotonic()
    quiet.start(name)
    wait_until(lambda: quiet.ear.json(topic)["instance"] != first, "the successor")
    assert quiet.ear.json(topic)["state"] == "online"
    assert time.monotonic() - begun < 15


def test_a_state_left_by_a_dead_broker_and_a_dead_service_stops_nobody(quiet: World) -> None:
    left = {"state": "online", "instance": "long-gone", "since": "2024-01-01T00:00:00Z"}
    quiet.ear.tell("plex/plex/state", json.dumps(left).encode(), retain=True)
    quiet.start("plex_writer")
    wait_until(lambda: quiet.ear.json("plex/plex/state")["instance"] != "long-gone", "the service to start")


@pytest.mark.parametrize("name", ["stash_watcher", "plex_writer", "provider"])
@pytest.mark.parametrize("away", ["nothing", "broker", "all"])
def test_sigterm_ends_a_service_within_10_seconds_whatever_is_away(quiet: World, name: str, away: str) -> None:
    if away == "all":
        for process in (quiet.stash, quiet.plex, quiet.broker):
            process.stop()
    quiet.start(name)
    if away != "all":
        wait_until(lambda: any(topic.endswith("/state") for topic in quiet.ear.newest), "it to be online")
    else:
        wait_until(lambda: "broker_unreachable" in quiet.services[name].tail(), "it to look for the broker")
    if away == "broker":
        quiet.broker.kill()
    begun = time.monotonic()
    assert quiet.services[name].stop() == 0
    assert time.monotonic() - begun < 10
    assert "stopped" in quiet.services[name].tail(1)


@pytest.mark.parametrize("name", ["stash_watcher", "plex_writer", "provider"])
def test_sigterm_ends_a_start_at_any_of_its_moments(world: World, name: str) -> None:
    """The moments are the lines that it logs; until it listens for the signal, the signal kills it."""
    world.start("stash_watcher")
    wait_until(lambda: world.ear.json("stash/info").get("scenes") == 20, "the table")
    world.services["stash_watcher"].stop()
    owner = {"stash_watcher": "stash", "plex_writer": "plex/plex", "provider": "provider"}[name]

    def start_until(told: int | None) -> int:
        """Start it and end it once it has logged so many lines, None for all of a start; return how many it had."""
        world.start(name, S2P_LOG_LEVEL="debug")
        process = world.services[name]
        before = process.log.read_bytes().count(b"\n")

        def lines() -> int:
            return process.log.read_bytes().count(b"\n") - before

        online = f"{owner}/state"
        if told is None:
            wait_until(lambda: world.ear.json(online).get("state") == "online", "it to be online")
        else:
            wait_until(lambda: lines() >= told, f"{told} lines")
        so_far = lines()
        begun = time.monotonic()
        assert process.stop() in (0, -signal.SIGTERM), process.tail()
        assert time.monotonic() - begun < 10
        return so_far

    for told in range(start_until(None)):
        start_until(told)
    assert "crashed" not in world.services[name].log.read_text()


def test_a_bug_ends_the_service_with_1_and_the_log_says_which(world: World) -> None:
    world.start("stash_watcher")
    shortened.start(world, "plex_writer", {"services.plex_writer.lane.FRESH": "no number"})
    process = world.services["plex_writer"]
    assert process.wait() == 1
    last = next(line for line in reversed(process.log.read_text().splitlines()) if "crashed" in line)
    assert "TypeError" in last
    wait_until(lambda: world.ear.json("plex/plex/state").get("state") == "offline", "its state to tell")


def test_sigterm_during_a_write_that_hangs_ends_within_10_seconds(world: World) -> None:
    world.start("stash_watcher", "plex_writer", S2P_PLEX_READ_TIMEOUT="60")
    world.settle()
    world.control("plex", "fault", kind="hang", match="PUT *")
    world.edit(1, title="Hangs")
    wait_until(lambda: world.outcome(1)["items"].popitem()[1]["intent"], "the write to begin")
    begun = time.monotonic()
    assert world.services["plex_writer"].stop() == 0
    assert time.monotonic() - begun < 10
    world.control("plex", "fault", kind="clear")
    world.start("plex_writer")
    world.settle()


def test_an_unknown_command_is_answered_with_those_that_there_are(quiet: World) -> None:
    quiet.start("plex_writer")
    wait_until(lambda: quiet.ear.json("plex/plex/state").get("state") == "online", "it to be online")
    answer = quiet.ear.ask("plex/plex", "dance")
    assert answer["status"] == "error"
    assert "reconcile" in answer["error"]


def test_no_secret_is_in_logs_topics_or_process_lists(quiet: World) -> None:
    url = quiet.broker.url.replace("//", "//me@")
    secrets = {"S2P_PLEX_TOKEN": "marked-secret-token", "S2P_MQTT_PASSWORD": "marked-secret-password"}
    quiet.start("plex_writer", S2P_MQTT_URL=url, **secrets)
    wait_until(lambda: quiet.ear.json("plex/plex/state").get("plex") == "unauthorized", "the token to be refused")
    pid = quiet.services["plex_writer"].pid
    with open(f"/proc/{pid}/cmdline", "rb") as cmdline:  # noqa: PTH123 - a file of the kernel's
        assert b"marked-secret" not in cmdline.read()
    assert "marked-secret" not in quiet.services["plex_writer"].log.read_text()
    assert not [topic for topic, payload in quiet.ear.heard if b"marked-secret" in payload]
