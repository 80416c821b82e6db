"""Calls s2p as a person or a script does: a process of its own, with nothing but its arguments and environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.processes import ROOT

if TYPE_CHECKING:
    from tests.mosquitto.client import GuardedBroker

PATIENCE = 120.0


class Called(NamedTuple):
    """How a call ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document that it printed."""
        return json.loads(self.out)


def s2p(*arguments: str, **environment: str) -> Called:
    """Run s2p to its end."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("S2P_")}
    env = {**clean, "S2P_IN_CONTAINER": "false", **environment}
    command = [sys.executable, "-m", "tools.s2p", *arguments, "--env", os.devnull]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE)
    return Called(done.returncode, done.stdout, done.stderr)


def account(broker: GuardedBroker, user: str) -> dict[str, str]:
    """Return the environment that reaches a broker as one of its users."""
    return {
        "S2P_MQTT_URL": f"mqtt://{user}@127.0.0.1:{broker.port}",
        "S2P_MQTT_PASSWORD_FILE": str(broker.passwords / user),
    }
