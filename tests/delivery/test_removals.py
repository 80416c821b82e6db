"""Gone is gone, and only what is gone: removals reach the outcomes, whoever was away, and never by a table in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.delivery.test_kills import scene_topics
from tests.delivery.test_lossy_broker import outcome_topics, restart
from tests.stories.test_edits import key_of
from tests.stories.world import World
from tools.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story


def test_a_scene_removed_while_the_writer_was_away_loses_its_outcome_and_keeps_its_item(running: World) -> None:
    key, title = key_of(running, 7), running.items()[running.mapped(running.scenes()[6]["files"][0])]["title"]
    running.services["plex_writer"].kill()
    running.control("stash", "do", op="scene_destroy", id=7)
    wait_until(lambda: len(scene_topics(running)) == 19, "the scene to go")
    running.start("plex_writer")
    wait_until(lambda: len(outcome_topics(running)) == 19, "its outcome to go")
    (left,) = running.look("plex", "items", ratingKey=key)
    assert left["title"] == title


def test_a_scene_removed_while_the_broker_lost_everything_leaves_no_outcome(running: World) -> None:
    """Nobody sends its removal: the watcher finds no row of it and the writer gives its outcome back."""
    running.broker.kill()
    running.broker.wipe()
    running.control("stash", "do", op="scene_destroy", id=7)
    running.ear.newest.clear()
    running.broker.start()
    wait_until(lambda: len(scene_topics(running)) == 19, "the others to be back", seconds=60)
    wait_until(lambda: len(outcome_topics(running)) == 19, "no outcome of it", seconds=60)
    running.settle()


def test_many_scenes_missing_at_once_are_believed_when_a_person_says_so(tmp_path: Path) -> None:
    with World(tmp_path, scenes=60) as world:
        world.scan_all()
        for number in range(1, 61):
            world.edit(number, tags=["Drama"])
        world.start("stash_watcher", "plex_writer")
        world.settle(seconds=60)
        world.services["plex_writer"].stop()
        restart(world, "as saved")
        world.control("stash", "do", op="scene_destroy", ids=list(range(1, 46)))
        assert world.ear.ask("stash", "sweep", confirm=True)["status"] != "error"
        wait_until(lambda: len(scene_topics(world)) == 15, "the scenes to go", seconds=60)
        world.broker.save()
        world.services["stash_watcher"].stop()
        world.start("plex_writer")
        wait_until(lambda: world.stats("pending") == 0, "what the session tells")
        wait_until(lambda: len(outcome_topics(world)) <= 60, "the outcomes")
        world.start("stash_watcher")
        assert world.ear.ask("plex/plex", "reconcile", confirm=True)["status"] != "error"
        wait_until(lambda: len(outcome_topics(world)) == 15, "their outcomes to go", seconds=60)


@pytest.mark.parametrize("scenes", [2, 3])
def test_a_small_library_may_lose_most_of_its_scenes(tmp_path: Path, scenes: int) -> None:
    with World(tmp_path, scenes=scenes) as world:
        world.scan_all()
        for number in range(1, scenes + 1):
            world.edit(number, tags=["Drama"])
        world.start("stash_watcher", "plex_writer")
        world.settle()
        world.control("stash", "do", op="scene_destroy", ids=list(range(1, scenes)))
        assert world.ear.ask("stash", "sweep")["status"] != "error"
        wait_until(lambda: len(scene_topics(world)) == 1, "the scenes to go")
        wait_until(lambda: len(outcome_topics(world)) == 1, "their outcomes to go")
