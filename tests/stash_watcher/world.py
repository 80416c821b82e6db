"""A broker, a simulated Stash and a watcher for a story, and what the table should hold compared with what it does."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import httpx

from common.bus import Broker as Address
from common.bus import Bus
from common.table import Reader, Table
from tests.stories.world import Ear
from tools.processes import Broker, Process, Server, service

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PREFIX = "stash2plex/stash/scene"


class World:
    """The processes of one story; `ear` hears all that is published."""

    def __init__(self, folder: Path, *, scenes: int = 60, stash: tuple[str, ...] = (), **broker: Any) -> None:
        self.broker = Broker(folder, **broker)
        self.stash = Server("stash", "simulators.stash", ["--scenes", str(scenes), *stash], folder)
        self.http = httpx.Client(timeout=60)
        self.watcher: Process | None = None
        self._folder = folder
        self._ear: Ear | None = None

    def open(self) -> None:
        """Start broker and Stash."""
        self.broker.start()
        self.stash.start()
        self._ear = Ear(self.broker.port)

    def close(self) -> None:
        """End everything."""
        for process in (self.watcher, self.stash, self.broker):
            if process is not None:
                process.stop()
        if self._ear is not None:
            self._ear.close()
        self.http.close()

    @property
    def ear(self) -> Ear:
        """The ear on the bus."""
        assert self._ear is not None
        return self._ear

    def start(self, **settings: str) -> Process:
        """Start the watcher, or start it again."""
        settings = {
            "S2P_STASH_URL": self.stash.url,
            "S2P_MQTT_URL": self.broker.url,
            "S2P_STASH_POLL": "0.5",
            "S2P_STASH_IDLE": "0.5",
            **settings,
        }
        self.watcher = service("stash_watcher", self._folder, settings)
        self.watcher.start()
        return self.watcher

    def kill(self) -> None:
        """End the watcher as a power cut would."""
        assert self.watcher is not None
        self.watcher.kill()

    def do(self, op: str, **args: object) -> Any:
        """Change something in Stash."""
        return self.control("do", op=op, **args)

    def fault(self, kind: str, **options: object) -> None:
        """Put a fault of Stash in force."""
        self.control("fault", kind=kind, **options)

    def control(self, verb: str, **data: object) -> Any:
        """Call the simulator's control API."""
        answer = self.http.post(f"{self.stash.url}/control/{verb}", json=data)
        answer.raise_for_status()
        return answer.json()

    def look(self, what: str) -> Any:
        """Read from the simulator's control API."""
        return self.http.get(f"{self.stash.url}/control/{what}").raise_for_status().json()

    def truth(self) -> dict[int, dict[str, Any]]:
        """Return what the table should hold."""
        return {scene["id"]: expected(scene) for scene in self.look("scenes")}

    def rows(self) -> dict[int, dict[str, Any]]:
        """Return every retained scene, by a load of its own; a row that is no JSON counts as missing."""
        rows: dict[int, bytes] = {}
        self._with_table(lambda table: table.load(rows.__setitem__))
        return {key: decoded(payload) for key, payload in rows.items() if payload}

    def rows_by_topic(self, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """Return retained scenes asked for by topic, which works on a broker that truncates loads."""
        found: dict[int, bytes] = {}

        async def read(table: Table) -> None:
            found.update(await table.read(ids))

        self._with_table(read)
        return {key: json.loads(payload) for key, payload in found.items()}

    def differences(self) -> list[str]:
        """Say what is wrong in the table, scene by scene."""
        return compared(self.rows(), self.truth())

    def settle(self, *, covered: bool = False, seconds: float = 40.0) -> None:
        """Wait until the table is true to Stash and, if it matters, info covers it, which takes some seconds."""
        self.until(lambda: not self.differences(), "the table to be true to Stash", seconds=seconds, pause=0.2)
        if covered:
            self.until(self._covered, "info to cover the table", seconds=seconds, pause=0.2)

    def until(self, condition: Any, what: str, *, seconds: float = 30.0, pause: float = 0.02) -> None:
        """Wait for a condition, looking every `pause` seconds, and show everything if it does not come."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {seconds:.0f} s\n{self.report()}")
            time.sleep(pause)

    def published(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the scenes published since so many messages had been heard."""
        heard = self.ear.heard[since:]
        return [json.loads(payload) for topic, payload in heard if topic.startswith(PREFIX) and payload]

    def removed(self, since: int = 0) -> list[int]:
        """Return the ids removed since so many messages had been heard."""
        heard = self.ear.heard[since:]
        return [int(topic.rpartition("/")[2]) for topic, payload in heard if topic.startswith(PREFIX) and not payload]

    def state(self) -> Any:
        """Return the watcher's state."""
        return self.ear.json("stash/state")

    def states(self) -> list[Any]:
        """Return every state that the watcher told."""
        return [json.loads(payload) for topic, payload in self.ear.heard if topic == "stash2plex/stash/state"]

    def info(self) -> Any:
        """Return the watcher's info."""
        return self.ear.json("stash/info")

    def stats(self) -> Any:
        """Return the watcher's stats."""
        return self.ear.json("stash/stats")

    def report(self) -> str:
        """Return what a failure needs to be understood."""
        log = self.watcher.tail(30) if self.watcher else ""
        return "\n".join([*self.differences()[:20], str(self.state()), str(self.info()), str(self.stats()), log])

    def _covered(self) -> bool:
        info, rows = self.info(), self.rows()
        newest = max((row["seq"] for row in rows.values()), default=0)
        return not info.get("loading", True) and info["seq"] >= newest and info["scenes"] == len(rows)

    def _with_table(self, work: Any) -> None:
        async def run() -> None:
            address = Address("127.0.0.1", self.broker.port)
            async with Bus(address, "test-reader") as bus:
                await bus.wait_connected()
                await work(Table(PREFIX, Reader(bus, "stash2plex/selftest/test/end"), bus))

        asyncio.run(run())


def decoded(payload: bytes) -> dict[str, Any]:
    """Return a row, an empty one where it is no JSON."""
    try:
        row: dict[str, Any] = json.loads(payload)
    except ValueError:
        return {}
    return row


def compared(rows: dict[int, dict[str, Any]], truth: dict[int, dict[str, Any]]) -> list[str]:
    """Say what is wrong in a table."""
    wrong = [f"{key} is missing" for key in sorted(truth.keys() - rows.keys())]
    wrong += [f"{key} is left over" for key in sorted(rows.keys() - truth.keys())]
    for key in sorted(rows.keys() & truth.keys()):
        wrong += differences(key, rows[key], truth[key])
    return wrong


def expected(scene: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of a payload that follow from the simulator's truth, written down apart from the product."""
    return {
        "born": scene["created_at"],
        "updated_at": scene["updated_at"],
        "title": scene["title"] or "",
        "details": scene["details"] or "",
        "date": scene["date"] or "",
        "code": scene["code"] or "",
        "director": scene["director"] or "",
        "rating100": scene["rating100"],
        "organized": scene["organized"],
        "urls": scene["urls"],
        "studio": scene["studio"],
        "studio_parent": scene["studio_parent"],
        "performers": sorted(scene["performers"]),
        "tags": sorted(scene["tags"]),
        "groups": sorted((group["name"], group["index"]) for group in scene["groups"]),
        "markers": sorted((marker["seconds"], marker["title"], marker["tag"]) for marker in scene["markers"]),
        "first_file": scene["files"][:1],
        "files": sorted(scene["files"]),
        "stash_ids": sorted((one["endpoint"], one["stash_id"]) for one in scene["stash_ids"]),
        "cut": [],
    }


def differences(scene_id: int, row: dict[str, Any], truth: dict[str, Any]) -> list[str]:
    """Say where a retained scene is not what it should be."""
    if "studio" not in row:
        return [f"{scene_id} can't be read"]
    studio = row["studio"] or {}
    files = [file["path"] for file in row["files"]]
    shown = {
        **row,
        "studio": studio.get("name"),
        "studio_parent": (studio.get("parent") or {}).get("name"),
        "performers": sorted(performer["name"] for performer in row["performers"]),
        "tags": sorted(tag["name"] for tag in row["tags"]),
        "groups": sorted((group["name"], group["index"]) for group in row["groups"]),
        "markers": sorted((marker["seconds"], marker["title"], marker["tag"]) for marker in row["markers"]),
        "first_file": files[:1],
        "files": sorted(files),
        "stash_ids": sorted((one["endpoint"], one["stash_id"]) for one in row["stash_ids"]),
    }
    return [
        f"{scene_id}: {name} is {shown[name]!r}, not {value!r}" for name, value in truth.items() if shown[name] != value
    ]
