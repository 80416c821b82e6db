"""Worlds in which the writer has settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.life.settled import listening
from tests.stories.world import World, is_bare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give 20 scenes, none of them bare, that Plex has the files of; no service runs yet."""
    with World(tmp_path) as made:
        made.scan_all()
        for scene in made.scenes():
            if is_bare(scene):
                made.edit(scene["id"], tags=["Drama"])
        yield made


@pytest.fixture
def running(world: World) -> World:
    """Give a world in which watcher and writer have done the first load, and the writer hears Plex's events."""
    world.start("stash_watcher", "plex_writer")
    world.settle()
    listening(world)
    return world
