"""Every kind of change that Stash knows reaches the table, each by the mechanism that docs/compatibility.md names.

`look`: the next question for changes, or what it starts at once because something does not add up. `sweep`: nothing in
Stash tells of it, so only a comparison of everything finds it. Sweeps by the clock are off.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.stash_watcher.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.story
Truth = dict[int, dict[str, Any]]


class Change(NamedTuple):
    """A row of the table of changes: what is done to a Stash, given what is in it, and how it is found.

    `proof` is a text that is published then, where the simulator's truth does not tell of it.
    """

    name: str
    found: str
    steps: Callable[[World, Truth], list[dict[str, Any]]]
    proof: str = ""


def shown(truth: Truth, kind: str) -> str:
    """Return an entity that some scenes have, by its name."""
    names = [row[kind] for row in truth.values() if row[kind]]
    return str(names[0][0] if isinstance(names[0], list) else names[0])


def two(truth: Truth, kind: str) -> tuple[str, str]:
    """Return two entities that scenes have."""
    names = dict.fromkeys(name for row in truth.values() for name in row[kind])
    first, second, *_ = names
    return first, second


def entity_id(world: World, kind: str, name: str) -> int:
    """Return an entity's id."""
    return int(next(row["id"] for row in world.look(kind) if row["name"] == name))


def group_of(truth: Truth) -> str:
    """Return a group that some scene is in."""
    return str(next(row["groups"][0][0] for row in truth.values() if row["groups"]))


def marker(world: World) -> dict[str, Any]:
    """Return some marker, with its scene."""
    for scene in world.look("scenes"):
        if scene["markers"]:
            return {**scene["markers"][0], "scene": scene["id"]}
    raise AssertionError("no marker in the sample")


def with_files(truth: Truth, number: int = 1) -> int:
    """Return a scene with so many files."""
    return next(key for key, row in truth.items() if len(row["files"]) == number)


def folder_of(truth: Truth) -> str:
    """Return a folder that has files."""
    return str(truth[with_files(truth)]["files"][0]).rpartition("/")[0]


def merged(world: World, kind: str, names: tuple[str, str]) -> dict[str, Any]:
    """Return a merge of the second entity into the first."""
    plural = f"{kind}s"
    return {
        "op": f"{kind}_merge",
        "sources": [entity_id(world, plural, names[1])],
        "destination": entity_id(world, plural, names[0]),
    }


