"""What people order: pause and resume, which outlive a restart, and another try for what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.life.settled import item_of
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


def paused(world: World) -> bool:
    """Tell whether the writer's state says that it is paused."""
    return bool(world.ear.json("plex/plex/state").get("paused"))


def test_a_pause_holds_through_a_restart_until_resume(running: World) -> None:
    assert "Paused" in running.ear.ask("plex/plex", "pause")["data"]["detail"]
    wait_until(lambda: paused(running), "the pause to be told")
    written = len(running.writes())
    running.edit(2, title="Waits for resume")
    wait_until(lambda: running.stats("pending") == 1, "the edit to be pending")
    running.services["plex_writer"].kill()
    running.start("plex_writer")
    # a new process looks once more at what was written last
    wait_until(lambda: paused(running) and running.stats("pending") > 1, "the new process to be paused")
    assert "already" in running.ear.ask("plex/plex", "pause")["data"]["detail"]
    assert len(running.writes()) == written
    assert "Going on" in running.ear.ask("plex/plex", "resume")["data"]["detail"]
    running.settle()
    assert not paused(running)
    assert running.ear.ask("plex/plex", "resume")["data"]["detail"] == "It was not paused."


@pytest.mark.parametrize("by", [{"ids": [6]}, {"state": "failed"}, {"reason": "put /library/sections/1/ALL"}, {}])
def test_a_dead_letter_says_which_request_was_refused_and_is_tried_again(running: World, by: dict[str, object]) -> None:
    key = str(item_of(running, 6)["ratingKey"])
    running.control("plex", "fault", kind="status", status=400, match="PUT *", ratingKey=key)
    running.edit(6, title="Refused at first")
    wait_until(lambda: running.outcome(6)["state"] == "failed", "the refusal to be recorded")
    assert "PUT /library/sections/1/all" in running.outcome(6)["detail"]
    assert "400" in running.outcome(6)["detail"]
    running.control("plex", "fault", kind="clear")
    assert running.ear.ask("plex/plex", "retry", reason="nothing of the kind")["data"]["scenes"] == 0
    assert running.ear.ask("plex/plex", "retry", state="odd")["status"] == "error"
    assert running.outcome(6)["state"] == "failed"
    assert running.ear.ask("plex/plex", "retry", **by)["data"]["scenes"] == 1
    running.settle()
    wait_until(lambda: running.outcome(6)["state"] == "synced", "the outcome to be told")


def test_a_scene_that_was_set_aside_is_tried_again_at_once(running: World) -> None:
    key = str(item_of(running, 8)["ratingKey"])
    running.control("plex", "fault", kind="status", status=500, match="PUT *", ratingKey=key)
    running.edit(8, title="Set aside at first")
    wait_until(lambda: running.outcome(8)["due"] is not None, "the scene to be set aside")
    running.control("plex", "fault", kind="clear")
    assert running.ear.ask("plex/plex", "retry", ids=[8])["data"]["scenes"] == 1
    running.settle()
