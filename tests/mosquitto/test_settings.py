"""The broker's settings: one template for Mosquitto 2.0 and 2.1, and what they do on the one installed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mosquitto.client import GuardedBroker
from tools.processes import ROOT, prepare_broker, wait_until

if TYPE_CHECKING:
    from pathlib import Path


def rendered(folder: Path) -> list[str]:
    prepare_broker(folder / "config", folder / "data", 1883, anonymous=False)
    lines = (folder / "config" / "mosquitto.conf").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the only place to look for the plugins of 2.1."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    monkeypatch.setenv("BROKER_PLUGINS", str(folder))
    return folder


def test_with_its_plugins_there_the_settings_are_those_of_2_1(tmp_path: Path, plugins: Path) -> None:
    """SQLite with an immediate flush; `persistence true` beside it would be refused."""
    (plugins / "mosquitto_persist_sqlite.so").touch()
    lines = rendered(tmp_path)
    position = lines.index(f"plugin {plugins}/mosquitto_persist_sqlite.so")
    assert lines[position : position + 3] == [
        f"plugin {plugins}/mosquitto_persist_sqlite.so",
        "plugin_opt_flush_period 0",
        "plugin_opt_sync normal",
    ]
    assert not any(line.startswith(("persistence ", "autosave", "password_file", "acl_file")) for line in lines)


def test_without_plugins_the_settings_are_those_of_2_0(tmp_path: Path, plugins: Path) -> None:
    """The built-in database, saved every minute."""
    assert not any(plugins.iterdir())
    lines = rendered(tmp_path)
    assert {"persistence true", "autosave_interval 60"} <= set(lines)
    assert not any(line.startswith("plugin") for line in lines)


@pytest.mark.parametrize("present", [True, False])
def test_nothing_of_the_template_is_left_over(tmp_path: Path, plugins: Path, *, present: bool) -> None:
    """No marks, no placeholders, and no trailing comments, which the broker would take as part of the value."""
    if present:
        (plugins / "mosquitto_persist_sqlite.so").touch()
    for line in [*rendered(tmp_path), *(tmp_path / "config" / "acl").read_text().splitlines()]:
        assert "@" not in line
        assert not line.startswith("[")
        assert line.startswith(("#", "topic ")) or " #" not in line


def test_the_template_raises_every_limit_that_loses_messages_in_silence() -> None:
    """0 means no limit, but some releases drop everything then, so it is a large number."""
    lines = (ROOT / "mosquitto" / "mosquitto.conf.template").read_text().splitlines()
    limits = dict(line.split(" ", 1) for line in lines if line.startswith("max_queued"))
    assert int(limits["max_queued_messages"]) >= 1_000_000
    assert int(limits["max_queued_bytes"]) >= 1_000_000_000


def test_a_new_subscriber_is_sent_the_whole_table(tmp_path: Path) -> None:
    """With Mosquitto's own limits it would get about 1,000 of these, without a word."""
    with GuardedBroker(tmp_path) as broker, broker.client("watcher") as watcher, broker.client("reader") as reader:
        for number in range(1, 3_001):
            assert watcher.publish(f"stash2plex/stash/scene/{number}", retain=True)
        reader.subscribe("stash2plex/stash/scene/+")
        wait_until(lambda: len(reader.received) == 3_000, "all retained messages")


def test_what_was_acknowledged_outlives_a_restart(tmp_path: Path) -> None:
    """SIGTERM saves, and the passwords are still those that the services were given."""
    broker = GuardedBroker(tmp_path)
    with broker, broker.client("watcher") as watcher:
        assert watcher.publish("stash2plex/stash/scene/17", "kept", retain=True)
    with broker, broker.client("reader") as reader:
        reader.subscribe("stash2plex/stash/#")
        wait_until(lambda: reader.received == [("stash2plex/stash/scene/17", "kept")], "the retained message")