CHANGES = [
    Change("scene edited", "look", lambda _, __: [{"op": "scene_update", "id": 5, "fields": {"title": "edited"}}]),
    Change(
        "scenes edited in bulk",
        "look",
        lambda _, t: [{"op": "bulk_scene_update", "ids": list(t)[:20], "add_tags": ["bulk"]}],
    ),
    Change("organized and rated", "look", lambda _, __: [
        {"op": "scene_update", "id": 7, "fields": {"organized": True, "rating100": 33}}]),
    Change("scene created", "look", lambda _, __: [{"op": "scene_create", "fields": {"title": "without a file"}}]),
    Change("scan finds a new file", "look", lambda _, __: [{"op": "scan_new_file", "path": "/data/new/a.mp4"}]),
    Change("scan finds a second file", "look", lambda _, __: [
        {"op": "scan_second_file", "id": 5, "path": "/data/new/b.mp4"}]),
    Change("cover generated", "look", lambda _, __: [{"op": "generate_cover", "id": 40}]),
    Change("cover set", "look", lambda _, __: [{"op": "cover_set", "id": 41, "seed": 5}]),
    Change("auto-tag", "look", lambda _, t: [{"op": "autotag", "ids": [7, 8], "tags": [shown(t, "tags")]}]),
    Change("identify", "look", lambda _, __: [{"op": "identify", "id": 9, "fields": {"details": "identified"}}]),
    Change("another primary file", "look", lambda _, __: [
        {"op": "scan_second_file", "id": 12, "path": "/data/new/c.mp4"},
        {"op": "set_primary_file", "id": 12, "path": "/data/new/c.mp4"}]),
    Change("file renamed", "look", lambda _, t: [{"op": "rename_file", "id": with_files(t), "to": "renamed.mp4"}]),
    Change("file moved by moveFiles", "look", lambda _, t: [
        {"op": "move_file", "id": with_files(t), "to": "/data/moved/there.mp4"}]),
    Change("file with new content", "look", lambda _, t: [
        {"op": "scan_changed_file", "id": with_files(t), "oshash": "1234567890abcdef"}], "1234567890abcdef"),
    Change("folder renamed on disk", "sweep", lambda _, t: [
        {"op": "rename_folder", "path": folder_of(t), "to": f"{folder_of(t)} renamed"}]),
    Change("file given to another scene", "sweep", lambda _, __: [
        {"op": "scan_second_file", "id": 13, "path": "/data/new/d.mp4"},
        {"op": "assign_file", "path": "/data/new/d.mp4", "id": 14}]),
    Change("file deleted by deleteFiles", "sweep", lambda _, t: [
        {"op": "delete_file", "path": t[with_files(t)]["files"][0]}]),
    Change("phash generated", "sweep", lambda _, t: [
        {"op": "set_fingerprint", "id": with_files(t), "phash": "00ff00ff00ff00ff"}], "00ff00ff00ff00ff"),
    Change("clean removes a scene", "look", lambda _, t: [{"op": "clean", "id": with_files(t)}]),
    Change("clean removes one of two files", "look", lambda _, __: [
        {"op": "scan_second_file", "id": 15, "path": "/data/new/e.mp4"},
        {"op": "clean", "path": "/data/new/e.mp4"}]),
    Change("scene destroyed", "look", lambda _, t: [{"op": "scene_destroy", "id": list(t)[-1]}]),
    Change("scenes merged", "look", lambda _, t: [
        {"op": "scene_merge", "sources": [list(t)[-2]], "destination": list(t)[-1]}]),
    Change("tag renamed", "look", lambda _, t: [{"op": "tag_rename", "name": shown(t, "tags"), "to": "tag anew"}]),
    Change("performer renamed", "look", lambda _, t: [
        {"op": "performer_rename", "name": shown(t, "performers"), "to": "Performer Anew"}]),
    Change("performer's image", "look", lambda _, t: [{"op": "performer_image", "name": shown(t, "performers")}]),
    Change("performers changed by the stash-box task", "look", lambda _, t: [
        {"op": "batch_entity", "kind": "performer", "refs": [shown(t, "performers")],
         "fields": {"disambiguation": "the other one"}}], "the other one"),
    Change("studio renamed", "look", lambda _, t: [
        {"op": "studio_rename", "name": shown(t, "studio"), "to": "Studio Anew"}]),
    Change("parent studio renamed", "look", lambda _, t: [
        {"op": "studio_rename", "name": shown(t, "studio_parent"), "to": "Network Anew"}]),
    Change("studio below another", "look", lambda _, t: [
        {"op": "studio_create", "name": "A New Network"},
        {"op": "studio_parent", "name": shown(t, "studio"), "parent": "A New Network"}]),
    Change("group renamed", "look", lambda _, t: [{"op": "group_rename", "name": group_of(t), "to": "Group Anew"}]),
    Change("tags merged", "look", lambda w, t: [merged(w, "tag", two(t, "tags"))]),
    Change("performers merged", "look", lambda w, t: [merged(w, "performer", two(t, "performers"))]),
    Change("performer deleted", "look", lambda _, t: [{"op": "performer_destroy", "name": shown(t, "performers")}]),
    Change("studio deleted", "look", lambda _, t: [{"op": "studio_destroy", "name": shown(t, "studio")}]),
    Change("group deleted", "look", lambda _, t: [{"op": "group_destroy", "name": group_of(t)}]),
    Change("tag deleted", "look", lambda _, __: [
        {"op": "scene_update", "id": 16, "fields": {"tags": ["only here"]}},
        {"op": "tag_destroy", "name": "only here"}]),
    Change("a tag deleted and one made at once", "look", lambda _, __: [
        {"op": "scene_update", "id": 16, "fields": {"tags": ["to go", "to stay"]}},
        {"op": "tag_destroy", "name": "to go"},
        {"op": "tag_create", "name": "unused"}]),
    Change("marker created", "look", lambda _, __: [
        {"op": "marker_create", "scene": 17, "tag": "marking", "title": "here", "seconds": 7.5}]),
    Change("marker edited", "look", lambda w, _: [{"op": "marker_update", "id": marker(w)["id"], "title": "edited"}]),
    Change("marker deleted", "look", lambda w, _: [{"op": "marker_destroy", "id": marker(w)["id"]}]),
    Change("marker deleted and one made at once", "look", lambda w, _: [
        {"op": "marker_destroy", "id": marker(w)["id"]},
        {"op": "marker_create", "scene": 18, "tag": "marking", "title": "there", "seconds": 1}]),
    Change("tag of a marker renamed", "look", lambda w, _: [
        {"op": "tag_rename", "name": marker(w)["tag"], "to": "Marked Anew"}]),
    Change("tag of a marker merged", "look", lambda _, __: [
        {"op": "marker_create", "scene": 19, "tag": "for the merge", "title": "m", "seconds": 3},
        {"op": "tag_create", "name": "goal of the merge"},
        {"op": "tag_merge", "sources": ["for the merge"], "destination": "goal of the merge"}]),
    Change("edited in the database", "sweep", lambda _, __: [
        {"op": "sql", "table": "scenes", "id": 20, "set": {"title": "silently"}}]),
]  # fmt: skip


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start one world for all of them, with no sweep by the clock."""
    world = World(tmp_path_factory.mktemp("changes"), scenes=120)
    try:
        world.open()
        world.start(S2P_STASH_SWEEP="never")
        world.settle(covered=True)
        yield world
    finally:
        world.close()


def do(world: World, steps: list[dict[str, Any]]) -> None:
    """Make changes one after the other."""
    for step in steps:
        world.do(**step)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_change_is_published(settled: World, change: Change) -> None:
    settled.settle()
    # an image's address has the second of its last change, so that a second change in one second shows nowhere
    now = settled.look("stats")["now"]
    settled.until(lambda: settled.look("stats")["now"] > now, "another second")
    before, rows = settled.truth(), settled.rows()
    do(settled, change.steps(settled, before))
    if change.found == "sweep":
        settled.ear.ask("stash", "sweep")
    settled.until(lambda: settled.rows() != rows, "something to be published", pause=0.2)
    settled.settle()
    assert change.proof in json.dumps(settled.rows(), ensure_ascii=False)


def test_no_change_was_left_to_a_sweep_that_should_not_be(settled: World) -> None:
    """Whatever only a sweep finds stays unseen by looks: else the table would promise too little."""
    settled.settle()
    wrong = next(change for change in CHANGES if change.found == "sweep")
    do(settled, wrong.steps(settled, settled.truth()))
    settled.control("reset-stats")
    settled.until(lambda: settled.look("stats")["requests"].get("Look", 0) >= 4, "some looks")
    assert settled.differences()
    settled.ear.ask("stash", "sweep")
    settled.settle()
