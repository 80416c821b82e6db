"""Stash's plugin, the provider and the watcher together: an edit is published at once, and Stash is not flooded."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stash_watcher.world import World
from tools.processes import Process, free_port, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.story
PLUGIN = Path(__file__).resolve().parents[2] / "stash_plugin" / "stash2plex.py"


class Hooked:
    """A world whose looks are so rare that only hooks can tell of anything."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, scenes=60)
        self.port = free_port()
        self.provider: Process | None = None
        self._folder = folder

    def open(self) -> None:
        """Start everything; the plugin is told address and secret by Stash's environment."""
        world = self.world
        world.open()
        settings = {"S2P_MQTT_URL": world.broker.url, "S2P_PROVIDER_PORT": str(self.port), "S2P_HOOK_SECRET": "secret"}
        self.provider = service("provider", self._folder, settings)
        self.provider.start()
        world.start(S2P_STASH_POLL="600", S2P_STASH_IDLE="600", S2P_STASH_SWEEP="never")
        world.settle(covered=True)
        world.until(lambda: world.look("stats")["requests"].get("Markers", 0) > 0, "the listings of the start")
        world.until(lambda: world.look("stats")["requests"].get("Look", 0) > 0, "the first look")
        command = ["env", f"S2P_PROVIDER_URL=http://127.0.0.1:{self.port}", "S2P_HOOK_SECRET=secret"]
        world.control("plugin", command=[*command, sys.executable, "-IS", str(PLUGIN)])

    def close(self) -> None:
        """End everything."""
        if self.provider is not None:
            self.provider.stop()
        self.world.close()


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a world that is told of changes by hooks alone."""
    made = Hooked(tmp_path_factory.mktemp("hooked"))
    try:
        made.open()
        yield made.world
    finally:
        made.close()


def tag_of(world: World) -> str:
    """Return a tag that scenes have."""
    return str(next(tag for scene in world.truth().values() for tag in scene["tags"]))


def steps(world: World, what: str) -> list[dict[str, Any]]:
    """Return what is done in Stash."""
    some: dict[str, list[dict[str, Any]]] = {
        "scene": [{"op": "scene_update", "id": 5, "fields": {"title": "told"}}],
        "new scene": [{"op": "scan_new_file", "path": "/data/told.mp4", "cover": False}],
        "destroyed": [{"op": "scene_destroy", "id": 60}],
        "tag": [{"op": "tag_rename", "name": tag_of(world), "to": "told of"}],
        "group": [{"op": "group_rename", "id": 1, "to": "Told Series"}],
        "marker": [{"op": "marker_create", "scene": 6, "title": "told", "seconds": 2}],
        "deleted tag": [
            {"op": "scene_update", "id": 7, "fields": {"tags": ["short-lived"]}},
            {"op": "tag_destroy", "name": "short-lived"},
        ],
        "merge": [
            {"op": "scene_update", "id": 8, "fields": {"tags": ["from"]}},
            {"op": "tag_create", "name": "into"},
            {"op": "tag_merge", "sources": ["from"], "destination": "into"},
        ],
        "renamed file": [{"op": "rename_file", "id": 9, "to": "told.mp4"}],
        "performer": [{"op": "performer_image", "id": 1}],
    }
    return some[what]


@pytest.mark.parametrize(
    "what",
    ["scene", "new scene", "destroyed", "tag", "group", "marker", "deleted tag", "merge", "renamed file", "performer"],
)
def test_a_hook_brings_it_without_a_look_by_the_clock(hooked: World, what: str) -> None:
    for step in steps(hooked, what):
        hooked.do(**step)
    hooked.settle(seconds=30)


def test_a_bulk_edit_is_told_scene_by_scene_and_fetched_together(hooked: World) -> None:
    hooked.control("reset-stats")
    began = time.monotonic()
    hooked.do("bulk_scene_update", ids=list(range(10, 40)), fields={"director": "in bulk"})
    hooked.settle(seconds=30)
    stats = hooked.look("stats")
    took = time.monotonic() - began
    assert stats["hooks"]["Scene.Update.Post"] == 30
    hooked_at_most, fresh_at_most = 1 + took / 0.2, 1 + took
    assert stats["requests"].get("Batch", 0) + stats["requests"].get("One", 0) <= hooked_at_most + fresh_at_most


def test_events_that_follow_each_other_are_fetched_together_every_fifth_of_a_second(
    make_world: Callable[..., World],
) -> None:
    """At once for the first event, then once in 200 ms, however long it takes for all of them to arrive."""
    world = make_world(scenes=60)
    world.start(S2P_STASH_POLL="600", S2P_STASH_IDLE="600", S2P_STASH_SWEEP="never")
    world.settle(covered=True)
    world.until(lambda: world.look("stats")["requests"].get("Look", 0) > 0, "the first look")
    ids = range(10, 40)
    for scene_id in ids:
        # scenes whose time moves are fetched once more a little later
        world.do("sql", table="scenes", id=scene_id, set={"director": "coalesced"})
    world.control("reset-stats")
    began = time.monotonic()
    for scene_id in ids:
        world.ear.tell("request/stash/hook", b'{"kind":"scene","ids":[%d]}' % scene_id)
    told = [f"stash/scene/{scene_id}" for scene_id in ids]
    world.until(lambda: all(world.ear.json(topic)["director"] == "coalesced" for topic in told), "all of them")
    took = time.monotonic() - began
    requests = world.look("stats")["requests"]
    assert requests.get("One", 0) + requests.get("Batch", 0) <= 1 + took / 0.2
