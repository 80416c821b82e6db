"""What was written for a scene is known for ours by the next scene that has its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


def test_the_values_of_a_merged_scene_go_from_its_item_and_a_persons_stay(running: World) -> None:
    """Seen with `./run chaos --seed 2`: the losing scene's outcome went, and its tags counted as a person's."""
    running.edit(1, title="Gaining", details="", tags=["One"], performers=[])
    running.edit(2, title="Losing", details="Gone with the scene.", tags=["Two"], performers=["Ada"])
    running.settle()
    (path,) = next(scene for scene in running.scenes() if scene["id"] == 2)["files"]
    key = running.items()[running.mapped(path)]["ratingKey"]
    running.control("plex", "person", ratingKey=key, genres=["Two", "Mine"])
    running.control("stash", "do", op="scene_merge", sources=[2], destination=1)

    def shown() -> dict[str, Any]:
        item: dict[str, Any] = running.look("plex", "items", ratingKey=key)[0]
        return item

    wait_until(lambda: shown()["title"] == "Gaining", "the item to be the gaining scene's", seconds=60)
    running.settle(seconds=60)
    wait_until(lambda: sorted(shown()["genres"]) == ["Mine", "One"], "the losing scene's tags to go", seconds=60)
    assert shown()["actors"] == []
    assert shown()["summary"] == ""
