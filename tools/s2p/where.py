"""Which broker a command speaks to: the option, the environment, `.env`, or the broker that `./run up` started."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Final

from dotenv import dotenv_values

from common.config.names import CONFIG, IN_CONTAINER
from common.errors import Misconfigured
from common.settings import load
from tools.processes import ROOT
from tools.s2p.trouble import WRONG_CALL, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from common.settings import Settings

BROKER: Final = "S2P_MQTT_URL"
ACCESS: Final = (BROKER, "S2P_MQTT_PASSWORD", "S2P_MQTT_PASSWORD_FILE")
OURS: Final = (*ACCESS, "S2P_MQTT_BASE", "S2P_PLEX_NAME", CONFIG, IN_CONTAINER)
ACCOUNT: Final = "operator"


def settings(broker: str, env: Path, data: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that a tool needs; raises Trouble with every mistake in them.

    `broker` is an address that wins over everything, or empty. `data` is the folder of `./run up`, whose broker is the
    one where no address is given.
    """
    written = {name: text for name, text in dotenv_values(env, interpolate=False).items() if text}
    given = {name: text for name, text in (written | dict(environ)).items() if name in OURS}
    if broker:
        given = {name: text for name, text in given.items() if name not in ACCESS} | {BROKER: broker}
    elif BROKER not in given and (own := _of_run_up(data / "broker")):
        given |= own
    try:
        return load("tool", given)
    except Misconfigured as error:
        raise Trouble("\n".join(error.problems), WRONG_CALL) from None


def default_env() -> Path:
    """Return where `.env` is, as `./run up` and docker compose take it."""
    return ROOT / ".env"


def default_data() -> Path:
    """Return where `./run up` keeps its broker."""
    return ROOT / "data"


def _of_run_up(folder: Path) -> dict[str, str]:
    """Return how to reach the broker of `./run up`, from the options it leaves for mosquitto_sub."""
    try:
        lines = (folder / ACCOUNT).read_text("utf-8").splitlines()
    except OSError:
        return {}
    options = dict(shlex.split(line)[:2] for line in lines if line.startswith("-"))
    if "-p" not in options:
        return {}
    return {
        BROKER: f"mqtt://{ACCOUNT}@{options.get('-h', '127.0.0.1')}:{options['-p']}",
        "S2P_MQTT_PASSWORD_FILE": str(folder / "passwords" / ACCOUNT),
        # that broker is on this machine, so its loopback address is right even where this machine is a container
        IN_CONTAINER: "false",
    }
