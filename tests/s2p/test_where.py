"""Which broker s2p speaks to, and in which order the places for it are looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.s2p.trouble import Trouble
from tools.s2p.where import settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """What ./run up leaves for people and tools."""
    folder = tmp_path / "data" / "broker" / "passwords"
    folder.mkdir(parents=True)
    (folder / "operator").write_text("made")
    (folder.parent / "operator").write_text("-h 127.0.0.1\n-p 1885\n-u operator\n-P made\n")
    return tmp_path / "data"


def found(broker: str, env: Path, data: Path, **environ: str) -> tuple[str, int, str, str | None]:
    mqtt = settings(broker, env, data, environ).mqtt
    return mqtt.host, mqtt.port, mqtt.user, mqtt.password.get_secret_value() if mqtt.password else None


def test_without_a_word_it_is_the_broker_of_run_up(tmp_path: Path, data: Path) -> None:
    """Also in a container, in which a loopback address is refused otherwise."""
    env = tmp_path / ".env"
    assert found("", env, data, S2P_IN_CONTAINER="true") == ("127.0.0.1", 1885, "operator", "made")
    env.write_text("S2P_MQTT_URL=mqtt://me:word@broker.lan\nS2P_STASH_URL=not looked at\n")
    assert found("", env, data) == ("broker.lan", 1883, "me", "word")
    assert found("", env, data, S2P_MQTT_URL="mqtt://other.lan:1") == ("other.lan", 1, "", None)
    assert found("mqtt://last.lan", env, data, S2P_MQTT_URL="mqtt://other.lan:1") == ("last.lan", 1883, "", None)


def test_without_any_it_is_the_usual_one(tmp_path: Path) -> None:
    assert found("", tmp_path / ".env", tmp_path, S2P_IN_CONTAINER="false")[:2] == ("localhost", 1883)


def test_a_mistake_is_named(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="S2P_MQTT_URL"):
        settings("ftp://x", tmp_path / ".env", tmp_path, {})
