"""A provider as a process, the broker it lives on, and what tests say to both."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any, Self

import httpx
from paho.mqtt import publish
from paho.mqtt.enums import MQTTProtocolVersion

from common.messages import Scene, WatcherInfo, WatcherState, encode
from tests.provider.given import EPOCH
from tests.stories.world import Ear
from tools.processes import Broker, Process, free_port, service, wait_until

if TYPE_CHECKING:
    from pathlib import Path

MATCHES = "/library/metadata/matches"


class Installation:
    """Broker and provider below one folder; `tell` and `count` play the watcher."""

    def __init__(self, folder: Path, *, raised_limits: bool = True, **settings: str) -> None:
        self.folder = folder
        self.broker = Broker(folder, raised_limits=raised_limits)
        self.port = free_port()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)
        self.process: Process | None = None
        self._settings = settings
        self._ear: Ear | None = None
        self._stack = contextlib.ExitStack()
        self._told: dict[int, Scene] = {}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.http)
            stack.enter_context(self.broker)
            self._ear = stack.enter_context(contextlib.closing(Ear(self.broker.port)))
            stack.callback(lambda: self.process and self.process.stop())
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def ear(self) -> Ear:
        """The ear on the bus."""
        assert self._ear is not None
        return self._ear

    @property
    def provider(self) -> Process:
        """The running provider."""
        assert self.process is not None
        return self.process

    def start(self, **settings: str) -> None:
        """Start the provider, or start it again, and wait until it answers at all."""
        given = {"S2P_MQTT_URL": self.broker.url, "S2P_PROVIDER_PORT": str(self.port), **self._settings, **settings}
        self.process = service("provider", self.folder, given)
        self.process.start()
        wait_until(self.answers, "the provider to answer")

    def ready(self, *scenes: Scene) -> None:
        """Publish scenes, start the provider and wait until it has them all."""
        self.tell(*scenes)
        self.count()
        self.start()
        self.until_ready()

    def tell(self, *scenes: Scene) -> None:
        """Publish scenes."""
        self._told |= {scene.id: scene for scene in scenes}
        self.retain(*((f"stash/scene/{scene.id}", encode(scene)) for scene in scenes))

    def forget(self, scene_id: int) -> None:
        """Publish that a scene is gone."""
        self._told.pop(scene_id, None)
        self.retain((f"stash/scene/{scene_id}", b""))

    def count(self, scenes: int | None = None, *, loading: bool = False, seq: int | None = None) -> None:
        """Publish how many scenes there are, those told unless said otherwise."""
        newest = seq or max((scene.seq for scene in self._told.values()), default=0)
        number = len(self._told) if scenes is None else scenes
        info = WatcherInfo(service="", epoch=EPOCH, seq=newest, scenes=number, loading=loading)
        self.retain(("stash/info", encode(info)))

    def stash(self, how: str, state: str = "online") -> None:
        """Publish how Stash is."""
        facts: Any = {"state": state, "stash": how}
        self.retain(("stash/state", encode(WatcherState(instance="i", since="", **facts))))

    def retain(self, *rows: tuple[str, bytes]) -> None:
        """Publish retained payloads below the base, over a connection of their own."""
        messages: Any = [(f"stash2plex/{topic}", payload, 1, True) for topic, payload in rows]
        publish.multiple(messages, "127.0.0.1", self.broker.port, protocol=MQTTProtocolVersion.MQTTv5)

    def ask(self, filename: str | None = None, **body: object) -> httpx.Response:
        """Post a match query."""
        given = {"type": 1, "title": "mangled", **({} if filename is None else {"filename": filename}), **body}
        return self.http.post(MATCHES, content=json.dumps(given).encode())

    def keys(self, filename: str, **body: object) -> list[str]:
        """Return the rating keys that answer a query."""
        answer = self.ask(filename, **body)
        assert answer.status_code == 200, answer.text
        return [row["ratingKey"] for row in answer.json()["MediaContainer"]["Metadata"]]

    def title(self, scene_id: int) -> str | None:
        """Return a movie's title, or None when there is no such movie."""
        answer = self.http.get(f"/library/metadata/{scene_id}")
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        return str(answer.json()["MediaContainer"]["Metadata"][0]["title"])

    def health(self) -> Any:
        """Return the health document."""
        answer = self.http.get("/health")
        assert answer.status_code == 200
        return answer.json()

    def until_ready(self, *, seconds: float = 30.0) -> None:
        """Wait until the provider says that it can answer everything."""
        wait_until(lambda: self.http.get("/ready").status_code == 200, "the provider to be ready", seconds=seconds)

    def unmatched(self) -> dict[str, Any]:
        """Return the standing unmatched reports by file."""
        prefix = "stash2plex/provider/unmatched/"
        standing = {topic: json.loads(said) for topic, said in self.ear.newest.items() if said and prefix in topic}
        return {report["file"]: report for report in standing.values()}

    def answers(self) -> bool:
        """Tell whether there is somebody behind the port; fails when the process has ended."""
        assert self.provider.alive, self.provider.tail()
        try:
            return self.http.get("/health").status_code == 200
        except httpx.TransportError:
            return False
