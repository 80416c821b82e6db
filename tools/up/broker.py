"""The private Mosquitto: on the loopback interface, with an account for each service and a lock on its data."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Final

from tools.processes import NotStarted, Process, free_port, listens, prepare_broker, program, wait_until
from tools.up.watch import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tools.up.settings import Settings

USUAL_PORTS: Final = range(1883, 1893)


class InUse(RuntimeError):
    """Another process works with the same data; the message says how to find it."""


class Broker:
    """One Mosquitto in `folder`; `port` None takes 1883, or the next free one."""

    def __init__(self, folder: Path, lock: int, *, base: str, port: int | None) -> None:
        self.folder = folder
        self.port = port or next((usual for usual in USUAL_PORTS if not listens(usual)), 0) or free_port()
        self._base = base
        command = [program("mosquitto"), "-c", str(folder / "mosquitto.conf")]
        # a broker that outlives us keeps the lock, so that no second one opens the same data
        self.process = Process("mosquitto", command, folder, to_terminal=True, hold=(lock,))

    def start(self, settings: Mapping[str, str]) -> None:
        """Prepare accounts and settings, start it, wait until it takes connections."""
        env = {**os.environ, **settings}
        prepare_broker(self.folder, self.folder / "data", self.port, anonymous=False, base=self._base, env=env)
        self.process.start()
        wait_until(lambda: not self.process.alive or listens(self.port), "mosquitto to listen")
        if not self.process.alive:
            raise NotStarted("mosquitto ended at once; its own words are above")
        say(f"mosquitto listens on 127.0.0.1:{self.port}; its data is in {self.folder}")
        say(f"to look at everything: mosquitto_sub -o {self.folder / 'reader'} -t '{self._base}/#' -v")

    def access(self, user: str) -> Settings:
        """Return how a service reaches it."""
        return {
            "S2P_MQTT_URL": f"mqtt://{user}@127.0.0.1:{self.port}",
            "S2P_MQTT_PASSWORD_FILE": str(self.folder / "passwords" / user),
        }


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[int]:
    """Hold the lock of a broker's folder and yield its descriptor; raises InUse when another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        _lock(lock, folder)
        yield lock
    finally:
        os.close(lock)


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InUse(
            f"{folder} is in use by another ./run up, or by a broker that a killed one left behind. Stop it first: it "
            f"is the process that pgrep -f {folder / 'mosquitto.conf'} finds."
        ) from error
