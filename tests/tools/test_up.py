"""./run up with servers that are simulated, and everything else as a user has it."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import httpx
import pytest

from tests.tools.processes import alive, children, printed, running
from tools.processes import Process, Server, free_port, listens, wait_until
from tools.up.watch import watch

if TYPE_CHECKING:
    from pathlib import Path

    from tools.processes import Broker

SCENES = 5


class Servers:
    """A simulated Stash and a Plex with the same files, and the .env that names both."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stash = Server("stash", "simulators.stash", ["--scenes", str(SCENES)], folder)
        self.plex = Server("plex", "simulators.plex", ["--token", "T"], folder)
        self.env = folder / "env"
        self.ports = (free_port(), free_port())

    def __enter__(self) -> Self:
        self.stash.start()
        self.plex.start()
        files = [path.replace("/data", "/media", 1) for row in self.scenes() for path in row["files"]]
        self.told(self.plex, "items", section="1", files=files)
        self.env.write_text(
            f"S2P_STASH_URL={self.stash.url}\nS2P_STASH_POLL=0.5\nS2P_STASH_IDLE=0.5\n"
            f"S2P_PLEX_URL={self.plex.url}\nS2P_PLEX_TOKEN=T\n"
            f"S2P_PATHS='/data=>/media'\nS2P_PROVIDER_PORT={self.ports[1]}\n"
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stash.stop()
        self.plex.stop()

    @property
    def arguments(self) -> list[str]:
        """What ./run up is started with."""
        return ["--env", str(self.env), "--data", str(self.folder / "data"), "--port", str(self.ports[0])]

    def scenes(self) -> list[dict[str, Any]]:
        """Return what Stash has."""
        return list(httpx.get(f"{self.stash.url}/control/scenes", trust_env=False).json())

    def told(self, server: Server, verb: str, **given: object) -> None:
        """Do something on one of the servers."""
        httpx.post(f"{server.url}/control/{verb}", json=given, trust_env=False).raise_for_status()

    def edit(self, title: str) -> None:
        """Give the first scene a title, and so much that no filter keeps it out."""
        self.told(self.stash, "do", op="scene_update", id=1, fields={"title": title, "details": "Something."})

    def shows(self, title: str) -> bool:
        """Tell whether Plex shows a title."""
        rows = httpx.get(f"{self.plex.url}/control/items", trust_env=False).json()
        return any(row["title"] == title for row in rows)


def wait(process: Process, condition: Any, what: str, *, seconds: float = 30.0) -> None:
    """Wait for a condition; fail with what the process printed."""
    try:
        wait_until(lambda: condition() or not process.alive, what, seconds=seconds)
    except TimeoutError as error:
        raise AssertionError(f"{error}\n{printed(process)}") from error
    assert condition(), f"{what}\n{printed(process)}"


def test_without_settings_every_missing_one_is_named(tmp_path: Path) -> None:
    with running("tools.up", "--env", str(tmp_path / ".env"), "--data", str(tmp_path / "data"), folder=tmp_path) as up:
        assert up.wait() == 2
        said = printed(up)
    for name in ("S2P_STASH_URL", "S2P_PLEX_URL", "S2P_PLEX_TOKEN", "cp .env.example .env"):
        assert name in said
    assert not (tmp_path / "data").exists()


@pytest.mark.story
def test_an_edit_arrives_a_dead_service_comes_back_and_sigterm_ends_all(tmp_path: Path) -> None:
    with Servers(tmp_path) as servers, running("tools.up", *servers.arguments, folder=tmp_path / "up") as up:
        servers.edit("Before")
        wait(up, lambda: servers.shows("Before"), "the first load to arrive")
        passwords = tmp_path / "data" / "broker" / "passwords"
        assert (passwords / "writer").stat().st_mode & 0o077 == 0

        writer = next(pid for pid, args in children(up.pid).items() if "plex_writer" in args)
        os.kill(writer, signal.SIGKILL)
        wait(up, lambda: "plex_writer ended (exit status -9); starting it again in 1 s" in printed(up), "the end told")
        servers.edit("After")
        wait(up, lambda: servers.shows("After"), "the edit to arrive")

        started = children(up.pid)
        assert len(started) == 4
        began = time.monotonic()
        assert up.stop() == 0
        assert time.monotonic() - began < 10
        assert not any(alive(pid) for pid in started)
        assert not any(listens(port) for port in servers.ports)


@pytest.mark.story
def test_a_second_one_with_the_same_data_is_refused(tmp_path: Path) -> None:
    with Servers(tmp_path) as servers, running("tools.up", *servers.arguments, folder=tmp_path / "up") as up:
        wait(up, lambda: "mosquitto listens" in printed(up), "the broker to start")
        with running("tools.up", *servers.arguments, folder=tmp_path / "again") as again:
            assert again.wait() == 2
            assert "in use by another ./run up" in printed(again)
        assert up.alive


@pytest.mark.story
def test_a_broker_that_is_named_is_used(tmp_path: Path, broker: Broker) -> None:
    with Servers(tmp_path) as servers:
        servers.env.write_text(f"{servers.env.read_text()}S2P_MQTT_URL={broker.url}\n")
        servers.edit("On a broker of my own")
        with running("tools.up", *servers.arguments, folder=tmp_path / "up") as up:
            wait(up, lambda: servers.shows("On a broker of my own"), "the first load to arrive")
            assert len(children(up.pid)) == 3
    assert not (tmp_path / "data").exists()


def test_one_that_cannot_run_ends_the_watch(tmp_path: Path) -> None:
    with (
        Process("misconfigured", ["sh", "-c", "exit 2"], tmp_path) as misconfigured,
        Process("well", ["sleep", "60"], tmp_path) as well,
    ):
        assert watch([well, misconfigured], threading.Event()) == 2
        assert well.alive


def test_one_that_ends_is_started_again(tmp_path: Path) -> None:
    log = tmp_path / "short.log"
    stop = threading.Event()
    with Process("short", ["sh", "-c", "echo started"], tmp_path) as short:
        watching = threading.Thread(target=watch, args=([short], stop))
        watching.start()
        wait_until(lambda: log.read_text().count("started") == 2, "a second start")
        stop.set()
        watching.join()
