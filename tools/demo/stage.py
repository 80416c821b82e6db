"""What every chapter is given: the running world, the people's hands in it, an ear on MQTT, and the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tools.demo import promise
from tools.demo.compare import in_plex
from tools.demo.world import FOLDERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tools.demo.listener import Listener
    from tools.demo.screen import Screen
    from tools.demo.servers import Plex, Row, Stash
    from tools.demo.world import World

    T = TypeVar("T")


@dataclass(slots=True)
class Stage:
    """`cast` are the scenes that somebody has described, as they were at the beginning; `keys` finds a file's item."""

    world: World
    stash: Stash
    plex: Plex
    listener: Listener
    screen: Screen
    scenes: list[Row] = field(default_factory=list)
    cast: list[Row] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    async def until(
        self,
        look: Callable[[], Awaitable[T]],
        expected: str,
        *,
        seconds: float,
        seen: Callable[[], object] = lambda: "it did not happen",
    ) -> T:
        """Wait for something as `promise.until` does, and only while everything runs."""

        async def look_around() -> T:
            self.world.check()
            return await look()

        return await promise.until(look_around, expected, seconds=seconds, seen=seen)

    async def pending(self, wanted: int) -> None:
        """Wait until the writer says that so many scenes are pending."""

        async def told() -> bool:
            return self.listener.stats.pending == wanted

        await self.until(
            told, f"{wanted} scenes to be pending", seconds=15, seen=lambda: f"{self.listener.stats.pending} are"
        )

    async def reported(self, scenes: list[Row]) -> None:
        """Wait until the writer reports the newest of each of these scenes as done."""

        def left() -> int:
            return sum(not self.listener.current(scene["id"]) for scene in scenes)

        async def done() -> bool:
            return not left()

        await self.until(done, "every scene to be reported as done", seconds=15, seen=lambda: f"{left()} are not")

    def key(self, scene: Row) -> str:
        """Return the key of the Plex item that has a scene's first file."""
        return self.keys[in_plex(scene["files"][0], FOLDERS)]

    @property
    def actors(self) -> list[Row]:
        """The scenes of the cast that have a title and one file: one of them is one item in Plex."""
        return [scene for scene in self.cast if scene["title"] and len(scene["files"]) == 1]
