"""Secrets: from a variable or a file, shown nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common.config.names import all_keys
from tests.common.given import SECRET, given, problem

if TYPE_CHECKING:
    from pathlib import Path

    from common.config.names import Key


@pytest.mark.parametrize("key", [key for key in all_keys().values() if key.secret], ids=lambda key: key.variable)
def test_every_secret_can_come_from_a_file_and_is_never_shown(key: Key, tmp_path: Path) -> None:
    variable = key.variable
    secret = f"mqtt://me:{SECRET}@host" if variable == "S2P_MQTT_URL" else SECRET
    path = tmp_path / "secret"
    path.write_text(secret + "\n", "utf-8")
    user = {"S2P_MQTT_URL": "mqtt://me@host"} if variable == "S2P_MQTT_PASSWORD" else {}
    settings = given(**{f"{variable}_FILE": str(path)}, **user)
    secrets = [
        settings.stash.api_key,
        settings.plex.token,
        settings.mqtt.password,
        settings.provider.hook_secret,
    ]
    assert SECRET in [shown.get_secret_value() for shown in secrets if shown is not None]
    assert SECRET not in repr(settings)


def test_all_secrets_are_known_as_such() -> None:
    assert {key.variable for key in all_keys().values() if key.secret} == {
        "S2P_STASH_API_KEY",
        "S2P_PLEX_TOKEN",
        "S2P_MQTT_URL",
        "S2P_MQTT_PASSWORD",
        "S2P_HOOK_SECRET",
    }


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET, "utf-8")
    found = problem(S2P_PLEX_TOKEN=SECRET, S2P_PLEX_TOKEN_FILE=str(tmp_path / "token"))
    assert found == "S2P_PLEX_TOKEN and S2P_PLEX_TOKEN_FILE are both set. Keep one of the two."


def test_a_secret_file_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    environ = {"S2P_PLEX_URL": "http://plex:32400", "S2P_PLEX_TOKEN_FILE": str(tmp_path / "none")}
    assert problem("writer", **environ) == (
        f"S2P_PLEX_TOKEN_FILE names {tmp_path}/none, which can't be read: No such file or directory. "
        "Mount it, or correct the path."
    )
    (tmp_path / "none").write_text("\n", "utf-8")
    assert "which is empty" in problem("writer", **environ)
    (tmp_path / "none").write_bytes(b"\xff\xfe\x00")
    assert "which is not UTF-8 text" in problem("writer", **environ)
