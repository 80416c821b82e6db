"""The simulated server as one object: its tables, its moods and everybody connected to it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from simulators.plex.answers import Refused
from simulators.plex.connections import Connections
from simulators.plex.faults import Faults
from simulators.plex.gate import Gate
from simulators.plex.ledger import Ledger
from simulators.plex.notifications import Hub
from simulators.plex.pictures import Pictures
from simulators.plex.store import Library

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from simulators.plex.agents import Group, Provider
    from simulators.plex.model import Item, Section
    from simulators.plex.settings import Settings

MACHINE = "5f3c0a1e9b7d4c62a8e1f0b2d3c4a5968778695a"
VERSION = "1.43.1.10611-1e34174b1"


class Plex:
    """One server; opens nothing by itself."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library = Library()
        self.ledger = Ledger()
        self.faults = Faults()
        self.hub = Hub()
        self.pictures = Pictures()
        self.connections = Connections()
        self.gate = Gate(self)
        self.providers: dict[int, Provider] = {}
        self.groups: dict[int, Group] = {}
        self.prefs: dict[str, str] = {}
        self._scans: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._work: set[asyncio.Task[None]] = set()
        self._http: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hold what the server needs to call providers; work begun in the background ends with it."""
        async with httpx.AsyncClient(trust_env=False) as self._http:
            try:
                yield
            finally:
                for task in self._work:
                    task.cancel()
                await asyncio.gather(*self._work, return_exceptions=True)

    @property
    def http(self) -> httpx.AsyncClient:
        """The client for calls to providers, while running."""
        if self._http is None:
            raise RuntimeError("the server is not running")
        return self._http

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` go on after the request that began it."""
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def scan_lock(self, section: str) -> asyncio.Lock:
        """Return what keeps two scans of a library apart."""
        return self._scans[section]

    async def scan_pause(self) -> None:
        """Wait as long as a step of a scan is set to take."""
        if self.settings.scan_step_ms:
            await asyncio.sleep(self.settings.scan_step_ms / 1000)

    def provider_of(self, section: Section) -> Provider | None:
        """Return the registered provider that is the agent of a library."""
        return next((found for found in self.providers.values() if found.identifier == section.agent), None)

    @property
    def scanning(self) -> bool:
        """Whether any library is being scanned."""
        return any(section.refreshing for section in self.library.sections.values())

    def section(self, key: str) -> Section:
        """Return a library, or refuse with 404."""
        found = self.library.sections.get(key)
        if found is None:
            raise Refused(404)
        return found

    def item(self, key: str) -> Item:
        """Return an item by its rating key, or refuse with 404."""
        found = self.library.items.get(int(key)) if key.isdecimal() else None
        if found is None:
            raise Refused(404)
        return found

    def items(self, keys: str) -> list[Item]:
        """Return those items of a comma-separated list that exist; refuse with 404 when none does."""
        found = [item for key in keys.split(",") if key.isdecimal() and (item := self.library.items.get(int(key)))]
        if not found:
            raise Refused(404)
        return found
