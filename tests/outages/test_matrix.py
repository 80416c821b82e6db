"""Whatever happens to Plex, and whatever the writer does at that time, everything ends right and nobody is blamed.

`idle`: nothing is to be written when the fault begins. `bulk`: all scenes are. `live`: edits come in all the while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.world import World, is_bare
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.story

FAULTS: dict[str, dict[str, object]] = {
    "down": {"kind": "down"},
    "maintenance": {"kind": "maintenance"},
    "startup": {"kind": "startup"},
    "unauthorized": {"kind": "unauthorized"},
    "html": {"kind": "html"},
    "hang": {"kind": "hang"},
    "status 500": {"kind": "status", "status": 500},
    "status 503": {"kind": "status", "status": 503},
    "status 429": {"kind": "status", "status": 429},
    "truncated": {"kind": "truncated"},
    "reset": {"kind": "reset"},
    "reset after the commit": {"kind": "reset", "commit": True},
    "500 after the commit": {"kind": "status", "status": 500, "commit": True},
    "slow": {"kind": "slow", "ms": 700},
    "late-commit": {"kind": "late-commit", "delay": 4.0, "match": "PUT *", "count": 2},
    "hold": {"kind": "hold", "seconds": 4},
    "sqlite-busy": {"kind": "sqlite-busy", "ms": 700},
}
# these leave Plex slow, or wrong for single requests, and are no outage
NO_OUTAGE = {"slow", "late-commit", "hold", "sqlite-busy"}
SCENES = 12


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, scenes=SCENES) as made:
        made.scan_all()
        for scene in made.scenes():
            if is_bare(scene):
                made.edit(scene["id"], tags=["Drama"])
        yield made


def told(world: World) -> bool:
    """Tell whether the writer has noticed that Plex is not well."""
    return bool(world.ear.json("plex/plex/state").get("plex") != "reachable")


@pytest.mark.parametrize("work", ["idle", "bulk", "live"])
@pytest.mark.parametrize("fault", FAULTS)
def test_everything_ends_right(world: World, fault: str, work: str) -> None:
    world.start("stash_watcher", "plex_writer")
    if work != "bulk":
        world.settle()
    made = world.control("plex", "fault", **FAULTS[fault])
    if work == "bulk":
        for scene_id in range(1, SCENES + 1):
            world.edit(scene_id, title=f"In bulk, {scene_id}")
    if work == "live":
        for turn in range(3):
            for scene_id in (2, 5, 7):
                world.edit(scene_id, title=f"Live, turn {turn}, {scene_id}")
    if work == "idle":
        key = next(iter(world.items().values()))["ratingKey"]
        world.control("plex", "person", ratingKey=key, summary="Changed by another while Plex was away")
        world.edit(3, title="The one edit of an idle time")
    if fault not in NO_OUTAGE:
        wait_until(lambda: told(world), "the outage to be told", seconds=60)
    world.control("plex", "fault", kind="clear", id=made["id"])
    world.settle(seconds=150)
    assert world.stats("failed") == 0
    assert all(outage["until"] for outage in world.ear.json("plex/plex/outages").get("outages", []))
