"""`./run up`: the three services for the user's own Stash and Plex, on one machine and without Docker.

Settings come from `.env` and the environment, as with docker compose. Unless they name a broker, a private Mosquitto
with accounts runs beside the services; its data is all that there is to keep.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dotenv import dotenv_values

from common.config.sources import read
from common.errors import Misconfigured
from common.settings import load
from tools.processes import (
    ROOT,
    NotStarted,
    Process,
    free_port,
    listens,
    prepare_broker,
    program,
    service,
    stop_all,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from common.settings import Service

Settings = dict[str, str]

KINDS: Final[Mapping[str, Service]] = {
    "stash_watcher": "watcher",
    "plex_writer": "writer",
    "provider": "provider",
}
SECRETS: Final = {
    "stash_watcher": ("S2P_STASH_API_KEY",),
    "plex_writer": ("S2P_PLEX_TOKEN",),
    "provider": ("S2P_STASH_API_KEY", "S2P_HOOK_SECRET"),
}
ADDRESSES: Final = ("S2P_STASH_URL", "S2P_PLEX_URL", "S2P_MQTT_URL")
# what a container calls the machine that it runs on, which is where we are
THIS_MACHINE: Final = "host.docker.internal"
MQTT_PORT: Final = 1883
LONGEST_PAUSE: Final = 60.0
LOOK_EVERY: Final = 0.2


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser("./run up", description="Run the three services for your own Stash and Plex.")
    parser.add_argument("--env", type=Path, default=ROOT / ".env", help="file with settings (default: .env)")
    parser.add_argument("--data", type=Path, default=ROOT / "data", help="folder of the broker's data (default: data)")
    parser.add_argument("--port", type=int, help="port of the broker (default: 1883, or the next free one)")
    return parser.parse_args(arguments)


def settings_from(written: Mapping[str, str | None], environ: Mapping[str, str], *, resolves: bool) -> Settings:
    """Return all settings, the environment before the file; `resolves` tells whether THIS_MACHINE is a name here."""
    known = {name: text for name, text in written.items() if text is not None}
    settings = {name: text for name, text in (known | dict(environ)).items() if name.startswith(("S2P_", "BROKER_"))}
    for name in () if resolves else ADDRESSES:
        if name in settings:
            settings[name] = settings[name].replace(THIS_MACHINE, "127.0.0.1")
    return {**settings, "S2P_IN_CONTAINER": "false"}


def mistakes(settings: Mapping[str, str]) -> list[str]:
    """Return every mistake that any of the services would end for, each once."""
    found: dict[str, None] = {}
    for kind in KINDS.values():
        try:
            load(kind, settings)
        except Misconfigured as error:
            found |= dict.fromkeys(error.problems)
    return list(found)


def settings_of(name: str, settings: Mapping[str, str]) -> Settings:
    """Return what one service gets: its own settings, without those of the broker and the secrets of the others."""
    secrets = {secret for each in SECRETS.values() for secret in each} - set(SECRETS[name])
    return {
        key: text
        for key, text in settings.items()
        if key.startswith("S2P_") and key.removesuffix("_FILE") not in secrets
    }


def pause(failures: int) -> float:
    """Return the seconds to wait before a start after so many failures in a row: 1, 2, 4 … 60."""
    return min(LONGEST_PAUSE, 2.0 ** (failures - 1))


def say(text: str) -> None:
    """Tell the person at the terminal something, on the channel of the services' logs."""
    sys.stderr.write(f"up: {text}\n")
    sys.stderr.flush()


@dataclass(slots=True)
class Watched:
    """One process that is started again when it ends; `due` is the monotonic time of its next start."""

    process: Process
    started: float = 0.0
    failures: int = 0
    due: float | None = None

    def look(self, now: float) -> int | None:
        """Start it when that is due; return its exit status once after each end."""
        if self.due is not None and now >= self.due:
            self.due, self.started = None, now
            self.process.start()
        if self.due is not None or self.process.alive:
            return None
        self.failures = 1 if now - self.started > LONGEST_PAUSE else self.failures + 1
        self.due = now + pause(self.failures)
        return self.process.exit_status


class Broker:
    """The private Mosquitto on the loopback interface, with an account for each service."""

    def __init__(self, folder: Path, lock: int, *, base: str, port: int | None) -> None:
        self.folder = folder
        usual = (port for port in range(MQTT_PORT, MQTT_PORT + 10) if not listens(port))
        self.port = port or next(usual, 0) or free_port()
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

    def settings(self, user: str) -> Settings:
        """Return how a service reaches it."""
        return {
            "S2P_MQTT_URL": f"mqtt://{user}@127.0.0.1:{self.port}",
            "S2P_MQTT_PASSWORD_FILE": str(self.folder / "passwords" / user),
        }


def watch(watched: Sequence[Watched], stop: threading.Event) -> int:
    """Keep everything running until told to stop; return the exit status.

    A service that ends with 2 has settings to mend or a double to stop first; starting it again would not help.
    """
    while not stop.wait(LOOK_EVERY):
        for each in watched:
            status = each.look(time.monotonic())
            if status == 2:
                say(f"{each.process.name} cannot run, and says why above; stopping everything")
                return 2
            if status is not None:
                again = f"starting it again in {pause(each.failures):.0f} s"
                say(f"{each.process.name} ended (exit status {status}); {again}")
    return 0


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[int]:
    """Hold the lock of a data folder and yield its descriptor; raises BlockingIOError when another holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield lock
    finally:
        os.close(lock)


def run(settings: Settings, data: Path, port: int | None, stop: threading.Event) -> int:
    """Run services, and a broker unless the settings name one, until `stop`; return the exit status."""
    with contextlib.ExitStack() as stack:
        brokers: list[Broker] = []
        if read(settings).value(("mqtt", "url")) is None:
            lock = stack.enter_context(claimed(data / "broker"))
            brokers.append(Broker(data / "broker", lock, base=load("tool", settings).mqtt.base, port=port))
        services = [
            service(
                name,
                data,
                {**settings_of(name, settings), **(brokers[0].settings(kind) if brokers else {})},
                to_terminal=True,
            )
            for name, kind in KINDS.items()
        ]
        stack.callback(stop_all, [broker.process for broker in brokers])
        stack.callback(stop_all, services)
        for broker in brokers:
            broker.start(settings)
        for each in services:
            each.start()
        started = time.monotonic()
        return watch([Watched(each, started) for each in (*(b.process for b in brokers), *services)], stop)


def main() -> int:
    """Run until Ctrl-C or SIGTERM; 0 then, 2 for settings or a second one of us, 1 when the broker does not start."""
    options = parse()
    settings = settings_from(dotenv_values(options.env, interpolate=False), os.environ, resolves=_resolves())
    problems = mistakes(settings)
    if problems:
        _explain(problems, options.env)
        return 2
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        return run(settings, options.data.resolve(), options.port, stop)
    except BlockingIOError:
        say(
            f"{options.data} is in use by another ./run up, or by a broker that a killed one left. Stop it first: it is"
        )
        say(f"the process that pgrep -f {options.data / 'broker' / 'mosquitto.conf'} finds.")
        return 2
    except (NotStarted, TimeoutError) as error:
        say(str(error))
        return 1
    finally:
        say("stopped")


def _explain(problems: Sequence[str], env: Path) -> None:
    for problem in problems:
        say(problem)
    if not env.exists():
        say("There is no .env yet. Make one: cp .env.example .env, fill in the first settings, then ./run up again.")


def _resolves() -> bool:
    try:
        socket.getaddrinfo(THIS_MACHINE, None)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
