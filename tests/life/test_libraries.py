"""Libraries that are renamed, rebuilt, or lie elsewhere all of a sudden: said as such, and nothing is rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.life.settled import asked, item_of, listening
from tests.stories.world import World, is_bare
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.story


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a library with a second folder, which the path rules do not know."""
    with World(tmp_path, plex=("--library", "Movies=/mnt/films")) as made:
        made.scan_all()
        for scene in made.scenes():
            if is_bare(scene):
                made.edit(scene["id"], tags=["Drama"])
        yield made


def why(world: World) -> str:
    return str(world.ear.json("plex/plex/state").get("why", ""))


def put(world: World) -> int:
    """Return how many edits Plex was asked for."""
    return asked(world).get("PUT /library/sections/{section}/all", 0)


def test_a_library_that_is_not_there_is_named_with_those_that_are(world: World) -> None:
    world.start("stash_watcher", "plex_writer", S2P_PLEX_LIBRARIES="Filme")
    wait_until(lambda: "Filme" in why(world), "the missing library to be told")
    assert "Movies (1)" in why(world)
    token = {"X-Plex-Token": "T"}
    renamed = world.http.put(f"{world.plex.url}/library/sections/1?agent=none&name=Filme", headers=token)
    renamed.raise_for_status()
    world.settle(seconds=90)
    wait_until(lambda: why(world) == "", "all to be well")
    world.http.put(f"{world.plex.url}/library/sections/1?agent=none&name=Movies", headers=token).raise_for_status()
    world.ear.ask("plex/plex", "reconcile")
    wait_until(lambda: "Movies (1)" in why(world), "the library to be missed")
    assert world.stats("waiting") == 0
    assert world.outcome(3)["state"] == "synced"


def test_a_library_that_was_built_anew_is_filled_again(world: World) -> None:
    world.start("stash_watcher", "plex_writer")
    world.settle()
    listening(world)
    before = item_of(world, 5)["ratingKey"]
    for item in world.items().values():
        world.control("plex", "remove", ratingKey=item["ratingKey"])
    wait_until(lambda: world.stats("waiting") == 20, "all to wait")
    world.scan_all()
    world.settle(seconds=90)
    assert item_of(world, 5)["ratingKey"] != before


def test_files_that_lie_elsewhere_all_at_once_are_said_to_and_nothing_is_written(world: World) -> None:
    world.start("stash_watcher", "plex_writer")
    world.settle()
    listening(world)
    paths = [path for item in world.items().values() for path in item["files"]]
    written = put(world)
    for path in paths:
        world.control("plex", "move", **{"from": path, "to": path.replace("/media/", "/mnt/films/", 1)})
    world.ear.ask("plex/plex", "reconcile")
    wait_until(lambda: "S2P_PATHS" in why(world) and "/mnt/films" in why(world), "the move to be told")
    wait_until(lambda: world.stats("waiting") == 20, "all to wait")
    for path in paths:
        world.control("plex", "move", **{"to": path, "from": path.replace("/media/", "/mnt/films/", 1)})
    world.settle(seconds=90)
    wait_until(lambda: world.stats("waiting") == 0, "nobody to wait")
    world.ear.ask("plex/plex", "reconcile")
    wait_until(lambda: why(world) == "", "all to be well")
    assert put(world) == written
