"""Newer means a larger stamp: what a broker sends again, or came back with, never takes the place of what is newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.test_edits import item_of
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


def compared_again(world: World) -> int:
    """Return how often the writer has compared."""
    return world.services["plex_writer"].log.read_text().count("compared")


def titled(world: World, scene_id: int, title: str) -> bool:
    """Tell whether Plex shows a scene's title."""
    return item_of(world, scene_id)["title"] == title


def test_a_message_that_comes_again_does_not_undo_what_is_newer(running: World) -> None:
    """The copy still has a queued edit that was delivered, handled and replaced by a newer one since it was made."""
    running.services["plex_writer"].stop()
    running.edit(1, title="The older")
    wait_until(lambda: running.ear.json("stash/scene/1")["title"] == "The older", "it to be queued")
    running.broker.save()
    running.start("plex_writer")
    wait_until(lambda: titled(running, 1, "The older"), "the older to be written")
    running.edit(1, title="The newer")
    wait_until(lambda: titled(running, 1, "The newer"), "the newer to be written")
    running.settle()
    running.broker.kill()
    running.broker.restore()
    before = len(running.writes())
    running.ear.newest.clear()
    running.broker.start()
    wait_until(
        lambda: running.ear.json("stash/scene/1").get("title") == "The newer", "the newer on the bus", seconds=60
    )
    running.settle()
    assert "The older" not in [write["after"]["title"] for write in running.writes()[before:]]


def test_an_older_copy_is_not_believed_while_the_watcher_is_away(running: World) -> None:
    """What was made since is not taken for gone either: its outcome tells which of Plex's values are ours."""
    running.broker.save()
    running.edit(1, title="Since the copy", tags=["Since"])
    made = running.control("stash", "do", op="scan_new_file", path="/data/Since/Since.mp4")["id"]
    running.control("plex", "items", section="1", files=["/media/Since/Since.mp4"])
    running.edit(made, title="Made since", tags=["Since"])
    running.settle()
    running.services["stash_watcher"].kill()
    before, compared = len(running.writes()), compared_again(running)
    running.broker.kill()
    running.broker.restore()
    running.ear.newest.clear()
    running.broker.start()
    wait_until(lambda: compared_again(running) > compared, "the writer to compare")
    wait_until(lambda: running.outcome(made).get("state") == "synced", "the outcome to be given back")
    wait_until(lambda: running.stats("pending") == 0, "nothing to be pending")
    assert titled(running, 1, "Since the copy")
    assert len(running.writes()) == before
    assert not [t for t, payload in list(running.ear.heard) if t.endswith(f"plex/plex/scene/{made}") and not payload]
    running.start("stash_watcher")
    running.edit(made, tags=["Later"])
    running.settle()
    wait_until(lambda: "Since" not in item_of(running, made)["genres"], "our older tag to go")  # type: ignore[operator]


def test_an_outcome_survives_the_watcher_that_starts_over_an_older_copy(running: World) -> None:
    """The watcher's new epoch must not make what it has not looked at yet seem gone."""
    running.broker.save()
    made = running.control("stash", "do", op="scan_new_file", path="/data/Since/Since.mp4")["id"]
    running.control("plex", "items", section="1", files=["/media/Since/Since.mp4"])
    running.edit(made, title="Made since", tags=["Since"])
    running.settle()
    running.services["stash_watcher"].kill()
    running.broker.kill()
    running.broker.restore()
    heard = len(running.ear.heard)
    running.control("stash", "fault", kind="down")
    running.broker.start()
    running.start("stash_watcher")
    wait_until(lambda: running.ear.json("stash/state").get("stash") == "unreachable", "the watcher to look for Stash")
    assert running.ear.ask("plex/plex", "reconcile")["status"] != "error"
    compared = compared_again(running)
    wait_until(lambda: compared_again(running) > compared or running.stats("pending") == 0, "the writer to compare")
    running.control("stash", "fault", kind="clear")
    running.edit(made, tags=["Later"])
    running.settle(seconds=60)
    cleared = [t for t, payload in running.ear.heard[heard:] if t.endswith(f"plex/plex/scene/{made}") and not payload]
    assert not cleared
    wait_until(lambda: "Since" not in item_of(running, made)["genres"], "our older tag to go")  # type: ignore[operator]


def test_a_file_that_plex_finds_while_the_broker_tells_older_scenes_is_written_once_it_tells_newer(
    running: World,
) -> None:
    """Seen with `./run chaos --seed 2`: the wake-up met a scene older than the one handled, and was taken for done."""
    made = running.control("stash", "do", op="scan_new_file", path="/data/Late/Late.mp4")["id"]
    running.edit(made, title="First", tags=["Drama"])
    wait_until(lambda: running.outcome(made).get("state") == "waiting", "the scene to wait")
    running.broker.save()
    running.edit(made, title="Second", tags=["Drama"])
    wait_until(lambda: running.ear.json(f"stash/scene/{made}").get("title") == "Second", "the edit on the bus")
    newest = running.ear.json(f"stash/scene/{made}")["seq"]
    wait_until(lambda: running.outcome(made).get("seq") == newest, "the edit to be handled")
    running.services["stash_watcher"].kill()
    compared = compared_again(running)
    running.broker.kill()
    running.broker.restore()
    running.broker.start()
    wait_until(lambda: compared_again(running) > compared, "the writer to compare")
    wait_until(lambda: running.stats("pending") == 0, "nothing to be pending")
    running.control("plex", "reset-counts")
    running.control("plex", "items", section="1", files=["/media/Late/Late.mp4"])
    wait_until(lambda: looked(running), "the writer to look at what Plex has", seconds=60)
    wait_until(lambda: running.stats("pending") == 0, "nothing to be pending")
    running.start("stash_watcher")
    wait_until(lambda: running.outcome(made).get("state") == "synced", "the scene to be written", seconds=60)
    assert titled(running, made, "Second")


def looked(world: World) -> bool:
    """Tell whether the writer has read items or a listing since the counts were reset."""
    kinds = world.look("plex", "counts")["kinds"]
    return any(kind.startswith(("GET /library/metadata/", "GET /library/sections/")) for kind in kinds)
