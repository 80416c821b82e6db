"""What is ours and what a person's: kept apart by item and entry, whatever Plex makes of a value, and after a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.delivery.test_lossy_broker import outcome_topics, restart
from tests.stories.test_edits import item_of, key_of
from tests.stories.world import World, is_bare
from tools.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story


def test_a_plex_that_keeps_values_in_its_own_form_is_not_written_again_and_stays_ours(tmp_path: Path) -> None:
    """Without what Plex showed beside what was sent, `fill` would freeze and `sync` write again at every start."""
    with World(tmp_path, plex=("--normalise",)) as world:
        world.scan_all()
        for scene in world.scenes():
            world.edit(scene["id"], **({"tags": ["Drama"]} if is_bare(scene) else {}))
        world.edit(1, title="two  words", details=" a  line ", studio="a studio", tags=["lower case", "Other"])
        world.start("stash_watcher", "plex_writer", S2P_FIELDS="studio=fill")
        wait_until(lambda: world.outcome(1).get("state") == "synced" and world.stats("pending") == 0, "the first load")
        writes = len(world.writes())
        world.services["plex_writer"].stop()
        world.start("plex_writer", S2P_FIELDS="studio=fill")
        wait_until(lambda: world.ear.json("plex/plex/state")["state"] == "online", "it to be online")
        assert world.ear.ask("plex/plex", "resync")["status"] != "error"
        wait_until(lambda: world.services["plex_writer"].log.read_text().count("compared") >= 2, "the compare")
        wait_until(lambda: world.stats("pending") == 0, "all to be looked at")
        assert len(world.writes()) == writes
        world.edit(1, studio="another one", tags=["Other"])
        wait_until(lambda: str(item_of(world, 1)["studio"]).casefold() == "another one", "`fill` to go on")
        genres = [genre.casefold() for genre in item_of(world, 1)["genres"]]  # type: ignore[attr-defined]
        assert "lower case" not in genres


def test_an_item_that_is_refused_leaves_its_sibling_written_and_recorded(running: World) -> None:
    scene = next(scene for scene in running.scenes() if len(scene["files"]) > 1 and not is_bare(scene))
    number = scene["id"]
    first, second = list(running.outcome(number)["items"])[:2]
    running.control("plex", "fault", kind="status", status=400, ratingKey=second, match="PUT *")
    running.edit(number, title="In one of two", tags=["Of both"])
    wait_until(lambda: running.outcome(number)["state"] == "failed", "the refusal")
    items = running.outcome(number)["items"]
    assert (items[first]["state"], items[second]["state"]) == ("synced", "failed")
    running.control("plex", "fault", kind="clear")
    running.edit(number, tags=["Afterwards"])
    running.settle()
    for key in (first, second):
        (item,) = running.look("plex", "items", ratingKey=key)
        assert "Of both" not in item["genres"]


def test_what_is_ambiguous_after_a_loss_is_told_and_left_alone_until_it_is_adopted(world: World) -> None:
    filled = {"S2P_FIELDS": "studio=fill"}
    world.edit(4, studio="Before")
    world.start("stash_watcher", "plex_writer", **filled)
    wait_until(lambda: world.outcome(4).get("state") == "synced", "the first load")
    key = key_of(world, 4)
    (before,) = world.look("plex", "items", ratingKey=key)
    assert before["studio"] == "Before"
    world.control("plex", "person", ratingKey=key, genres=[*before["genres"], "A Person's"])
    for name in ("plex_writer", "stash_watcher"):
        world.services[name].stop()
    restart(world, "empty")
    world.edit(4, studio="Meanwhile")
    world.start("stash_watcher", "plex_writer", **filled)
    wait_until(lambda: len(outcome_topics(world)) == 20 and world.stats("pending") == 0, "every outcome", seconds=60)
    assert item_of(world, 4)["studio"] == "Before", "nobody can tell whether that is a person's"
    assert "studio" in world.outcome(4)["detail"]
    assert world.ear.ask("plex/plex", "resync", ids=[4], adopt=True)["status"] != "error"
    wait_until(lambda: item_of(world, 4)["studio"] == "Meanwhile", "it to be taken")
    assert "A Person's" in item_of(world, 4)["genres"]  # type: ignore[operator]
    wait_until(lambda: "studio" not in world.outcome(4)["detail"], "nothing to be told any more")
