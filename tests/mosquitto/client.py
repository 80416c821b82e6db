"""A broker with accounts, and clients that speak to it as one of its users."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Self

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tools.processes import Process, free_port, listens, prepare_broker, program, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from paho.mqtt.client import ConnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

PATIENCE = 10.0


class GuardedBroker(Process):
    """A real Mosquitto with accounts and access rules, prepared by the entry script as the container's is.

    `extra_rules` are lines that are put behind the access rules.
    """

    def __init__(self, folder: Path, *, base: str = "stash2plex") -> None:
        self.port = free_port()
        self.folder = folder
        self.passwords = folder / "passwords"
        self.extra_rules = ""
        self._base = base
        super().__init__("mosquitto", [program("mosquitto"), "-c", str(folder / "mosquitto.conf")], folder)

    def start(self) -> None:
        """Prepare it, start it, and wait until it accepts connections."""
        prepare_broker(self.folder, self.folder / "data", self.port, anonymous=False, base=self._base)
        with (self.folder / "acl").open("a") as rules:
            rules.write(self.extra_rules)
        super().start()
        wait_until(lambda: not self.alive or listens(self.port), "mosquitto to listen")
        assert self.alive, self.tail()

    def client(self, user: str) -> Client:
        """Return a client that logs in as `user` with the password that was made for it."""
        return Client(self.port, user, (self.passwords / user).read_text())


class Client:
    """An MQTT 5 client that tells what the broker said to each publication; `reason` is its answer to the login."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.received: list[tuple[str, str]] = []
        self.reason = ""
        self._port = port
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._subscribed = threading.Semaphore(0)
        self._paho = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        if user:
            self._paho.username_pw_set(user, password)
        self._paho.on_connect = self._on_connect
        self._paho.on_publish = self._on_publish
        self._paho.on_subscribe = lambda *_: self._subscribed.release()
        self._paho.on_message = self._on_message

    def __enter__(self) -> Self:
        self._paho.connect("127.0.0.1", self._port)
        self._paho.loop_start()
        self.reason = self._answers.get(timeout=PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._paho.disconnect()
        self._paho.loop_stop()

    def publish(self, topic: str, payload: str = "x", *, retain: bool = False) -> bool:
        """Publish with QoS 1 and tell whether the broker took it."""
        self._paho.publish(topic, payload, qos=1, retain=retain)
        return self._answers.get(timeout=PATIENCE) != "Not authorized"

    def subscribe(self, *filters: str, qos: int = 1) -> None:
        """Subscribe and wait for the answer; what the broker had sent before it has arrived by then."""
        self._paho.subscribe([(name, qos) for name in filters])
        assert self._subscribed.acquire(timeout=PATIENCE)

    def _on_connect(self, _c: object, _d: object, _flags: ConnectFlags, reason: ReasonCode, _p: object) -> None:
        self._answers.put(str(reason))

    def _on_publish(self, _c: object, _d: object, _mid: int, reason: ReasonCode, _p: Properties | None) -> None:
        self._answers.put(str(reason))

    def _on_message(self, _c: object, _d: object, message: MQTTMessage) -> None:
        self.received.append((message.topic, message.payload.decode(errors="replace")))
