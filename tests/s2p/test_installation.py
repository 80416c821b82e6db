"""s2p against a running installation: it looks, it asks, it saves and puts back."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.s2p.calling import Called, s2p
from tests.stories.world import World
from tools.processes import ROOT, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.story
SERVICES = ("stash_watcher", "plex_writer", "provider")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World(tmp_path_factory.mktemp("installation")) as running:
        running.scan_all()
        running.start(*SERVICES)
        running.settle()
        yield running


def call(world: World, *arguments: str) -> Called:
    return s2p(*arguments, S2P_MQTT_URL=world.broker.url)


def until(world: World, *arguments: str, status: int) -> Called:
    """Call until it ends so."""
    last: list[Called] = []

    def ends() -> bool:
        last[:] = [call(world, *arguments)]
        return last[0].status == status

    wait_until(ends, f"s2p {' '.join(arguments)} to end with {status}", seconds=60)
    return last[0]


def test_status_is_one_screen_and_0_while_all_is_well(world: World) -> None:
    screen = until(world, "status", status=0).out
    for word in ("reachable", "Simulated Plex", "pending 0", "synced", "images due", "last sync", "scenes/s", "ready"):
        assert word in screen
    assert "All is well." in screen
    assert "\x1b" not in screen
    assert len(screen.splitlines()) < 24


def test_status_has_the_same_as_json(world: World) -> None:
    wait_until(lambda: call(world, "status", "--json").json["problems"] == [], "the provider to have the whole table")
    told = call(world, "status", "--json").json
    assert told["stash"]["state"]["stash"] == "reachable"
    assert told["plex"]["plex"]["stats"]["pending"] == 0
    assert told["plex"]["plex"]["info"]["outcomes"] == len(world.scenes())


@pytest.mark.parametrize(
    "command",
    [
        ["reconcile"],
        ["reconcile", "--confirm"],
        ["resync"],
        ["resync", "3"],
        ["resync", "3", "--stash"],
        ["resync", "--stash"],
        ["sweep"],
    ],
)
def test_a_request_is_answered_and_ends_with_0(world: World, command: list[str]) -> None:
    called = call(world, *command)
    assert called.status == 0, called
    assert called.out.startswith(f"{command[0] if '3' not in command or '--stash' not in command else 'refresh'}: ")


def test_a_request_that_the_owner_refuses_ends_with_1_and_its_reason(world: World) -> None:
    called = call(world, "resync", "--stash", "0")
    assert called.status == 1
    assert "ids of scenes" in called.err


def test_watch_tells_an_edit_and_what_became_of_it(world: World) -> None:
    env = {**os.environ, "S2P_MQTT_URL": world.broker.url, "S2P_IN_CONTAINER": "false"}
    command = [sys.executable, "-m", "tools.s2p", "watch", "--json", "--env", os.devnull]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watch:
        assert watch.stdout is not None
        assert watch.stderr is not None
        assert watch.stderr.readline() == "Watching.\n"
        world.settle()
        world.edit(5, title="Seen on the way")
        seen: list[dict[str, Any]] = []
        while not any(each["event"] == "synced" and each["payload"]["id"] == 5 for each in seen):
            line = watch.stdout.readline()
            assert line, "watch ended before the edit was written"
            seen.append(json.loads(line))
        watch.send_signal(signal.SIGINT)
        assert watch.wait(30) == 0
    assert any(each["event"] == "changed" and each["text"].startswith("Seen on the way") for each in seen)


def test_what_would_be_written_is_told_before_it_is(world: World) -> None:
    """Paused, an edit is a difference that plan and explain show; resumed, there is none."""
    world.settle()
    assert call(world, "pause").status == 0
    try:
        world.edit(6, title="Told beforehand", details="So that no filter keeps it out.")
        wait_until(lambda: world.ear.json("stash/scene/6").get("title") == "Told beforehand", "the edit to be retained")
        planned = call(world, "plan", "6")
        assert "+ Told beforehand" in planned.out
        explained = call(world, "explain", "6").out
        assert "wanted Told beforehand" in explained
        assert world.mapped(world.scenes()[5]["files"][0]) in explained
        assert "paused" in call(world, "status").out
        assert not any(item["title"] == "Told beforehand" for item in world.items().values())
    finally:
        assert call(world, "resume").status == 0
    world.settle()
    assert "as it should be" in call(world, "plan", "6").out
    documents = [json.loads(line) for line in call(world, "plan", "--all", "--json").out.splitlines()]
    assert len(documents) == len(world.scenes())


def test_gaps_pins_and_paths_are_answered_by_the_services_themselves(world: World) -> None:
    world.settle()
    gaps = call(world, "gaps", "--json").json
    assert set(gaps["counts"]) == set(gaps["rows"])
    file = world.scenes()[6]["files"][0]
    assert call(world, "explain", file, "--json").json["scene"] == 7
    key = next(item["ratingKey"] for path, item in world.items().items() if path == world.mapped(file))
    assert call(world, "explain", f"plex:{key}", "--json").json["scene"] == 7
    assert call(world, "pin", "7", str(key)).status == 0
    assert call(world, "unpin", "7").status == 0
    assert call(world, "retry").status == 0


def test_status_names_what_needs_somebody_and_ends_with_1(world: World) -> None:
    world.services["provider"].stop()
    try:
        called = until(world, "status", status=1)
        assert "provider is offline" in called.out
    finally:
        world.start("provider")


def test_what_was_written_outlives_a_broker_that_lost_everything(world: World, tmp_path: Path) -> None:
    """A person's tag stays theirs and ours stay ours, which no one could tell without the backup."""
    world.settle()
    file = tmp_path / "plex.jsonl"
    saved = until(world, "backup", str(file), status=0)
    assert f"{len(world.scenes())} outcomes" in saved.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = world.outcome(5)["items"]
    world.services["plex_writer"].stop()
    world.services["stash_watcher"].stop()
    world.broker.stop()
    world.broker.wipe()
    world.broker.start()
    restored = call(world, "restore", str(file))
    assert restored.status == 0, restored
    writes = len(world.writes())
    world.start("stash_watcher", "plex_writer")
    wait_until(lambda: world.outcome(5).get("state") == "synced" and world.stats("pending") == 0, "all to be compared")
    assert {key: item["wrote"] for key, item in world.outcome(5)["items"].items()} == {
        key: item["wrote"] for key, item in before.items()
    }
    assert len(world.writes()) == writes


