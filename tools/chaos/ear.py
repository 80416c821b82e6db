"""Listens to the bus, past all proxies: what a scene's history is told with, and what is retained in the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import aiomqtt

from tools.chaos.judge import Bus

if TYPE_CHECKING:
    from tools.chaos.record import Record

BASE: Final = "stash2plex"
SCENES: Final = f"{BASE}/stash/scene/"
OUTCOMES: Final = f"{BASE}/plex/plex/scene/"
AGAIN_AFTER: Final = 0.2
# aiomqtt logs every lost connection, and here the broker is killed on purpose
UNHEARD: Final = logging.getLogger("chaos.ear")
PATIENCE: Final = 10.0


async def listen(port: int, record: Record) -> None:
    """Record what is told of scenes, for as long as the task lives, whatever becomes of the broker."""
    UNHEARD.setLevel(logging.CRITICAL)
    while True:
        with contextlib.suppress(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", port, timeout=PATIENCE, logger=UNHEARD) as client:
                for prefix in (SCENES, OUTCOMES):
                    await client.subscribe(f"{prefix}+", qos=1)
                async for message in client.messages:
                    _note(record, str(message.topic), bytes(message.payload or b""))
        await asyncio.sleep(AGAIN_AFTER)


def _note(record: Record, topic: str, payload: bytes) -> None:
    kind = "published" if topic.startswith(SCENES) else "outcome"
    scene = topic.rpartition("/")[2]
    if scene.isdecimal():
        record.tell(time.time(), int(scene), f"bus: {kind} {_digest(kind, payload)}")


def _digest(kind: str, payload: bytes) -> str:
    """Say the little of a payload that a history needs."""
    if not payload:
        return "removed"
    found = json.loads(payload)
    names = ("epoch", "seq", "title") if kind == "published" else ("epoch", "seq", "state", "attempts", "due", "detail")
    said = " ".join(f"{name}={found.get(name)!r}" for name in names if found.get(name))
    said += "".join(f" {key}: {one['detail']}" for key, one in found.get("images", {}).items() if one.get("detail"))
    open_ones = [key for key, item in found.get("items", {}).items() if item.get("intent")]
    return f"{said} intent on {', '.join(open_ones)}" if open_ones else said


async def retained(port: int) -> Bus:
    """Return what the broker has retained now; raises aiomqtt.MqttError or TimeoutError when it does not answer."""
    topic, nonce = f"chaos/{uuid.uuid4().hex}", uuid.uuid4().bytes
    scenes: dict[int, Any] = {}
    outcomes: dict[int, Any] = {}
    facts: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE), aiomqtt.Client("127.0.0.1", port, timeout=PATIENCE, logger=UNHEARD) as client:
        await client.subscribe([(topic, 1), (f"{BASE}/#", 1)])
        await client.publish(topic, nonce, qos=1)
        async for message in client.messages:
            name, payload = str(message.topic), bytes(message.payload or b"")
            if name == topic:
                return Bus(scenes, outcomes, facts)
            if not payload:
                continue
            if name.startswith(SCENES):
                scenes[int(name.removeprefix(SCENES))] = json.loads(payload)
            elif name.startswith(OUTCOMES):
                outcomes[int(name.removeprefix(OUTCOMES))] = json.loads(payload)
            elif name.endswith(("/state", "/stats", "/info")):
                facts[name.removeprefix(f"{BASE}/")] = json.loads(payload)
    raise aiomqtt.MqttError("the broker did not send our own message back")


async def ask(port: int, owner: str, command: str, **data: object) -> None:
    """Send a request to a service, as a person would, and do not wait for the answer."""
    async with aiomqtt.Client("127.0.0.1", port, timeout=PATIENCE, logger=UNHEARD) as client:
        body = {"transaction": uuid.uuid4().hex, **data}
        await client.publish(f"{BASE}/request/{owner}/{command}", json.dumps(body), qos=1)
