"""The broker killed, restarted empty, from an older copy or with Mosquitto's own limits: Plex ends true to Stash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.delivery.test_kills import scene_topics
from tests.stories.world import World
from tools.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story


def restart(world: World, how: str) -> None:
    """Kill the broker and start it as it was last saved, empty, or from the copy made before."""
    world.broker.kill()
    if how == "empty":
        world.broker.wipe()
    elif how == "older":
        world.broker.restore()
    world.ear.newest.clear()
    world.broker.start()


@pytest.mark.parametrize("how", ["as saved", "empty", "older"])
@pytest.mark.parametrize("away", [(), ("stash_watcher",), ("plex_writer",), ("stash_watcher", "plex_writer")])
def test_a_broker_that_lost_state_gets_it_back(running: World, how: str, away: tuple[str, ...]) -> None:
    running.broker.save()
    running.edit(1, title="After the copy was made", tags=["Fresh"])
    running.settle()
    running.control("stash", "do", op="scene_destroy", id=20)
    running.ear.ask("stash", "sweep")
    wait_until(lambda: len(scene_topics(running)) == 19, "the removed scene to go")
    for name in away:
        running.services[name].stop()
    restart(running, how)
    running.edit(2, title="While some were away")
    for name in away:
        running.start(name)
    wait_until(lambda: len(scene_topics(running)) == 19, "every scene, and no zombie", seconds=40)
    running.settle()
    wait_until(lambda: len(outcome_topics(running)) == 19, "every outcome", seconds=40)
    running.edit(3, title="And it goes on")
    running.settle()


def test_nothing_of_a_persons_is_touched_when_all_outcomes_are_lost(running: World) -> None:
    (rating_key,) = running.outcome(4)["items"]
    genres = next(item for item in running.look("plex", "items", ratingKey=rating_key))["genres"]
    running.control("plex", "person", ratingKey=rating_key, genres=[*genres, "A Person's"])
    for name in ("plex_writer", "stash_watcher"):
        running.services[name].stop()
    restart(running, "empty")
    running.start("stash_watcher", "plex_writer")
    wait_until(lambda: len(outcome_topics(running)) == 20, "every outcome again", seconds=40)
    running.settle()
    (item,) = running.look("plex", "items", ratingKey=rating_key)
    assert "A Person's" in item["genres"]


def test_a_broker_with_its_own_limits_is_named_and_nothing_is_taken_for_removed(tmp_path: Path) -> None:
    with World(tmp_path, scenes=1_500, raised_limits=False) as world:
        world.scan_all()
        world.start("stash_watcher", "plex_writer")
        wait_until(lambda: world.ear.json("stash/info").get("scenes") == 1_500, "the first load", seconds=90)
        world.services["plex_writer"].stop()
        world.start("plex_writer")
        wait_until(lambda: "max_queued_messages" in (world.stats("suspect") or ""), "the limit to be named", seconds=60)
        removed = [topic for topic, payload in world.ear.heard if "/scene/" in topic and not payload]
        assert not removed
        world.edit(7, title="Writes go on")
        wait_until(
            lambda: any(item["title"] == "Writes go on" for item in world.items().values()), "the edit", seconds=60
        )


def outcome_topics(world: World) -> set[str]:
    """Return the topics of the outcomes that stand."""
    prefix = "stash2plex/plex/plex/scene/"
    return {topic for topic, payload in list(world.ear.newest.items()) if topic.startswith(prefix) and payload}