def test_a_backup_is_not_put_over_a_running_writer_nor_over_newer_outcomes(world: World, tmp_path: Path) -> None:
    file = tmp_path / "plex.jsonl"
    until(world, "backup", str(file), status=0)
    assert "plex_writer for plex is online" in call(world, "restore", str(file)).err
    world.services["plex_writer"].stop()
    try:
        refused = call(world, "restore", str(file))
        assert refused.status == 1
        assert "already" in refused.err
        assert call(world, "restore", str(file), "--replace").status == 0
    finally:
        world.start("plex_writer")


@pytest.mark.parametrize(
    "damage",
    [lambda text: text[: len(text) // 2], lambda _: "{}\n", lambda text: text.replace('"scene/3"', '"scene/4"')],
)
def test_a_damaged_backup_is_refused_whole(world: World, tmp_path: Path, damage: Any) -> None:
    file = tmp_path / "plex.jsonl"
    until(world, "backup", str(file), status=0)
    file.write_text(damage(file.read_text()))
    refused = call(world, "restore", str(file), "--name", "attic")
    assert refused.status == 1
    assert str(file) in refused.err
    assert not [topic for topic in world.ear.newest if topic.startswith("stash2plex/plex/attic/")]


def test_a_backup_goes_through_a_pipe(world: World, tmp_path: Path) -> None:
    """As out of a container, which has no folder of the host."""
    file = tmp_path / "plex.jsonl"
    until(world, "backup", str(file), status=0)
    piped = until(world, "backup", "-", status=0)
    assert len(piped.out.splitlines()) == len(file.read_text().splitlines())
    file.write_text(piped.out)
    assert call(world, "restore", str(file), "--name", "cellar").status == 0


def test_a_writer_that_is_gone_for_good_is_forgotten(world: World, tmp_path: Path) -> None:
    file = tmp_path / "plex.jsonl"
    until(world, "backup", str(file), status=0)
    assert call(world, "restore", str(file), "--name", "attic").status == 0
    counted = call(world, "forget", "attic")
    assert "Nothing was removed" in counted.out
    assert world.ear.json("plex/attic/scene/5")
    assert call(world, "forget", "attic", "--confirm").status == 0
    wait_until(lambda: not world.ear.json("plex/attic/scene/5"), "the topics to be cleared")
    assert call(world, "forget", "plex", "--confirm").status == 1
