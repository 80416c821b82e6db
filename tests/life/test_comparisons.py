"""Comparisons with Plex itself: what is no longer as it was seen, and what is missing on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.life.settled import ITEMS, LISTING, STREAM, asked, item_of
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


@pytest.fixture
def deaf(world: World) -> World:
    """Give a settled world in which the writer hears nothing from Plex."""
    world.control("plex", "fault", kind="status", match=STREAM, status=404)
    world.start("stash_watcher", "plex_writer")
    world.settle()
    return world


def reconciled(world: World) -> Any:
    """Ask for a comparison; return what is retained of it."""
    before = world.ear.json("plex/plex/reconcile").get("at")
    assert world.ear.ask("plex/plex", "reconcile")["status"] == "ok"
    wait_until(lambda: world.ear.json("plex/plex/reconcile").get("at") not in {None, before}, "it to be retained")
    return world.ear.json("plex/plex/reconcile")


def test_an_intact_system_costs_one_light_listing_a_library(deaf: World) -> None:
    reconciled(deaf)
    wait_until(lambda: deaf.stats("pending") == 0, "what was looked at to be done")
    deaf.control("plex", "reset-counts")
    written = len(deaf.writes())
    found = reconciled(deaf)
    assert (found["differing"], found["unsettled"], found["items"]) == (0, 0, len(deaf.items()))
    kinds = asked(deaf)
    kinds.pop(STREAM, None)
    assert kinds[LISTING] == 1
    assert ITEMS not in kinds
    assert len(deaf.writes()) == written


def test_items_replaced_emptied_unmatched_or_edited_by_others_are_put_right(deaf: World) -> None:
    reconciled(deaf)
    wait_until(lambda: deaf.stats("pending") == 0, "what was looked at to be done")
    deaf.control("plex", "replace", ratingKey=item_of(deaf, 1)["ratingKey"])
    deaf.control("plex", "empty", ratingKey=item_of(deaf, 2)["ratingKey"])
    deaf.control("plex", "unmatch", ratingKey=item_of(deaf, 3)["ratingKey"])
    deaf.control("plex", "person", ratingKey=item_of(deaf, 4)["ratingKey"], title="By another", summary="Of another")
    assert reconciled(deaf)["differing"] >= 4
    deaf.settle()


def rows(world: World, kind: str) -> list[dict[str, Any]]:
    """Return all rows of a kind, page by page of two."""
    found: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        answer = world.ear.ask("plex/plex", "gaps", kind=kind, offset=offset, limit=2)
        assert answer["status"] == "ok", answer
        found += answer["data"]["rows"]
        offset = answer["data"]["next"]
    return found


def test_gaps_tell_all_four_kinds_both_ways(running: World) -> None:
    running.ear.ask("plex/plex", "pause")
    foreign = [f"/media/not in Stash {n}.mp4" for n in range(5)]
    running.control("plex", "items", section="1", files=foreign)
    emptied = item_of(running, 2)
    running.control("plex", "empty", ratingKey=emptied["ratingKey"])
    gone = item_of(running, 3)
    running.control("plex", "remove", ratingKey=gone["ratingKey"])
    running.edit(4, title="Changed while paused")
    wait_until(lambda: running.ear.json("stash/scene/4").get("title") == "Changed while paused", "the edit to arrive")
    assert running.ear.ask("plex/plex", "gaps", kind="odd")["status"] == "error"
    found = {kind: rows(running, kind) for kind in ("plex_without_scene", "scene_without_item", "empty_item", "stale")}
    assert sorted(row["path"] for row in found["plex_without_scene"]) == foreign
    assert [row["scene"] for row in found["scene_without_item"]] == [3]
    assert [(row["scene"], row["rating_key"]) for row in found["empty_item"]] == [(2, str(emptied["ratingKey"]))]
    assert [(row["scene"], row["title"]) for row in found["stale"]] == [(4, "Changed while paused")]
    report = running.ear.json("plex/plex/gaps")
    assert report["counts"] == {kind: len(each) for kind, each in found.items()}
    assert report["first"] == found
    assert set(report["oldest"]) == set(found)
    assert (report["items"], report["scenes"]) == (len(running.items()), 20)
