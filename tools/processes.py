"""A broker, simulators and services as processes of their own, for the demo, the launcher, tests and benchmarks.

Every process is ended by its own pid, writes to a log file of its own, and dies with the folder it lives in.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0


class NotStarted(RuntimeError):
    """A process did not come up; the message has the end of its log."""


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> None:
    """Poll until `condition` is true, or raise TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Tell whether something accepts connections on this port of the loopback interface."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Process:
    """One child process; `log` collects what it prints on both channels, standard output first where it announces.

    With `to_terminal` it prints where we do and there is no log. `hold` are descriptors that it keeps open, such as a
    lock's.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        env: Mapping[str, str] | None = None,
        *,
        own_group: bool = True,
        to_terminal: bool = False,
        hold: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._env = env
        self._own_group = own_group
        self._to_terminal = to_terminal
        self._hold = hold
        self._popen: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        if not self.alive:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        if self._popen is None:
            raise NotStarted(f"{self.name} was never started")
        return self._popen.pid

    @property
    def exit_status(self) -> int | None:
        """Its exit status once it has ended; negative for the signal that ended it."""
        return self._popen.poll() if self._popen else None

    def start(self) -> None:
        """Start it, or start it again."""
        with contextlib.nullcontext() if self._to_terminal else self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._env,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=self._own_group,
                pass_fds=self._hold,
            )

    def stop(self, *, seconds: float = 12.0) -> int | None:
        """Ask it to end, insist after `seconds`; return its exit status."""
        if self._popen is None:
            return None
        if self.alive:
            self.terminate()
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self._popen.kill()
        return self._popen.wait()

    def terminate(self) -> None:
        """Ask it to end, and do not wait."""
        if self._popen is not None:
            self._popen.terminate()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._popen is not None and self.alive:
            self._popen.send_signal(signal.SIGKILL)
            self._popen.wait()

    def wait(self, *, seconds: float = PATIENCE) -> int:
        """Wait until it ends by itself; return its exit status."""
        if self._popen is None:
            raise NotStarted(f"{self.name} was never started")
        return self._popen.wait(seconds)

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def stop_all(processes: Iterable[Process], *, seconds: float = 9.0) -> None:
    """Ask all of them to end at once, and insist on it `seconds` later."""
    running = list(processes)
    for process in running:
        process.terminate()
    deadline = time.monotonic() + seconds
    for process in running:
        process.stop(seconds=max(0.1, deadline - time.monotonic()))


class Server(Process):
    """A process that prints one line of JSON when it is ready, as the simulators do; `facts` is that line."""

    def __init__(
        self, name: str, module: str, arguments: Sequence[str], folder: Path, *, patience: float = PATIENCE
    ) -> None:
        super().__init__(
            name, [sys.executable, "-m", module, *arguments], folder, dict(os.environ, PYTHONUNBUFFERED="1")
        )
        self.facts: dict[str, Any] = {}
        self._patience = patience

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(self.facts["url"])

    def start(self) -> None:
        """Start it and wait for its line."""
        before = self.log.stat().st_size if self.log.exists() else 0
        super().start()
        announced = f"{self.name} to be ready"
        wait_until(lambda: not self.alive or self._announced(before), announced, seconds=self._patience)
        if not self.facts:
            raise NotStarted(f"{self.name} ended at once:\n{self.tail()}")

    def _announced(self, offset: int) -> bool:
        with self.log.open("rb") as log:
            log.seek(offset)
            lines = log.read().splitlines(keepends=True)
        for line in lines:
            if line.startswith(b"{") and line.endswith(b"\n"):
                self.facts = json.loads(line)
                return True
        return False


class Broker(Process):
    """A real Mosquitto on the loopback interface, with the product's own configuration and without accounts.

    `raised_limits=False` leaves Mosquitto's own queue limits, which truncate a large table in silence. `options` are
    lines that replace the configuration's own of the same name.
    """

    def __init__(self, folder: Path, *, port: int | None = None, raised_limits: bool = True, options: str = "") -> None:
        self.port = port or free_port()
        self.folder = folder / "broker"
        self.data = self.folder / "data"
        self._raised_limits = raised_limits
        self.options = options
        super().__init__("mosquitto", [program("mosquitto"), "-c", str(self.folder / "mosquitto.conf")], folder)

    @property
    def url(self) -> str:
        """The address as S2P_MQTT_URL has it."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Write its configuration, start it, and wait until it accepts connections."""
        self.data.mkdir(parents=True, exist_ok=True)
        prepare_broker(self.folder, self.data, self.port)
        if not self._raised_limits or self.options:
            self._rewrite()
        super().start()
        wait_until(lambda: not self.alive or listens(self.port), "mosquitto to listen")
        if not self.alive:
            raise NotStarted(f"mosquitto ended at once:\n{self.tail()}")

    def save(self) -> None:
        """Let it write its database now, and keep a copy to go back to with `restore`."""
        database = self.data / "mosquitto.db"
        before = database.stat().st_mtime_ns if database.exists() else 0
        os.kill(self.pid, signal.SIGUSR1)
        wait_until(lambda: database.exists() and database.stat().st_mtime_ns != before, "mosquitto to save")
        wait_until(lambda: not (self.data / "mosquitto.db.new").exists(), "mosquitto to finish saving")
        shutil.copy(database, self.folder / "saved.db")

    def restore(self) -> None:
        """Put the saved database back, while it does not run."""
        shutil.copy(self.folder / "saved.db", self.data / "mosquitto.db")

    def wipe(self) -> None:
        """Throw its database away, while it does not run."""
        shutil.rmtree(self.data)

    def _rewrite(self) -> None:
        path = self.folder / "mosquitto.conf"
        limits = ("max_queued", "max_inflight")
        lines = path.read_text().splitlines()
        names = tuple(line.split(" ")[0] + " " for line in self.options.splitlines() if line)
        kept = [line for line in lines if self._raised_limits or not line.startswith(limits)]
        kept = [line for line in kept if not names or not line.startswith(names)]
        path.write_text("\n".join([*kept, self.options, ""]))


