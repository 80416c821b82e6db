"""An edit in Stash reaches Plex, with few requests and without harm to what a person did there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


def key_of(world: World, scene_id: int) -> str:
    """Return the rating key of the item that a scene was written to."""
    (rating_key,) = world.outcome(scene_id)["items"]
    return str(rating_key)


def item_of(world: World, scene_id: int) -> dict[str, object]:
    """Return the Plex item that a scene was written to."""
    (item,) = world.look("plex", "items", ratingKey=key_of(world, scene_id))
    found: dict[str, object] = item
    return found


def test_every_field_of_an_edit_arrives(running: World) -> None:
    fields = {
        "title": "A New Title, with commas & more",
        "details": "First paragraph.\n\nSecond: with ünïcode 🎬.",
        "date": "2021-03-04",
        "studio": "Another Studio",
        "performers": ["Ada, the First", "Grace"],
        "tags": ["Drama", "Sci-Fi & Fantasy"],
    }
    running.edit(3, **fields)
    wait_until(lambda: item_of(running, 3)["title"] == fields["title"], "the edit to arrive")
    running.settle()
    item = item_of(running, 3)
    assert item["originallyAvailableAt"] == "2021-03-04"
    assert item["studio"] == "Another Studio"
    assert {"Drama", "Sci-Fi & Fantasy"} <= set(item["genres"])  # type: ignore[call-overload]
    assert {"title", "summary", "studio", "genre", "actor"} <= set(item["locks"])  # type: ignore[call-overload]


def test_one_edit_costs_one_read_one_write_and_one_look(running: World) -> None:
    running.control("plex", "reset-counts")
    running.edit(4, title="Only this")
    wait_until(lambda: item_of(running, 4)["title"] == "Only this", "the edit to arrive")
    running.settle()
    kinds = running.look("plex", "counts")["kinds"]
    assert kinds.get("PUT /library/sections/{section}/all") == 1
    assert kinds.get("GET /library/metadata/{ids}") == 2


def test_an_edit_that_changes_nothing_in_plex_costs_no_request(running: World) -> None:
    before = running.outcome(5)["seq"]
    running.control("plex", "reset-counts")
    running.edit(5, organized=not running.scenes()[4]["organized"])
    wait_until(lambda: running.outcome(5)["seq"] > before, "the scene to be handled")
    kinds = running.look("plex", "counts")["kinds"]
    assert not any("metadata" in kind or kind.startswith("PUT") for kind in kinds), kinds


def test_a_tag_removed_in_stash_goes_and_a_persons_tag_stays(running: World) -> None:
    running.edit(6, tags=["Ours One", "Ours Two"])
    wait_until(lambda: "Ours Two" in item_of(running, 6)["genres"], "our tags")  # type: ignore[operator]
    genres = [*item_of(running, 6)["genres"], "A Person's"]  # type: ignore[misc]
    running.control("plex", "person", ratingKey=key_of(running, 6), genres=genres)
    running.edit(6, tags=["Ours One"])
    wait_until(lambda: "Ours Two" not in item_of(running, 6)["genres"], "our tag to go")  # type: ignore[operator]
    assert {"Ours One", "A Person's"} <= set(item_of(running, 6)["genres"])  # type: ignore[call-overload]


def test_a_removed_scene_loses_its_outcome_and_keeps_its_item(running: World) -> None:
    item = item_of(running, 7)
    key = key_of(running, 7)
    running.control("stash", "do", op="scene_destroy", id=7)
    assert running.ear.ask("stash", "sweep")["status"] in {"ok", "started"}
    wait_until(lambda: not running.outcome(7), "the outcome to be cleared")
    (left,) = running.look("plex", "items", ratingKey=key)
    assert left["title"] == item["title"]


def test_a_scene_that_plex_does_not_have_waits_and_is_written_once_it_does(running: World) -> None:
    made = running.control("stash", "do", op="scan_new_file", path="/data/New Folder/Late Arrival.mp4")
    scene = next(scene for scene in running.scenes() if "Late Arrival" in scene["files"][0])
    running.edit(scene["id"], title="Late Arrival", details="It comes late.", tags=["Drama"])
    wait_until(lambda: running.outcome(scene["id"]).get("state") == "waiting", f"{made} to wait")
    assert "/media/New Folder/Late Arrival.mp4" in running.outcome(scene["id"])["detail"]
    running.control("plex", "items", section="1", files=["/media/New Folder/Late Arrival.mp4"])
    wait_until(lambda: running.outcome(scene["id"]).get("state") == "synced", "it to be written")
    assert item_of(running, scene["id"])["title"] == "Late Arrival"


def test_a_foreign_payload_is_counted_with_its_topic_and_the_rest_goes_on(running: World) -> None:
    running.ear.tell("stash/scene/999999", b"\x00not json", retain=True)
    running.ear.tell("stash/scene/999998", b'{"v":99,"id":999998}', retain=True)
    running.edit(8, title="Goes On")
    wait_until(lambda: item_of(running, 8)["title"] == "Goes On", "the edit to arrive")
    wait_until(lambda: running.stats("undecodable")["count"] == 2, "both to be counted")
    last = " ".join(running.stats("undecodable")["last"])
    assert "stash2plex/stash/scene/999999" in last
    assert "version 99" in last
    assert not running.outcome(999998)


def test_an_outcome_that_cannot_be_read_is_left_alone_and_the_rest_goes_on(running: World) -> None:
    running.services["plex_writer"].stop()
    newer = b'{"v":2,"id":10,"wrote":"in a form of the future"}'
    running.ear.tell("plex/plex/scene/10", newer, retain=True)
    running.start("plex_writer")
    running.edit(10, title="Not Written")
    running.edit(11, title="Written")
    wait_until(lambda: item_of(running, 11)["title"] == "Written", "the other scene")
    wait_until(lambda: running.stats("pending") == 0, "both to be handled")
    assert running.ear.newest["stash2plex/plex/plex/scene/10"] == newer
    assert "Not Written" not in {item["title"] for item in running.items().values()}
    wait_until(lambda: running.stats("undecodable")["count"] >= 1, "it to be counted")


def test_an_item_that_holds_files_of_two_scenes_belongs_to_the_newer_one(running: World) -> None:
    merged, other = key_of(running, 2), key_of(running, 3)
    running.control("plex", "merge", ratingKeys=[merged, other])
    running.edit(3, title="The Newer Owns It")
    running.services["plex_writer"].stop()
    running.start("plex_writer")
    wait_until(lambda: running.outcome(2).get("state") == "ambiguous", "the older scene to step back")
    wait_until(lambda: item_of(running, 3)["title"] == "The Newer Owns It", "the newer one's edit")
    assert key_of(running, 3) == merged
    assert f"item {merged}" in running.outcome(2)["detail"]
    assert running.outcome(3)["state"] == "synced"
