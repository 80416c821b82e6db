"""One broker, one simulated Stash and the watcher as a process, thrown away after each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stash_watcher.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Start a world with the given number of scenes; the watcher only starts when told."""
    worlds: list[World] = []

    def make(**options: object) -> World:
        worlds.append(World(tmp_path, **options))  # type: ignore[arg-type]
        worlds[-1].open()
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Return a world of 60 scenes, loaded."""
    made = make_world(scenes=60)
    made.start()
    made.settle()
    return made
