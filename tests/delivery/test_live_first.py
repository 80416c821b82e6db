"""A live edit does not wait behind bulk work: not behind a first load, and not behind thousands of other edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.world import World
from tools.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story

SCENES = 600
IN_HAND = 100


@pytest.fixture
def slow(tmp_path: Path) -> World:
    """Give a world whose Plex takes 40 ms a write, so that a bulk change takes half a minute."""
    return World(tmp_path, scenes=SCENES, plex=("--latency-ms", "40"))


def writes_before(world: World, since: int, title: str) -> int:
    """Return how many writes Plex committed before the one of this title."""
    titles = [write["after"].get("title") for write in world.writes()[since:]]
    return titles.index(title) if title in titles else len(titles)


def test_an_edit_overtakes_a_first_load(slow: World) -> None:
    with slow as world:
        world.scan_all()
        world.start("stash_watcher")
        wait_until(lambda: world.ear.json("stash/info").get("scenes") == SCENES, "every scene on the bus", seconds=90)
        world.start("plex_writer")
        wait_until(lambda: len(world.writes()) > 60, "the bulk to be under way", seconds=90)
        since = len(world.writes())
        world.edit(SCENES, title="Overtakes")
        wait_until(lambda: "Overtakes" in {w["after"].get("title") for w in world.writes()[since:]}, "the edit")
        assert writes_before(world, since, "Overtakes") <= IN_HAND
        assert world.stats("pending") > 100


def test_an_edit_overtakes_hundreds_that_arrived_at_once(slow: World) -> None:
    """As when a tag is renamed that every scene has: each is a live change, and the one made after them is not last."""
    with slow as world:
        world.scan_all()
        world.start("stash_watcher", "plex_writer")
        wait_until(lambda: world.stats("synced") and world.stats("pending") == 0, "the first load", seconds=120)
        since = len(world.writes())
        ids = list(range(1, SCENES))
        world.control("stash", "do", op="bulk_scene_update", ids=ids, fields={"details": "Told of all of them."})
        wait_until(lambda: (world.stats("pending") or 0) > SCENES // 2, "the edits to arrive", seconds=60)
        world.edit(SCENES, title="Overtakes")
        wait_until(lambda: "Overtakes" in {w["after"].get("title") for w in world.writes()[since:]}, "the edit")
        assert writes_before(world, since, "Overtakes") <= SCENES // 2
        assert world.stats("pending") > 0
