"""A writer as a process between a real broker and a simulated Plex; scenes are published as the watcher does."""

from __future__ import annotations

import json
import time
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import httpx

from common import messages
from common.messages import File, Scene, Tag
from tests.stories.world import Ear
from tools.processes import Broker, Process, Server, service, wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PATIENCE = 60.0


class Stage:
    """Everything below one folder; two libraries, `1` with /media and `2` with /more. Paths are the same in Stash."""

    def __init__(self, folder: Path, *plex: str, **settings: str) -> None:
        self.folder = folder
        self.broker = Broker(folder)
        libraries = ["--library", "Movies=/media", "--library", "More=/more"]
        self.plex = Server("plex", "simulators.plex", ["--token", "T", *libraries, *plex], folder)
        self.http = httpx.Client(timeout=30, trust_env=False)
        self.settings = settings
        self.writer: Process | None = None
        self.seq = count(1)
        self.numbers = count(1)
        self.published: dict[int, Scene] = {}
        self._ear: Ear | None = None

    def __enter__(self) -> Self:
        try:
            for process in (self.broker, self.plex):
                process.start()
            self._ear = Ear(self.broker.port)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for process in (self.plex, self.broker):
            process.stop()
        self.http.close()
        if self._ear is not None:
            self._ear.close()

    @property
    def ear(self) -> Ear:
        """The ear on the bus."""
        if self._ear is None:
            raise RuntimeError("a stage is used with `with`")
        return self._ear

    def start(self, **settings: str) -> None:
        """Start the writer, or start it again, with these settings beside the stage's."""
        self.stop()
        given = {
            "S2P_PLEX_URL": self.plex.url,
            "S2P_PLEX_TOKEN": "T",
            "S2P_PLEX_READ_TIMEOUT": "5",
            "S2P_MQTT_URL": self.broker.url,
        }
        self.writer = service("plex_writer", self.folder, {**given, **self.settings, **settings})
        self.writer.start()

    def stop(self) -> None:
        """Stop the writer."""
        if self.writer is not None:
            self.writer.stop()
            self.writer = None

    def scene(self, *paths: str, scene_id: int | None = None, oshash: str = "", **facts: Any) -> Scene:
        """Publish a scene with these files; return it."""
        number = next(self.numbers) if scene_id is None else scene_id
        seq = next(self.seq)
        tags = tuple(Tag(id=n, name=name) for n, name in enumerate(facts.pop("tags", ("Drama",))))
        stamp = {"epoch": 1_700_000_000_000, "seq": seq, "born": "b", "rev": f"{seq:012x}", "updated_at": f"u{seq}"}
        made = Scene(
            id=number,
            files=tuple(File(path=path, oshash=oshash) for path in paths),
            tags=tags,
            **{"title": f"Scene {number} of {seq}", **stamp, **facts},
        )
        self.publish(made)
        return made

    def publish(self, scene: Scene) -> None:
        """Publish a scene."""
        self.published[scene.id] = scene
        self.ear.tell(f"stash/scene/{scene.id}", messages.encode(scene), retain=True)

    def control(self, verb: str, **data: object) -> Any:
        """Call the simulator's control API."""
        answer = self.http.post(f"{self.plex.url}/control/{verb}", json=data)
        answer.raise_for_status()
        return answer.json()

    def items(self, *files: str | dict[str, str], section: str = "1") -> list[str]:
        """Make items of files; return their rating keys."""
        return [row["ratingKey"] for row in self.control("items", section=section, files=list(files))]

    def item(self, rating_key: str) -> dict[str, Any]:
        """Return what an item really is."""
        answer = self.http.get(f"{self.plex.url}/control/items", params={"ratingKey": rating_key})
        answer.raise_for_status()
        (found,) = answer.json()
        whole: dict[str, Any] = found
        return whole

    def told(self, what: str) -> Any:
        """Read from the simulator's control API."""
        return self.http.get(f"{self.plex.url}/control/{what}").json()

    def outcome(self, scene: Scene) -> Any:
        """Return a scene's outcome, once it is about this version of it; else an empty object."""
        found = self.ear.json(f"plex/plex/scene/{scene.id}")
        return found if (found.get("epoch"), found.get("seq")) == scene.stamp else {}

    def ended(self, scene: Scene, *states: str) -> Any:
        """Wait until a scene is handled and in one of these states; return its outcome."""

        def is_ended() -> bool:
            found = self.outcome(scene)
            begun = any(item["intent"] is not None for item in found.get("items", {}).values())
            return found.get("state") in states and not begun

        try:
            wait_until(is_ended, f"scene {scene.id} to be {' or '.join(states)}", seconds=PATIENCE)
        except TimeoutError as error:
            log = self.writer.tail(20) if self.writer else ""
            raise AssertionError(f"{error}\n{self.ear.json(f'plex/plex/scene/{scene.id}')}\n{log}") from error
        return self.outcome(scene)

    def shown(self, rating_key: str, scene: Scene) -> bool:
        """Tell whether an item shows a scene's title."""
        return bool(self.item(rating_key)["title"] == scene.title)

    def ask(self, command: str, **data: object) -> Any:
        """Send the writer a request, again until one that has just started hears it; return the answer."""
        topic = f"response/plex/plex/{command}"
        known = [payload for name, payload in self.ear.heard if name.endswith(topic)]

        def answered() -> bool:
            self.ear.tell(f"request/plex/plex/{command}", json.dumps({"transaction": command, **data}).encode())
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                heard = [payload for name, payload in self.ear.heard if name.endswith(topic)]
                if len(heard) > len(known) and json.loads(heard[-1])["status"] != "started":
                    return True
                time.sleep(0.02)
            return False

        wait_until(answered, f"an answer on {topic}", seconds=PATIENCE)
        return self.ear.json(topic)

    def until(self, condition: Any, what: str) -> None:
        """Wait for something."""
        wait_until(condition, what, seconds=PATIENCE)

    def titles(self, rating_keys: Sequence[str]) -> list[str]:
        """Return what items are called."""
        return [self.item(key)["title"] for key in rating_keys]
