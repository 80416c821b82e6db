"""Whoever listens on MQTT: the newest of what the services tell everybody."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

import aiomqtt

from common import messages
from common.messages import Outcome, Scene, WriterStats
from common.topics import Topics, row_id

if TYPE_CHECKING:
    from types import TracebackType

PLEX = "plex"


class Listener:
    """Scenes as the watcher publishes them, outcomes and figures as the writer does, each the newest by id."""

    def __init__(self, port: int) -> None:
        self.topics = Topics()
        self.scenes: dict[int, Scene] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.stats = WriterStats()
        self._client = aiomqtt.Client("127.0.0.1", port)
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        for topic in (f"{self.topics.scenes}/+", f"{self.topics.outcomes(PLEX)}/+", self.topics.plex(PLEX, "stats")):
            await self._client.subscribe(topic, qos=1)
        self._hearing = asyncio.create_task(self._hear())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._hearing is not None:
            self._hearing.cancel()
            with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                await self._hearing
        with contextlib.suppress(aiomqtt.MqttError):
            await self._client.__aexit__(kind, error, trace)

    @property
    def settled(self) -> int:
        """How many scenes are done: in Plex as they are in Stash, or kept out by a filter."""
        return sum(outcome.state in {"synced", "skipped"} for outcome in self.outcomes.values())

    def state(self, scene_id: int) -> str:
        """Return how far a scene has come."""
        outcome = self.outcomes.get(scene_id)
        return outcome.state if outcome else "not heard of"

    def current(self, scene_id: int) -> bool:
        """Tell whether the newest that we heard of a scene is in Plex; what is being written is unsure."""
        scene, outcome = self.scenes.get(scene_id), self.outcomes.get(scene_id)
        if scene is None or outcome is None:
            return False
        return outcome.rev == scene.rev and {item.state for item in outcome.items.values()} == {"synced"}

    def title(self, scene_id: int) -> str:
        """Return a scene's title as it stands on MQTT."""
        scene = self.scenes.get(scene_id)
        return scene.title if scene else ""

    async def _hear(self) -> None:
        async for message in self._client.messages:
            self._take(str(message.topic), bytes(message.payload or b""))

    def _take(self, topic: str, payload: bytes) -> None:
        if topic == self.topics.plex(PLEX, "stats"):
            self.stats = messages.decode(WriterStats, payload)
        elif (scene_id := row_id(self.topics.scenes, topic)) is not None and payload:
            self.scenes[scene_id] = messages.decode(Scene, payload)
        elif (scene_id := row_id(self.topics.outcomes(PLEX), topic)) is not None and payload:
            self.outcomes[scene_id] = messages.decode(Outcome, payload)
