"""The same id, another scene: after a full import, or another Stash, nothing of the one before is taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


def test_after_an_import_each_item_shows_the_scene_that_has_its_file(running: World) -> None:
    """Ids are given in the opposite order, so that every id names another scene than before."""
    before = {number: running.outcome(number)["born"] for number in range(1, 21)}
    running.control("stash", "do", op="json_import", reverse=True)
    wait_until(
        lambda: running.ear.json("stash/state").get("stash") == "replaced", "the import to be noticed", seconds=60
    )
    assert running.ear.ask("stash", "sweep", confirm=True)["status"] != "error"
    born = {scene["id"]: scene["created_at"] for scene in running.scenes()}
    assert born.keys() == before.keys()
    assert sum(born[number] != before[number] for number in born) > 10
    wait_until(lambda: all(running.outcome(n).get("born") == born[n] for n in born), "the new scenes", seconds=90)
    running.settle()
    items = running.items()
    for scene in running.scenes():
        shown = items[running.mapped(scene["files"][0])]["title"]
        assert not scene["title"] or shown == " ".join(scene["title"].split())