def program(name: str) -> str:
    """Return where a program is; Debian keeps brokers out of a user's PATH."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
    if found is None:
        raise NotStarted(f"{name} is not installed; ./run installs it, or see README.md")
    return found


def prepare_broker(
    folder: Path,
    data: Path,
    port: int,
    *,
    anonymous: bool = True,
    base: str = "stash2plex",
    env: Mapping[str, str] = os.environ,
) -> None:
    """Fill `folder` with mosquitto.conf for a broker on this port of the loopback interface.

    `env` may have BROKER_..._PASSWORD, as entrypoint.sh says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "BROKER_CONFIG": str(folder),
        "BROKER_DATA": str(data),
        "BROKER_PASSWORDS": str(folder / "passwords"),
        "BROKER_LISTENER": f"{port} 127.0.0.1",
        "BROKER_ANONYMOUS": "true" if anonymous else "false",
        "S2P_MQTT_BASE": base,
    }
    subprocess.run([str(ROOT / "mosquitto" / "entrypoint.sh")], env={**env, **settings}, check=True)


def service(
    name: str, folder: Path, settings: Mapping[str, str], *, log_name: str = "", to_terminal: bool = False
) -> Process:
    """Return one of the three services as a process, configured by `settings` alone, whatever the shell has set."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("S2P_")}
    # all of it runs on one machine here, so loopback addresses are right even where that machine is a container
    env = {**clean, "PYTHONUNBUFFERED": "1", "S2P_IN_CONTAINER": "false", **settings}
    command = [sys.executable, "-m", f"services.{name}"]
    return Process(log_name or name, command, folder, env, to_terminal=to_terminal)
