"""What s2p says and how it ends when there is no broker, no admission and no answer."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.mosquitto.client import GuardedBroker
from tests.s2p.calling import account, s2p
from tools.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedBroker]:
    with GuardedBroker(tmp_path_factory.mktemp("guarded")) as running:
        yield running


@contextmanager
def silent_server() -> Iterator[int]:
    """Something that listens, takes connections, and never says a word."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_where_no_broker_is_the_address_and_the_setting_are_named() -> None:
    port = free_port()
    called = s2p("status", S2P_MQTT_URL=f"mqtt://127.0.0.1:{port}")
    assert called.status == 3
    assert f"127.0.0.1:{port}" in called.err
    assert "S2P_MQTT_URL" in called.err


def test_a_name_that_nobody_knows_is_no_broker() -> None:
    called = s2p("status", "--broker", "mqtt://nowhere.invalid")
    assert called.status == 3
    assert "No broker at nowhere.invalid:1883" in called.err


def test_what_listens_and_is_no_broker_is_told_apart() -> None:
    with silent_server() as port:
        called = s2p("status", "--broker", f"mqtt://127.0.0.1:{port}")
    assert called.status == 3
    assert "does not answer as an MQTT broker does" in called.err


@pytest.mark.parametrize("address", ["mqtt://127.0.0.1:{}", "mqtt://operator:guess-of-mine@127.0.0.1:{}"])
def test_a_refused_login_names_the_settings_and_not_the_password(guarded: GuardedBroker, address: str) -> None:
    called = s2p("status", "--broker", address.format(guarded.port))
    assert called.status == 3
    assert "refuses" in called.err
    assert "S2P_MQTT_PASSWORD_FILE" in called.err
    assert "guess-of-mine" not in called.err + called.out


def test_a_wrong_setting_is_told_as_such() -> None:
    called = s2p("status", S2P_MQTT_URL="http://127.0.0.1")
    assert called.status == 2
    assert "S2P_MQTT_URL" in called.err


def test_a_service_that_was_never_there_is_named(guarded: GuardedBroker) -> None:
    called = s2p("reconcile", **account(guarded, "operator"))
    assert called.status == 4
    assert "No plex_writer has ever been on the broker" in called.err


def state(guarded: GuardedBroker, condition: str) -> None:
    payload = json.dumps({"state": condition, "instance": "gone", "since": "2026-01-01T00:00:00Z"})
    with guarded.client("writer") as writer:
        assert writer.publish("stash2plex/plex/attic/state", payload, retain=True)


def test_a_service_that_is_offline_is_not_waited_for(guarded: GuardedBroker) -> None:
    state(guarded, "offline")
    called = s2p("reconcile", "--name", "attic", **account(guarded, "operator"))
    assert called.status == 4
    assert "plex_writer is offline" in called.err


def test_a_service_that_does_not_answer_is_told_from_a_request_that_was_not_allowed(guarded: GuardedBroker) -> None:
    """The broker drops a denied publication without a word that aiomqtt would pass on."""
    state(guarded, "online")
    hanging = s2p("pause", "--name", "attic", "--timeout", "2", **account(guarded, "operator"))
    denied = s2p("pause", "--name", "attic", "--timeout", "2", **account(guarded, "reader"))
    assert (hanging.status, denied.status) == (4, 4)
    assert "is online and did not answer pause within 2 s" in hanging.err
    assert "reader may not write stash2plex/request/plex/attic/pause" in denied.err


def test_a_failure_is_json_too_where_json_is_wanted(guarded: GuardedBroker) -> None:
    called = s2p("reconcile", "--json", **account(guarded, "operator"))
    assert called.status == called.json["status"] == 4
    assert called.json["error"].startswith("No plex_writer")
    assert called.err == ""


@pytest.mark.parametrize("call", [["plan"], ["plan", "3", "--all"], ["explode"], ["gaps", "everything"], []])
def test_a_call_that_makes_no_sense_ends_with_2(call: list[str]) -> None:
    assert s2p(*call).status == 2


def test_help_has_every_command_and_each_command_examples() -> None:
    overview = s2p("--help").out
    for name in ("status", "watch", "explain", "plan", "start", "retry", "sweep", "gaps", "pin", "doctor", "restore"):
        assert f"\n    {name} " in overview
    assert "s2p explain plex:4711" in s2p("explain", "--help").out
