"""What stories about the writer's life look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

STREAM = "GET /:/eventsource/notifications"
LISTING = "GET /library/sections/{section}/all"
ITEMS = "GET /library/metadata/{ids}"


def listening(world: World) -> None:
    """Wait until the writer has Plex's stream of events open."""
    wait_until(lambda: world.look("plex", "counts")["listeners"] > 0, "the writer to listen")


def asked(world: World) -> dict[str, int]:
    """Return how often Plex was asked what since the counts were reset."""
    kinds: dict[str, int] = world.look("plex", "counts")["kinds"]
    return kinds


def item_of(world: World, scene_id: int) -> dict[str, Any]:
    """Return the item that has a scene's first file."""
    scene = next(scene for scene in world.scenes() if scene["id"] == scene_id)
    return world.items()[world.mapped(scene["files"][0])]
