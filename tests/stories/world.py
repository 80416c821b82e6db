"""A whole installation for a story: broker, Stash, Plex, the services, and an ear on every topic."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Self

import httpx
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tools.processes import Broker, Process, Server, free_port, service, wait_until

if TYPE_CHECKING:
    from pathlib import Path

BASE = "stash2plex"


class Ear:
    """Hears everything on the bus: the newest payload of each topic, and all of them in order."""

    def __init__(self, port: int) -> None:
        self.newest: dict[str, bytes] = {}
        self.heard: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(f"{BASE}/#", 1)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def close(self) -> None:
        """Hear no more."""
        self._client.disconnect()
        self._client.loop_stop()

    def json(self, topic: str) -> Any:
        """Return the newest payload of a topic below the base, or an empty object."""
        payload = self.newest.get(f"{BASE}/{topic}")
        return json.loads(payload) if payload else {}

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, as anyone could."""
        wait_until(self._client.is_connected, "the broker to be there")
        self._client.publish(f"{BASE}/{topic}", payload, 1, retain).wait_for_publish(10)

    def ask(self, owner: str, command: str, **data: object) -> Any:
        """Send a request; return its answer."""
        transaction = f"t{len(self.heard)}"
        self.tell(f"request/{owner}/{command}", json.dumps({"transaction": transaction, **data}).encode())
        topic = f"response/{owner}/{command}"
        wait_until(lambda: self.json(topic).get("transaction") == transaction, f"an answer on {topic}")
        return self.json(topic)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        with self._lock:
            self.newest[message.topic] = bytes(message.payload)
            self.heard.append((message.topic, bytes(message.payload)))


