"""Every kind of change moves exactly the timestamps, and fires exactly the hooks, that it does in Stash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from simulators.stash.edits import OPS
from tests.simulators.stash_process import SECOND, Running, furnish, running

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTITIES = ("tags", "performers", "studios", "groups", "galleries")


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", "30") as stash:
        furnish(stash)
        stash.control("snapshot", name="before the test")
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


@dataclass(frozen=True)
class Look:
    """All times of a Stash: of scenes, markers, files, folders and entities, by kind and id."""

    times: dict[tuple[str, int], str]

    def moved_since(self, before: Look) -> set[str]:
        """Return the kinds of which a row that was there before has another time now."""
        return {kind for (kind, row), at in self.times.items() if before.times.get((kind, row), at) != at}

    def gone_since(self, before: Look) -> set[str]:
        """Return the kinds of which a row that was there before is gone."""
        return {kind for kind, row in before.times.keys() - self.times.keys()}

    def new_since(self, before: Look) -> set[str]:
        """Return the kinds of which there is a row that was not there before."""
        return {kind for kind, row in self.times.keys() - before.times.keys()}


def look(stash: Running) -> Look:
    query = """{
      scenes: findScenes(filter: {per_page: -1}) {rows: scenes {id updated_at}}
      markers: findSceneMarkers(filter: {per_page: -1}) {rows: scene_markers {id updated_at}}
      files: findFiles(filter: {per_page: -1}) {rows: files {id updated_at}}
      folders: findFolders(filter: {per_page: -1}) {rows: folders {id updated_at}}
    }"""
    times = {
        (kind, int(row["id"])): row["updated_at"] for kind, found in stash.ask(query).items() for row in found["rows"]
    }
    for kind in ENTITIES:
        times |= {(kind, row["id"]): row["updated_at"] for row in stash.told(kind)}
    return Look(times)


@dataclass(frozen=True)
class Case:
    """A change, with the kinds of rows it moves, deletes and makes, and the hooks it fires in order."""

    args: dict[str, Any]
    op: str
    moved: str = ""
    fired: str = ""
    gone: str = ""
    new: str = ""


TABLE = [
    Case({"id": 1, "fields": {"title": "x"}}, "scene_update", "scenes", "Scene.Update"),
    Case({"ids": [1, 3], "add_tags": ["Shade"]}, "bulk_scene_update", "scenes", "Scene.Update Scene.Update"),
    Case({"fields": {"title": "x"}}, "scene_create", new="scenes", fired="Scene.Create"),
    Case({"id": 3}, "scene_destroy", gone="scenes", fired="Scene.Destroy"),
    Case({"sources": [3], "destination": 1}, "scene_merge", "scenes", gone="scenes"),
    Case({"id": 1}, "cover_set", "scenes", "Scene.Update"),
    Case({"id": 1, "path": SECOND}, "set_primary_file", "scenes", "Scene.Update"),
    Case({"path": "/data/films/new.mp4"}, "scan_new_file", new="scenes files", fired="Scene.Create"),
    Case({"id": 3, "path": "/data/films/new.mp4"}, "scan_second_file", "scenes", "Scene.Update", new="files"),
    Case({"id": 1}, "scan_changed_file", "files", "Scene.Update"),
    Case({"id": 1, "to": "other.mp4"}, "rename_file", "files", "Scene.Update"),
    Case({"id": 1, "to": "/data/festival/test.mp4"}, "move_file", "files"),
    Case({"path": "/data/films", "to": "/data/movies"}, "rename_folder"),
    Case({"path": SECOND, "id": 3}, "assign_file"),
    Case({"path": SECOND}, "delete_file", gone="files"),
    Case({"path": SECOND}, "clean", "scenes", gone="files"),
    Case({"path": "/data/alone/one.mp4"}, "clean", gone="scenes files", fired="Scene.Destroy"),
    Case({"id": 1, "phash": "00ff"}, "set_fingerprint"),
    Case({"id": 1, "captions": [["en", "srt"]]}, "set_captions"),
    Case({"id": 1}, "generate_cover", "scenes"),
    Case({"ids": [1], "tags": ["Shade"], "performers": ["Understudy"]}, "autotag", "scenes"),
    Case({"id": 1, "fields": {"title": "x"}}, "identify", "scenes", "Scene.Update"),
    Case({"id": 1, "fields": {"tags": ["Shade"]}, "skipped": True}, "identify", "scenes"),
    Case({"id": 1}, "add_play"),
    Case({"id": 1}, "set_o"),
    Case({"id": 1, "resume_time": 30.0, "play_duration": 5.0}, "save_activity"),
    Case({"id": 1, "set": {"title": "x", "tags": ["Shade"]}}, "sql"),
    Case({"scene": 3, "tag": "Shade"}, "marker_create", new="markers", fired="SceneMarker.Create"),
    Case({"id": 1, "title": "x"}, "marker_update", "markers", "SceneMarker.Update"),
    Case({"id": 1}, "marker_destroy", gone="markers", fired="SceneMarker.Destroy"),
    Case({"name": "Colour", "to": "Hue"}, "tag_rename", "tags", "Tag.Update"),
    Case({"name": "Star", "to": "Sun"}, "performer_rename", "performers", "Performer.Update"),
    Case({"name": "House", "to": "Home"}, "studio_rename", "studios", "Studio.Update"),
    Case({"name": "Saga", "to": "Epic"}, "group_rename", "groups", "Group.Update Movie.Update"),
    Case({"title": "New", "scenes": [3]}, "gallery_create", new="galleries", fired="Gallery.Create"),
    Case({"id": 1, "to": "x"}, "gallery_rename", "galleries", "Gallery.Update"),
    Case({"name": "Colour"}, "tag_image", "tags", "Tag.Update"),
    Case({"name": "Star"}, "performer_image", "performers", "Performer.Update"),
    Case({"name": "House"}, "studio_image", "studios", "Studio.Update"),
    Case({"name": "Saga"}, "group_image", "groups", "Group.Update Movie.Update"),
    Case({"name": "Star", "fields": {"disambiguation": "2"}}, "performer_update", "performers", "Performer.Update"),
    Case({"name": "Colour", "fields": {"sort_name": "0"}}, "tag_update", "tags", "Tag.Update"),
    Case({"name": "House", "fields": {"details": "x"}}, "studio_update", "studios", "Studio.Update"),
    Case({"name": "Saga", "fields": {"synopsis": "x"}}, "group_update", "groups", "Group.Update Movie.Update"),
    Case({"name": "New"}, "tag_create", new="tags", fired="Tag.Create"),
    Case({"name": "New"}, "performer_create", new="performers", fired="Performer.Create"),
    Case({"name": "New"}, "studio_create", new="studios", fired="Studio.Create"),
    Case({"name": "New"}, "group_create", new="groups", fired="Group.Create Movie.Create"),
    Case({"name": "Colour"}, "tag_destroy", gone="tags", fired="Tag.Destroy"),
    Case({"name": "Star"}, "performer_destroy", gone="performers", fired="Performer.Destroy"),
    Case({"name": "House"}, "studio_destroy", gone="studios", fired="Studio.Destroy"),
    Case({"name": "Saga"}, "group_destroy", gone="groups", fired="Group.Destroy Movie.Destroy"),
    Case({"kind": "performer", "name": "Star"}, "entity_destroy", gone="performers", fired="Performer.Destroy"),
    Case({"kind": "performer", "refs": ["Star"], "fields": {"details": "x"}}, "batch_entity", "performers"),
    Case({"sources": ["Colour"], "destination": "Shade"}, "tag_merge", gone="tags", fired="Tag.Merge"),
    Case({"sources": ["Star"], "destination": "Understudy"}, "performer_merge", "performers", gone="performers"),
    Case({"name": "House", "parent": "Holding"}, "studio_parent", "studios", "Studio.Update"),
    Case({"name": "Colour", "parents": ["Shade"]}, "tag_parents", "tags", "Tag.Update"),
    Case({"name": "Shade", "children": ["Colour"]}, "tag_children", "tags", "Tag.Update"),
    Case({"name": "Saga", "sub": "Part"}, "sub_group_add"),
    Case({"id": 1, "scenes": [3]}, "gallery_scenes", "galleries", "Gallery.Update"),
]  # fmt: skip


@pytest.mark.parametrize("case", TABLE, ids=lambda case: str(case.op))
def test_what_a_change_moves_and_fires(stash: Running, case: Case) -> None:
    stash.control("clock", offset_s=86400)
    before = look(stash)
    done = stash.do(case.op, **case.args)
    after = look(stash)
    assert after.moved_since(before) == set(case.moved.split())
    assert after.gone_since(before) == set(case.gone.split())
    assert after.new_since(before) == set(case.new.split())
    assert [hook for hook, _id in done["hooks"]] == [f"{name}.Post" for name in case.fired.split()]


def test_the_table_above_and_the_import_below_are_all_there_is() -> None:
    assert {case.op for case in TABLE} | {"json_import"} == set(OPS)


def test_only_the_edited_scene_moves(stash: Running) -> None:
    before = look(stash).times
    stash.do("scene_update", id=4, fields={"title": "x"})
    after = look(stash).times
    assert {key for key in after if before[key] != after[key]} == {("scenes", 4)}
