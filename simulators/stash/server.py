"""One simulated Stash: its rows, clock, version, credentials, faults and plugin, and the GraphQL over them."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from simulators.stash.access import Access
from simulators.stash.asked import Asked
from simulators.stash.edits import OPS
from simulators.stash.edits.transaction import Args, Edit, Hook, Refused
from simulators.stash.engine import Answer, Engine
from simulators.stash.faults import Faults
from simulators.stash.hooks import Plugin, cookie
from simulators.stash.recording import Recording
from simulators.stash.sample import Sample
from simulators.stash.schema import version_tuple
from simulators.stash.timestamps import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulators.stash.database import Database

# v0.31's number is second-hand: what a client library generated from its schema asks for.
SCHEMAS = {(0, 26): 58, (0, 27): 67, (0, 28): 72, (0, 29): 72, (0, 30): 75, (0, 31): 85}
OPERATIONS = 1000


@dataclass(frozen=True, slots=True)
class Settings:
    """How a simulated Stash starts; with `api_key` it has a password, too."""

    scenes: int = 200
    seed: int = 1
    version: str = "0.30.1"
    zone: str = "Europe/Berlin"
    api_key: str = ""
    username: str = "stash"
    password: str = "stash"  # noqa: S105 - a simulator's
    root: str = "/data"
    recorded: bool = False


@dataclass(slots=True)
class Stats:
    """What was asked, by operation; `held` requests wait for a release."""

    requests: Counter[str] = field(default_factory=Counter)
    held: int = 0
    held_total: int = 0

    def reset(self) -> None:
        """Count from zero again; what is held stays held."""
        self.requests.clear()
        self.held_total = self.held

    def count(self, operation: str) -> None:
        """Count a request; past a thousand names all others are one."""
        known = operation in self.requests or len(self.requests) < OPERATIONS
        self.requests[operation if known else "others"] += 1


class Done(NamedTuple):
    """What came of a change: facts, the events that follow its commit, and what changes later by itself."""

    facts: dict[str, Any]
    hooks: list[Hook]
    later: list[tuple[float, Callable[[], None]]]


class Stash:
    """The state of one server."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock(settings.zone)
        self.logged = self.clock.precise()
        self.partial_dates = version_tuple(settings.version) >= (0, 30)
        self.negotiates = version_tuple(settings.version) >= (0, 29)
        self.db = self.sample(settings.seed, settings.scenes)
        self.access = Access(settings.api_key, settings.username, settings.password if settings.api_key else "")
        self.faults = Faults()
        self.plugin = Plugin()
        self.stats = Stats()
        self.snapshots: dict[str, Database] = {}
        self.released = asyncio.Event()
        self.recording = Recording(on=settings.recorded)
        self._engines: OrderedDict[frozenset[str], Engine] = OrderedDict()
        self._asked = 0
        self._later: set[asyncio.Task[None]] = set()

    def sample(self, seed: int, scenes: int) -> Database:
        """Return a new database of sample data, as this version may hold it."""
        return Sample(self.clock, seed, self.settings.root, partial_dates=self.partial_dates).fill(scenes)

    def engine(self) -> Engine:
        """Return the GraphQL of this version, less the fields that a fault takes away."""
        without = self.faults.missing_fields()
        if without not in self._engines:
            self._engines[without] = Engine(self.settings.version, without)
            if len(self._engines) > 8:
                self._engines.popitem(last=False)
        return self._engines[without]

    def graphql(self, request: Mapping[str, Any], base_url: str) -> Answer:
        """Answer a GraphQL request that reached us at `base_url`."""
        self._asked += 1
        status = self.faults.system_status()
        asked = Asked(
            db=self.db,
            base_url=base_url,
            api_key=self.access.api_key,
            tomorrow=self.clock.tomorrow(),
            facts=self.facts(status),
            ready=status == "OK",
            reverse_ties=self._asked % 2 == 1,
        )
        return self.engine().answer(request, asked)

    def facts(self, status: str) -> dict[str, Any]:
        """Return what the server says of itself."""
        settings = self.settings
        app = SCHEMAS[max(known for known in SCHEMAS if known <= version_tuple(settings.version))]
        held = {"OK": app, "NEEDS_MIGRATION": app - 1}.get(status, 0)
        return {
            "version": {"version": f"v{settings.version}", "hash": "51f6b0d", "build_time": "2025-11-19 04:10:22"},
            "logs": [{"time": self.logged, "level": "Info", "message": f"stash version: v{settings.version}"}],
            "systemStatus": {
                "databaseSchema": held,
                "databasePath": "/config/stash-go.sqlite",
                "configPath": "/config/config.yml",
                "appSchema": app,
                "status": status,
                "os": "linux",
                "workingDir": "/",
                "homeDir": "/root",
                "ffmpegPath": "/usr/bin/ffmpeg",
                "ffprobePath": "/usr/bin/ffprobe",
            },
            "configuration": {
                "general": {
                    "stashes": [{"path": settings.root, "excludeVideo": False, "excludeImage": False}],
                    "databasePath": "/config/stash-go.sqlite",
                    "apiKey": self.access.api_key,
                    "username": self.access.username if self.access.password else "",
                }
            },
        }

    def do(self, op: str, args: dict[str, Any]) -> Done:
        """Make one change and return what came of it."""
        if op not in OPS:
            raise Refused(f"no op {op}; there are: {', '.join(sorted(OPS))}, random")
        edit = Edit(self.db, self.clock, float(args.get("began_s_ago", 0)), self.partial_dates)
        try:
            facts = OPS[op](edit, Args(args))
        finally:
            self.db.generation += 1
        return Done(facts, edit.hooks, edit.later)

    async def settle(self, done: Done, host: str, port: int) -> None:
        """Run the hooks of a change, and after them what comes behind its back."""
        await self.plugin.run(done.hooks, self.connection(host, port))
        for seconds, change in done.later:
            task = asyncio.create_task(self._change_later(seconds, change))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _change_later(self, seconds: float, change: Callable[[], None]) -> None:
        await asyncio.sleep(seconds)
        change()
        self.db.generation += 1

    def replace(self, db: Database) -> None:
        """Put another database behind the same server."""
        db.generation = self.db.generation + 1
        self.db = db

    def connection(self, host: str, port: int) -> dict[str, Any]:
        """Return what a plugin is told of the server: the cookie is a live login."""
        return {
            "Scheme": "http",
            "Host": host,
            "Port": port,
            "SessionCookie": cookie(self.access.new_session()),
            "Dir": "/config",
        }

    def state(self) -> tuple[Any, ...]:
        """Return what a recorded answer depends on beside its request."""
        return self.db.generation, self.faults.system_status(), self.faults.missing_fields()
