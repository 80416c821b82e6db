"""All processes of a run: broker, simulated Stash and Plex, a proxy on every way between them, the three services."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from tools.chaos.brokers import Brokers
from tools.chaos.faults import SERVICES
from tools.chaos.plain import PLEX_ROOT, STASH_ROOT
from tools.processes import Process, Server, free_port, service, stop_all

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN: Final = "chaos-token"  # noqa: S105 - guards a simulator
BACK_AFTER: Final = 1.0
ZONE: Final = "Europe/Berlin"
SETTINGS: Final = {
    "S2P_STASH_POLL": "0.5",
    "S2P_STASH_IDLE": "0.5",
    "S2P_STASH_SWEEP": "60",
    "S2P_PLEX_TOKEN": TOKEN,
    "S2P_PLEX_READ_TIMEOUT": "3",
    "S2P_PATHS": f"{STASH_ROOT}=>{PLEX_ROOT}",
    # a cover as it is has the same hash in Plex as in Stash
    "S2P_MAPPING_POSTER": "raw",
}


class Refused(Exception):
    """A simulator did not accept an edit; the message says why."""


class World:
    """All of it below one folder, which goes with it unless `kept`; `running` has the services that should be alive."""

    def __init__(self, seed: int, scenes: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="stash2plex-chaos-"))
        self.kept = False
        self.broker = Brokers(self.folder)
        self.stash = Server(
            "stash",
            "simulators.stash",
            ["--scenes", str(scenes), "--seed", str(seed), "--root", STASH_ROOT, "--zone", ZONE],
            self.folder,
        )
        self.plex = Server(
            "plex", "simulators.plex", ["--token", TOKEN, "--library", f"Movies={PLEX_ROOT}"], self.folder
        )
        self.links: dict[str, Server] = {}
        self.services: dict[str, Process] = {}
        self.running: set[str] = set()
        self.provider_port = free_port()
        self.http = httpx.AsyncClient(timeout=30, trust_env=False)
        self.surprises: list[str] = []
        self._ended: dict[str, float] = {}

    async def __aenter__(self) -> Self:
        servers = (asyncio.to_thread(one.start) for one in (self.stash, self.plex))
        await asyncio.gather(self.broker.start(), *servers)
        targets = {
            **{f"bus-{name}": f"127.0.0.1:{self.broker.port}" for name in SERVICES},
            "web-stash": self.stash.url.removeprefix("http://"),
            "web-plex": self.plex.url.removeprefix("http://"),
            "web-provider": f"127.0.0.1:{self.provider_port}",
        }
        for name, target in targets.items():
            self.links[name] = Server(name, "simulators.proxy", ["--target", target], self.folder)
        await asyncio.gather(*(asyncio.to_thread(link.start) for link in self.links.values()))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        every = [*self.services.values(), self.plex, self.stash, *self.links.values(), *self.broker.all]
        await asyncio.to_thread(stop_all, every, seconds=4)
        if not self.kept:
            shutil.rmtree(self.folder, ignore_errors=True)

    def settings(self, name: str) -> dict[str, str]:
        """Return a service's settings: every connection of its goes through a proxy."""
        return SETTINGS | {
            "S2P_STASH_URL": f"http://127.0.0.1:{self.links['web-stash'].facts['port']}",
            "S2P_PLEX_URL": f"http://127.0.0.1:{self.links['web-plex'].facts['port']}",
            "S2P_MQTT_URL": f"mqtt://127.0.0.1:{self.links[f'bus-{name}'].facts['port']}",
            "S2P_PROVIDER_PORT": str(self.provider_port),
            "S2P_PROVIDER_URL": self.provider,
            "S2P_PROVIDER_INTERNAL_URL": f"http://127.0.0.1:{self.links['web-provider'].facts['port']}",
        }

    def start(self, name: str, settings: Mapping[str, str] | None = None) -> None:
        """Start a service, or start it again; `settings` beside its own hold from now on."""
        if settings is not None or name not in self.services:
            self.services[name] = service(SERVICES[name], self.folder, self.settings(name) | dict(settings or {}))
        self.services[name].start()
        self.running.add(name)

    def second(self, name: str) -> Process:
        """Start another instance of a service."""
        port = {"S2P_PROVIDER_PORT": str(free_port())}
        other = service(SERVICES[name], self.folder, self.settings(name) | port, log_name=f"{SERVICES[name]}-second")
        other.start()
        return other

    async def end(self, name: str, *, at_once: bool) -> None:
        """End a service on purpose, by SIGKILL or SIGTERM."""
        self.running.discard(name)
        process = self.services[name]
        await asyncio.to_thread(process.kill if at_once else process.stop)

    async def reap(self, other: Process) -> None:
        """End another instance."""
        await asyncio.to_thread(other.stop)

    def tend(self) -> list[str]:
        """Start again what ended by itself, as a supervisor does; return the names that are back."""
        back = []
        for name in sorted(self.running):
            process = self.services[name]
            if process.alive:
                continue
            ended = self._ended.setdefault(name, time.monotonic())
            if time.monotonic() - ended >= BACK_AFTER:
                del self._ended[name]
                self.surprises.append(f"{name} ended with {process.exit_status}:\n{process.tail(12)}")
                process.start()
                back.append(name)
        return back

    async def control(self, which: str, verb: str, **data: object) -> Any:
        """Call a simulator's control API; raises Refused for what it can't do."""
        return _content(await self.http.post(f"{self._url(which)}/control/{verb}", json=data))

    async def look(self, which: str, what: str, **query: str) -> Any:
        """Read from a simulator's control API; raises Refused."""
        return _content(await self.http.get(f"{self._url(which)}/control/{what}", params=query))

    async def carry(self, link: str, **command: object) -> None:
        """Apply a fault to a proxy."""
        answer = await self.http.post(f"{self.links[link].facts['control']}/control", json=command)
        answer.raise_for_status()

    async def title(self, scene: int) -> str | None:
        """Return what the provider tells Plex a scene is called; None when it does not answer with one."""
        try:
            answer = await self.http.get(f"{self.provider}/library/metadata/{scene}")
        except httpx.TransportError:
            return None
        if answer.status_code != 200:
            return None
        return str(answer.json()["MediaContainer"]["Metadata"][0]["title"])

    async def picture(self, address: str) -> str | None:
        """Return the SHA-1 of the picture at an address, as Plex fetches it; None for none."""
        try:
            answer = await self.http.get(address)
        except httpx.TransportError:
            return None
        return hashlib.sha1(answer.content, usedforsecurity=False).hexdigest() if answer.status_code == 200 else None

    @property
    def provider(self) -> str:
        """Where the provider is, as Plex reaches it."""
        return f"http://127.0.0.1:{self.provider_port}"

    def _url(self, which: str) -> str:
        return (self.stash if which == "stash" else self.plex).url


def _content(answer: httpx.Response) -> Any:
    if answer.status_code in (400, 404):
        raise Refused(answer.text)
    answer.raise_for_status()
    return answer.json()
