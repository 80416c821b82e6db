"""No clock decides what is newer, and none makes anybody wait for years."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from services.plex_writer import settle
from tests.plex_writer.test_settle import NOW, outcome
from tests.stories.test_edits import item_of
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World


@pytest.mark.story
@pytest.mark.parametrize("offset", [-86_400 * 30, 3_600, 86_400 * 30])
def test_a_stash_whose_clock_is_wrong_is_followed(running: World, offset: int) -> None:
    """Ahead, every edit would seem to be of the future; behind, of the past."""
    running.control("stash", "clock", offset_s=offset)
    for turn in range(2):
        running.edit(1, title=f"Edit {turn}")
        wait_until(lambda turn=turn: item_of(running, 1)["title"] == f"Edit {turn}", "the edit")  # type: ignore[misc]
    running.control("stash", "clock", offset_s=0)
    running.edit(2, title="Right again")
    wait_until(lambda: item_of(running, 2)["title"] == "Right again", "the edit by the right clock", seconds=60)


@pytest.mark.story
def test_a_time_to_come_that_has_passed_by_another_clock_is_now(running: World) -> None:
    running.services["plex_writer"].stop()
    left = {**running.outcome(3), "state": "failed", "due": "1970-01-01T00:00:00Z", "detail": "by a clock far behind"}
    running.ear.tell("plex/plex/scene/3", json.dumps(left).encode(), retain=True)
    running.start("plex_writer")
    wait_until(lambda: running.outcome(3)["state"] == "synced", "it to be tried again")


@pytest.mark.story
def test_epochs_grow_though_the_clock_was_ahead_once(running: World) -> None:
    """Whatever was published by a clock of the next century is older than what is published now."""
    for name in ("plex_writer", "stash_watcher"):
        running.services[name].stop()
    ahead = int(dt.datetime(2100, 1, 1, tzinfo=dt.UTC).timestamp() * 1000)
    row = {**running.ear.json("stash/scene/4"), "epoch": ahead, "title": "By a clock of the next century"}
    running.ear.tell("stash/scene/4", json.dumps(row).encode(), retain=True)
    running.start("plex_writer")
    wait_until(lambda: item_of(running, 4)["title"] == row["title"], "it to be written")
    running.start("stash_watcher")
    running.edit(4, title="By a clock that is right")
    running.settle()
    assert running.ear.json("stash/scene/4")["epoch"] > ahead


def test_a_time_to_come_is_never_more_than_a_day_away() -> None:
    far = outcome(state="failed", due="2099-01-01T00:00:00Z")
    assert settle.seconds_until_due(far, NOW) == settle.DAY
    assert settle.seconds_until_due(outcome(state="failed", due="1999-01-01T00:00:00Z"), NOW) == 0.0
