"""A write that had no answer may be carried out after a newer one: the item is read again, and put right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.delivery import shortened
from tests.delivery.test_kills import held
from tests.stories.test_edits import item_of
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story

SOON = {"services.plex_writer.settle.UNSURE": [4.0, 12.0], "services.plex_writer.settle.ASIDE": [2.0, 2.0, 2.0]}


def late(world: World) -> None:
    """Have a write of scene 1 received, given up on, and held back in Plex, and a newer one carried out."""
    world.start("stash_watcher")
    shortened.start(world, "plex_writer", SOON)
    world.settle()
    world.control("plex", "fault", kind="hold", match="PUT *", count=1)
    world.edit(1, title="The older")
    wait_until(lambda: held(world, "plex") == 1, "the write to be held")
    world.edit(1, title="The newer")
    wait_until(lambda: item_of(world, 1)["title"] == "The newer", "the newer to be written", seconds=60)


def test_an_older_write_that_lands_late_is_put_right(world: World) -> None:
    late(world)
    wait_until(lambda: world.outcome(1)["state"] == "synced", "it to be recorded")
    world.control("plex", "release")
    wait_until(lambda: item_of(world, 1)["title"] == "The older", "the older to land")
    wait_until(lambda: item_of(world, 1)["title"] == "The newer", "it to be put right", seconds=60)


@pytest.mark.parametrize("killed", [False, True])
def test_an_entry_that_an_older_write_brings_late_is_ours_to_take_out(world: World, killed: bool) -> None:
    """Under `merge`, where only what is ours goes."""
    world.start("stash_watcher")
    shortened.start(world, "plex_writer", SOON)
    world.settle()
    world.control("plex", "fault", kind="hold", match="PUT *", count=1)
    world.edit(1, title="The older", tags=["Only for a moment"])
    wait_until(lambda: held(world, "plex") == 1, "the write to be held")
    world.edit(1, title="The newer", tags=["Drama"])
    wait_until(lambda: item_of(world, 1)["genres"] == ["Drama"], "the newer to be written", seconds=60)
    wait_until(lambda: world.outcome(1)["state"] == "synced", "it to be recorded")
    if killed:
        world.services["plex_writer"].kill()
    world.control("plex", "release")
    wait_until(lambda: "Only for a moment" in str(item_of(world, 1)["genres"]), "the older to land")
    if killed:
        shortened.start(world, "plex_writer", SOON)
    wait_until(lambda: item_of(world, 1)["genres"] == ["Drama"], "it to be put right", seconds=60)
    wait_until(lambda: not world.outcome(1)["due"], "the last look", seconds=60)
    assert world.outcome(1)["items"].popitem()[1]["late"] is None


def test_it_is_put_right_also_by_a_writer_that_was_killed_meanwhile(world: World) -> None:
    late(world)
    wait_until(lambda: world.outcome(1)["state"] == "synced", "it to be recorded")
    assert world.outcome(1)["due"], "a look is due"
    world.services["plex_writer"].kill()
    world.control("plex", "release")
    wait_until(lambda: item_of(world, 1)["title"] == "The older", "the older to land")
    shortened.start(world, "plex_writer", SOON)
    wait_until(lambda: item_of(world, 1)["title"] == "The newer", "it to be put right", seconds=60)


def test_a_write_to_a_scene_that_is_kept_from_plex_meanwhile_is_looked_up_and_stays_ours(world: World) -> None:
    """The chaos seed that found it: a write had no answer, and all that made the scene worth writing was taken out."""
    world.start("stash_watcher")
    shortened.start(world, "plex_writer", SOON)
    world.settle()
    world.control("plex", "fault", kind="hold", match="PUT *", count=1, when="after")
    world.edit(1, tags=["Ours alone"], performers=[], studio=None, details="", date=None)
    wait_until(lambda: held(world, "plex") == 1, "the write to be carried out and its answer held")
    world.edit(1, tags=[])
    wait_until(lambda: world.outcome(1)["state"] == "skipped", "it to be skipped", seconds=60)
    world.control("plex", "release")
    assert all(item["intent"] is None for item in world.outcome(1)["items"].values()), world.outcome(1)
    assert item_of(world, 1)["genres"] == ["Ours alone"]
    world.edit(1, tags=["Another"])
    wait_until(lambda: item_of(world, 1)["genres"] == ["Another"], "what was ours to go", seconds=60)


def test_an_item_that_never_shows_what_it_took_is_failed_with_a_time_to_come(world: World) -> None:
    """A hold after the commit loses the answer, and a person puts the old value back each time."""
    world.start("stash_watcher")
    shortened.start(world, "plex_writer", SOON)
    world.settle()
    (key,) = world.outcome(1)["items"]
    title = item_of(world, 1)["title"]
    world.control("plex", "fault", kind="status", status=200, body="", match="PUT *", ratingKey=key)
    world.edit(1, title="Swallowed")
    wait_until(lambda: world.outcome(1)["state"] == "failed", "it to be given up for a day", seconds=60)
    assert item_of(world, 1)["title"] == title
    assert world.outcome(1)["due"]
    assert "does not show" in world.outcome(1)["detail"]