class World:
    """Everything of one story below one folder; `mapped` turns a path of Stash into Plex's."""

    def __init__(
        self,
        folder: Path,
        *,
        scenes: int = 20,
        plex: tuple[str, ...] = (),
        raised_limits: bool = True,
        broker_options: str = "",
    ) -> None:
        self.folder = folder
        self.broker = Broker(folder, raised_limits=raised_limits, options=broker_options)
        # on a port of its own, so that it comes back where it was
        where = ["--port", str(free_port())]
        self.stash = Server("stash", "simulators.stash", [*where, "--scenes", str(scenes), "--seed", "1"], folder)
        self.plex = Server("plex", "simulators.plex", ["--token", "T", "--library", "Movies=/media", *plex], folder)
        self.settings: dict[str, str] = {}
        self.services: dict[str, Process] = {}
        self.http = httpx.Client(timeout=30)
        self._ear: Ear | None = None

    def __enter__(self) -> Self:
        try:
            for process in (self.broker, self.stash, self.plex):
                process.start()
            self._ear = Ear(self.broker.port)
        except BaseException:
            self.__exit__()
            raise
        self.settings = {
            "S2P_STASH_URL": self.stash.url,
            "S2P_STASH_POLL": "0.5",
            "S2P_STASH_IDLE": "0.5",
            "S2P_PLEX_URL": self.plex.url,
            "S2P_PLEX_TOKEN": "T",
            "S2P_PLEX_READ_TIMEOUT": "3",
            "S2P_MQTT_URL": self.broker.url,
            "S2P_PATHS": "/data=>/media",
            "S2P_PROVIDER_PORT": str(free_port()),
        }
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self.services.values(), self.plex, self.stash, self.broker):
            process.stop()
        self.http.close()
        if self._ear is not None:
            self._ear.close()

    @property
    def ear(self) -> Ear:
        """The ear on the bus."""
        if self._ear is None:
            raise RuntimeError("a world is used with `with`")
        return self._ear

    def start(self, *names: str, **settings: str) -> None:
        """Start services, or start them again, with these settings beside the world's."""
        for name in names:
            self.services[name] = service(name, self.folder, {**self.settings, **settings})
            self.services[name].start()

    def scan_all(self) -> None:
        """Let Plex have every file that Stash has."""
        files = [self.mapped(path) for scene in self.scenes() for path in scene["files"]]
        self.control("plex", "items", section="1", files=files)

    def mapped(self, path: str) -> str:
        """Return a path of Stash as Plex has it."""
        return path.replace("/data/", "/media/", 1)

    def control(self, which: str, verb: str, **data: object) -> Any:
        """Call a simulator's control API."""
        server = self.stash if which == "stash" else self.plex
        answer = self.http.post(f"{server.url}/control/{verb}", json=data)
        answer.raise_for_status()
        return answer.json()

    def look(self, which: str, what: str, **query: str) -> Any:
        """Read from a simulator's control API."""
        server = self.stash if which == "stash" else self.plex
        answer = self.http.get(f"{server.url}/control/{what}", params=query)
        answer.raise_for_status()
        return answer.json()

    def edit(self, scene_id: int, **fields: object) -> None:
        """Edit a scene in Stash."""
        self.control("stash", "do", op="scene_update", id=scene_id, fields=fields)

    def scenes(self) -> list[dict[str, Any]]:
        """Return all scenes of Stash."""
        found: list[dict[str, Any]] = self.look("stash", "scenes")
        return found

    def items(self) -> dict[str, dict[str, Any]]:
        """Return all items of Plex, by their first file."""
        return {item["files"][0]: item for item in self.look("plex", "items")}

    def writes(self) -> list[dict[str, Any]]:
        """Return every write that Plex committed."""
        found: list[dict[str, Any]] = self.look("plex", "writes")
        return found

    def differences(self) -> list[str]:
        """Compare what Stash has with what Plex shows, for every scene that is not bare."""
        items = self.items()
        found = []
        for scene in self.scenes():
            if not scene["files"] or is_bare(scene):
                continue
            item = items.get(self.mapped(scene["files"][0]))
            if item is None:
                found.append(f"scene {scene['id']}: Plex has no item for it")
                continue
            found += [f"scene {scene['id']}: {difference}" for difference in compared(scene, item)]
        return found

    def settle(self, *, seconds: float = 40.0) -> None:
        """Wait until Plex shows what Stash has and nothing is pending."""
        try:
            wait_until(lambda: not self.differences(), "Plex to show what Stash has", seconds=seconds)
            wait_until(lambda: self.stats("pending") == 0, "nothing to be pending", seconds=seconds)
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.report()}") from error

    def stats(self, name: str) -> Any:
        """Return one of the writer's figures."""
        return self.ear.json("plex/plex/stats").get(name)

    def outcome(self, scene_id: int) -> Any:
        """Return a scene's outcome."""
        return self.ear.json(f"plex/plex/scene/{scene_id}")

    def report(self) -> str:
        """Return what a failure needs to be understood."""
        parts = ["differences:", *self.differences()[:20], str(self.ear.json("plex/plex/stats"))]
        parts += [f"--- {name}\n{process.tail(25)}" for name, process in self.services.items()]
        return "\n".join(parts)


def is_bare(scene: dict[str, Any]) -> bool:
    """Tell whether the default filter keeps a scene from Plex."""
    return not any(scene[name] for name in ("studio", "performers", "tags", "details", "date"))


def compared(scene: dict[str, Any], item: dict[str, Any]) -> list[str]:
    """Return how an item differs from its scene, field by field; written down apart from the product's mapping."""
    date = scene["date"] or ""
    wanted = {
        "title": " ".join((scene["title"] or "").split()),
        "summary": "\n".join(" ".join(line.split()) for line in (scene["details"] or "").strip().splitlines()),
        "originallyAvailableAt": date if len(date) in {0, 10} else f"{date}-01-01"[:10],
        "studio": scene["studio"] or "",
    }
    found = [
        f"{name} is {item[name]!r}, not {value!r}" for name, value in wanted.items() if value and item[name] != value
    ]
    tags = {tag.casefold() for tag in scene["tags"]}
    if not tags <= {genre.casefold() for genre in item["genres"]}:
        found.append(f"genres are {item['genres']}, not {scene['tags']}")
    shown = {actor["tag"].casefold() for actor in item["actors"]}
    if not {name.casefold() for name in scene["performers"]} <= shown:
        found.append(f"actors are {sorted(shown)}, not {scene['performers']}")
    return found
