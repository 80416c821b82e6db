"""The script that prepares the broker: what it writes, what it refuses, and what it never shows."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from tools.processes import ROOT, program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Prepare = Callable[..., subprocess.CompletedProcess[str]]

USERS: Final = {"watcher", "writer", "provider", "operator", "reader", "health"}
SHELLS: Final = [["sh"], *([["busybox", "sh"]] if shutil.which("busybox") else [])]
TOOLS: Final = ("sed", "tr", "od", "cat", "chmod", "chown", "mkdir", "mv", "id", "dirname", "mosquitto_passwd")


@pytest.fixture(params=SHELLS, ids=" ".join)
def prepare(request: pytest.FixtureRequest, tmp_path: Path) -> Prepare:
    """Run the script in each shell there is; the container's is busybox's."""

    def run(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "BROKER_CONFIG": str(tmp_path / "config"),
            "BROKER_DATA": str(tmp_path / "data"),
            "BROKER_PASSWORDS": str(tmp_path / "passwords"),
            **settings,
        }
        script = [*request.param, str(ROOT / "mosquitto" / "entrypoint.sh"), *command]
        return subprocess.run(script, env=env, capture_output=True, text=True, check=False)

    return run


def passwords(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "passwords").iterdir()}


def settings(folder: Path) -> list[str]:
    lines = (folder / "config" / "mosquitto.conf").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_user_gets_a_password_of_its_own_and_keeps_it(prepare: Prepare, tmp_path: Path) -> None:
    """Nobody has to invent one, and a restart of the broker does not lock the services out."""
    assert prepare().returncode == 0
    first = passwords(tmp_path)
    assert prepare().returncode == 0
    assert passwords(tmp_path) == first
    assert set(first) == USERS
    assert len(set(first.values())) == len(USERS)
    assert all(len(password) == 48 for password in first.values())


def test_the_broker_gets_hashes_only(prepare: Prepare, tmp_path: Path) -> None:
    """The password file names every user, and holds no password as it is."""
    prepare()
    text = (tmp_path / "config" / "passwd").read_text()
    assert {line.partition(":")[0] for line in text.splitlines()} == USERS
    assert not any(password in text for password in passwords(tmp_path).values())


def test_passwords_are_readable_by_their_owner_alone(prepare: Prepare, tmp_path: Path) -> None:
    """The files of one user are closed to all others, also where they share the folder."""
    prepare()
    for path in [*(tmp_path / "passwords").iterdir(), *(tmp_path / "config").iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands files to others, as it does in the container")
def test_root_hands_each_service_its_password(prepare: Prepare, tmp_path: Path) -> None:
    """A service's account can open its own password; one without an account of its own stays with root."""
    assert prepare(BROKER_OWNERS="watcher=10001 writer=10002").returncode == 0
    owners = {path.name: path.stat().st_uid for path in (tmp_path / "passwords").iterdir()}
    assert (owners["watcher"], owners["writer"], owners["reader"]) == (10001, 10002, 0)


def test_a_given_password_wins(prepare: Prepare, tmp_path: Path) -> None:
    """It comes from a variable or a file, and replaces the one that was made."""
    prepare()
    (tmp_path / "secret").write_text("from-a-file\n")
    given = prepare(BROKER_READER_PASSWORD="chosen", BROKER_OPERATOR_PASSWORD_FILE=str(tmp_path / "secret"))
    assert given.returncode == 0
    assert passwords(tmp_path)["reader"] == "chosen"
    assert passwords(tmp_path)["operator"] == "from-a-file"


@pytest.mark.parametrize("password", ["two words", "colon:inside", "ümlaut", "new\nline", "tab\t"])
def test_a_password_that_the_broker_would_cut_is_refused(prepare: Prepare, password: str) -> None:
    """Mosquitto takes a password up to the colon and trims it, so another one would be let in; 2.0.11 and 2.1.2 do."""
    refused = prepare(BROKER_READER_PASSWORD=password)
    assert refused.returncode == 2
    assert "the password of reader" in refused.stderr
    assert password not in refused.stderr


def test_a_missing_password_file_is_named(prepare: Prepare) -> None:
    """The message has the file and the variable."""
    refused = prepare(BROKER_READER_PASSWORD_FILE="/nowhere/reader")
    assert refused.returncode == 2
    assert "/nowhere/reader" in refused.stderr
    assert "BROKER_READER_PASSWORD_FILE" in refused.stderr


def test_no_command_line_shows_a_password(prepare: Prepare, tmp_path: Path) -> None:
    """Every program that the script starts is recorded with its arguments."""
    shims, record = tmp_path / "shims", tmp_path / "record"
    shims.mkdir()
    for tool in TOOLS:
        shim = shims / tool
        shim.write_text(f'#!/bin/sh\nprintf "%s\\n" "{tool} $*" >>"{record}"\nexec "{program(tool)}" "$@"\n')
        shim.chmod(0o755)
    assert prepare(PATH=f"{shims}:{os.environ['PATH']}", BROKER_READER_PASSWORD="chosen-by-me").returncode == 0
    lines = record.read_text()
    assert "mosquitto_passwd -U" in lines
    assert not any(password in lines for password in passwords(tmp_path).values())


def test_the_broker_inherits_no_password(prepare: Prepare) -> None:
    """What the script becomes does not have the given passwords in its environment."""
    shown = prepare("env", BROKER_READER_PASSWORD="chosen")
    assert "S2P_MQTT_BASE" not in shown.stdout
    assert "BROKER_CONFIG=" in shown.stdout
    assert "chosen" not in shown.stdout


def test_it_becomes_the_command(prepare: Prepare) -> None:
    """The broker replaces the script, so signals reach it, and its exit status is the container's."""
    assert prepare("sh", "-c", "exit 7").returncode == 7


@pytest.mark.parametrize("base", ["/x", "x/", "a//b", "a+b", "x#", "a b", "a\nuser root"])
def test_a_base_that_is_no_topic_is_refused(prepare: Prepare, base: str) -> None:
    """It would change what the access rules mean."""
    assert prepare(S2P_MQTT_BASE=base).returncode == 2


def test_without_accounts_it_serves_loopback_only(prepare: Prepare, tmp_path: Path) -> None:
    """Anonymous access is for demos and tests; on any other address it is refused."""
    assert prepare(BROKER_ANONYMOUS="true", BROKER_LISTENER="1883").returncode == 2
    assert prepare(BROKER_ANONYMOUS="true", BROKER_LISTENER="1883 127.0.0.1").returncode == 0
    lines = settings(tmp_path)
    assert "allow_anonymous true" in lines
    assert not any(line.startswith(("acl_file", "password_file", "plugin_opt_acl_file")) for line in lines)


def test_folders_may_have_any_name(prepare: Prepare, tmp_path: Path) -> None:
    """Blanks, and what sed takes for its own, come through."""
    odd = tmp_path / r"a b & c|\1"
    assert prepare(BROKER_DATA=str(odd)).returncode == 0
    assert f"persistence_location {odd}/" in settings(tmp_path)
