"""What runs during the demo: a broker, two simulated servers and the three services, each a process of its own."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from tools.demo.promise import Broken
from tools.demo.servers import TOKEN
from tools.processes import Broker, NotStarted, Process, Server, free_port, service, stop_all

if TYPE_CHECKING:
    from pathlib import Path

SCENES = 200
# the same folder, as Stash and as Plex see it
FOLDERS = ("/data", "/media")
# a real Plex takes its time over each request
PLEX_LATENCY_MS = 8
# how often Stash is asked for changes, in seconds
POLL = 0.5
ENDS_AT_ONCE = 3.0


class World:
    """All processes, with their log files in `folder`; leaving it ends them and removes the folder, or keeps it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._logs_kept = False
        self.broker = Broker(self.folder)
        self.stash = Server("stash", "simulators.stash", ["--scenes", str(SCENES), "--root", FOLDERS[0]], self.folder)
        self.plex = Server(
            "plex",
            "simulators.plex",
            ["--token", TOKEN, "--library", f"Films={FOLDERS[1]}", "--latency-ms", str(PLEX_LATENCY_MS)],
            self.folder,
        )
        self.provider_port = free_port()
        self.services: dict[str, Process] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        stop_all(self.services.values())
        stop_all([self.stash, self.plex, self.broker], seconds=ENDS_AT_ONCE)
        if not self._logs_kept:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def provider_url(self) -> str:
        """Where the provider listens."""
        return f"http://127.0.0.1:{self.provider_port}"

    def open(self) -> None:
        """Start the broker and the two servers side by side, and wait until they are ready."""
        servers: tuple[Process, ...] = (self.broker, self.stash, self.plex)
        try:
            with ThreadPoolExecutor() as pool:
                list(pool.map(lambda server: server.start(), servers))
        except (NotStarted, TimeoutError) as error:
            raise Broken("the broker and the simulated servers to start", str(error)) from error

    def start_services(self) -> None:
        """Start the three services; they find one another on the broker."""
        shared = {"S2P_MQTT_URL": self.broker.url, "S2P_PATHS": "=>".join(FOLDERS)}
        watcher = {"S2P_STASH_URL": self.stash.url, "S2P_STASH_POLL": str(POLL), "S2P_STASH_IDLE": str(POLL)}
        writer = {"S2P_PLEX_URL": self.plex.url, "S2P_PLEX_TOKEN": TOKEN}
        provider = {
            "S2P_STASH_URL": self.stash.url,
            "S2P_PROVIDER_PORT": str(self.provider_port),
            "S2P_PROVIDER_URL": self.provider_url,
        }
        settings = {"stash_watcher": watcher, "plex_writer": writer, "provider": provider}
        self.services = {name: service(name, self.folder, shared | own) for name, own in settings.items()}
        for each in self.services.values():
            each.start()

    def keep_logs(self) -> str:
        """Leave the logs behind; returns where they are."""
        self._logs_kept = True
        return str(self.folder)

    def check(self) -> None:
        """Raise Broken when a process has ended that nobody ended."""
        for each in (self.broker, self.stash, self.plex, *self.services.values()):
            if not each.alive and each.exit_status is not None:
                raise Broken(f"{each.name} to keep running", f"it ended with {each.exit_status}:\n{each.tail()}")
