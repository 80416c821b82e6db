"""Two Plex servers on one bus: each writer has its own outcomes, outages and orders, and shares nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.world import World, compared, is_bare
from tools.processes import Server, service, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.processes import Process

pytestmark = pytest.mark.story


class Attic:
    """A second Plex, with paths of its own, and its writer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plex = Server("attic", "simulators.plex", ["--token", "T", "--library", "Films=/films"], world.folder)
        self.writer: Process | None = None

    def start(self) -> None:
        settings = {
            **self.world.settings,
            "S2P_PLEX_URL": self.plex.url,
            "S2P_PLEX_NAME": "attic",
            "S2P_PATHS": "/data=>/films",
        }
        self.writer = service("plex_writer", self.world.folder, settings, log_name="attic_writer")
        self.writer.start()

    def control(self, verb: str, **data: object) -> None:
        self.world.http.post(f"{self.plex.url}/control/{verb}", json=data).raise_for_status()

    def differences(self) -> list[str]:
        items = {item["files"][0]: item for item in self.world.http.get(f"{self.plex.url}/control/items").json()}
        return [
            difference
            for scene in self.world.scenes()
            if scene["files"] and not is_bare(scene)
            for difference in compared(scene, items[scene["files"][0].replace("/data/", "/films/", 1)])
        ]

    def settle(self) -> None:
        wait_until(lambda: not self.differences(), "the attic to show what Stash has", seconds=60)


@pytest.fixture
def attic(world: World) -> Iterator[Attic]:
    second = Attic(world)
    second.plex.start()
    try:
        files = [path.replace("/data/", "/films/", 1) for scene in world.scenes() for path in scene["files"]]
        second.control("items", section="1", files=files)
        yield second
    finally:
        for process in (second.writer, second.plex):
            if process is not None:
                process.stop()


def test_two_servers_follow_one_stash_and_their_outages_are_their_own(world: World, attic: Attic) -> None:
    world.start("stash_watcher", "plex_writer")
    attic.start()
    world.settle()
    attic.settle()
    attic.control("fault", kind="down")
    world.edit(2, title="While the attic is away")
    world.settle()
    wait_until(lambda: world.ear.json("plex/attic/state").get("plex") == "unreachable", "the attic's outage")
    assert world.ear.json("plex/plex/state")["plex"] == "reachable"
    wait_until(lambda: world.ear.json("plex/attic/stats")["pending"] > 0, "the edit to be pending there")
    assert not world.ear.json("plex/plex/outages").get("outages")
    attic.control("fault", kind="clear")
    attic.settle()
    (outage,) = world.ear.json("plex/attic/outages")["outages"]
    assert outage["until"]
    world.control("plex", "fault", kind="down")
    world.edit(4, title="While the first is away")
    attic.settle()
    world.control("plex", "fault", kind="clear")
    world.settle()


def test_an_order_to_one_is_none_to_the_other(world: World, attic: Attic) -> None:
    world.start("stash_watcher", "plex_writer")
    attic.start()
    world.settle()
    attic.settle()
    world.ear.ask("plex/attic", "pause")
    world.edit(6, title="Not in the attic yet")
    world.settle()
    assert attic.differences()
    assert "paused" not in str(world.ear.json("plex/plex/state").get("paused") or "")
    world.ear.ask("plex/attic", "resume")
    attic.settle()
    outcomes = [topic for topic in world.ear.newest if "/scene/6" in topic and "/plex/" in topic]
    assert sorted(outcomes) == ["stash2plex/plex/attic/scene/6", "stash2plex/plex/plex/scene/6"]
