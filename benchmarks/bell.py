"""An ear and a mouth on the bus for a group of figures: publishes scenes, asks the writer, hears its stats."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from common import messages
from common.topics import Topics

if TYPE_CHECKING:
    from common.messages import Scene

TOPICS = Topics()
PATIENCE = 240.0


class Bell:
    """Use it with `with`; `pending` and `waiting` are the writer's newest.

    With `outcomes` it hears those too: `handled` has the newest seq of each scene that is synced.
    """

    def __init__(self, port: int, *, outcomes: bool = False) -> None:
        self.handled: dict[int, int] = {}
        self.pending = 0
        self.waiting = 0
        self._port = port
        self._answered = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe(
            [(TOPICS.plex("plex", "stats"), 0), (TOPICS.response("plex/plex", "+"), 1)]
            + ([(f"{TOPICS.outcomes('plex')}/+", 0)] if outcomes else [])
        )

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def put(self, row: Scene) -> None:
        """Publish a scene as the watcher does."""
        self._client.publish(TOPICS.scene(row.id), messages.encode(row), 1, retain=True).wait_for_publish(10)

    def ask(self, command: str, **data: object) -> float:
        """Send a request; return the seconds until its end was told."""
        self._answered.clear()
        began = time.perf_counter()
        self._client.publish(TOPICS.request("plex/plex", command), json.dumps(data).encode(), 1)
        if not self._answered.wait(PATIENCE):
            raise TimeoutError(f"{command} was not answered within {PATIENCE:.0f} s")
        return time.perf_counter() - began

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        body = json.loads(message.payload or b"{}")
        if message.topic == TOPICS.plex("plex", "stats"):
            self.pending, self.waiting = body.get("pending", 0), body.get("waiting", 0)
        elif message.topic.startswith(TOPICS.outcomes("plex")):
            begun = any(item["intent"] is not None for item in body.get("items", {}).values())
            if body.get("state") == "synced" and not begun:
                self.handled[body["id"]] = body["seq"]
        elif body.get("status") == "ok":
            self._answered.set()
