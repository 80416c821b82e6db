"""Every kind of change moves exactly the timestamps, and fires exactly the hooks, that it does in Stash."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from simulators.stash.edits import OPS
from tests.simulators.stash_process import Running, running, soon

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTITIES = ("tags", "performers", "studios", "groups", "galleries")
FILE, SECOND = "/data/films/test.mp4", "/data/films/test-second.mp4"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", "30") as stash:
        prepare(stash)
        stash.control("snapshot", name="before the test")
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


def prepare(stash: Running) -> None:
    """Give scene 1 one of everything, two files in a folder of their own, and scene 2 nothing of it."""
    held = {
        "studio": "House", "performers": ["Star"], "tags": ["Colour"], "groups": ["Saga"], "galleries": [1],
        "title": "First",
    }  # fmt: skip
    stash.do("rename_file", id=1, to=FILE)
    stash.do("scene_update", id=1, fields=held)
    stash.do("scan_second_file", id=1, path=SECOND)
    stash.do("marker_create", scene=1, tag="Moment", title="Here")
    for kind, name in (("tag", "Shade"), ("performer", "Understudy"), ("studio", "Holding"), ("group", "Part")):
        stash.do(f"{kind}_create", name=name)
    stash.do("clean", id=2)
    stash.do("scan_new_file", path="/data/alone/one.mp4")


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


def test_a_scene_gets_every_field_and_new_names_become_entities(stash: Running) -> None:
    fields = {
        "title": "Größe — a test", "details": "one\n\ntwo", "date": "2020-02-29", "code": "C1", "director": "D",
        "rating100": 77, "organized": True, "urls": ["https://a.example", "https://b.example"], "studio": "New House",
        "performers": ["B Second", "A First"], "tags": ["zebra", "Ähre", "apple"],
        "stash_ids": [{"endpoint": "https://box.example", "stash_id": "42"}],
    }  # fmt: skip
    done = stash.do("scene_update", id=5, fields={**fields, "groups": [{"name": "Row", "index": 3}]})
    truth = stash.truth(5)
    assert {name: truth[name] for name in fields} == {**fields, "tags": ["apple", "zebra", "Ähre"]}
    assert truth["groups"] == [{"name": "Row", "index": 3}]
    created = sorted(hook for hook, _id in done["hooks"] if ".Create." in hook)
    assert created == sorted(
        ["Tag.Create.Post"] * 3 + ["Performer.Create.Post"] * 2
        + ["Studio.Create.Post", "Group.Create.Post", "Movie.Create.Post"]
    )  # fmt: skip
    served = stash.ask("{findScene(id: 5) {tags {name} performers {name} studio {name}}}")["findScene"]
    assert [tag["name"] for tag in served["tags"]] == truth["tags"], "GraphQL and the truth agree"
    assert stash.do("scene_update", id=5, fields={"studio": None, "tags": []})["ok"]
    assert (stash.truth(5)["studio"], stash.truth(5)["tags"]) == (None, [])


def test_a_destroyed_or_merged_entity_leaves_its_scenes_without_a_trace(stash: Running) -> None:
    stash.do("performer_destroy", name="Star")
    stash.do("tag_merge", sources=["Colour"], destination="Shade")
    stash.do("studio_destroy", name="House")
    stash.do("group_destroy", name="Saga")
    truth = stash.truth(1)
    assert (truth["performers"], truth["tags"], truth["studio"], truth["groups"]) == ([], ["Shade"], None, [])


def test_a_merged_scene_hands_its_files_and_markers_over(stash: Running) -> None:
    files = stash.truth(1)["files"] + stash.truth(3)["files"]
    stash.do("scene_merge", sources=[1], destination=3)
    assert sorted(stash.truth(3)["files"]) == sorted(files)
    assert "Here" in [marker["title"] for marker in stash.truth(3)["markers"]]
    assert stash.told("scenes", ids="1") == []


def test_a_renamed_folder_moves_all_paths_below_it(stash: Running) -> None:
    stash.do("rename_folder", path="/data", to="/mnt")
    assert all(path.startswith("/mnt/") for scene in stash.told("scenes") for path in scene["files"])


def test_a_moved_file_has_its_new_path(stash: Running) -> None:
    stash.do("move_file", id=1, to="/data/quite/new/place.mp4")
    assert stash.truth(1)["files"][0] == "/data/quite/new/place.mp4"
    folders = stash.ask("{findFolders(filter: {per_page: -1}) {folders {path parent_folder {path}}}}")["findFolders"]
    parents = {folder["path"]: (folder["parent_folder"] or {}).get("path") for folder in folders["folders"]}
    assert parents["/data/quite/new"] == "/data/quite"


def test_a_scanned_scenes_cover_comes_after_its_hook_and_says_nothing(stash: Running) -> None:
    path = "/data/films/scanned.mp4"
    made = stash.do("scan_new_file", path=path, cover_after_s=0.5)["id"]
    assert stash.http.get(f"/scene/{made}/screenshot").headers["Content-Type"] == "image/svg+xml"
    soon(lambda: stash.http.get(f"/scene/{made}/screenshot").headers["Content-Type"] == "image/png")
    assert stash.told("stats")["hooks"] == {"Scene.Create.Post": 1}


def test_ids_of_deleted_scenes_never_come_back(stash: Running) -> None:
    newest = stash.do("scene_create", fields={"title": "x"})["id"]
    stash.do("scene_destroy", id=newest)
    assert stash.do("scene_create", fields={"title": "y"})["id"] == newest + 1


def test_an_import_starts_the_ids_again_and_takes_times_from_its_files(stash: Running) -> None:
    stash.do("scene_destroy", ids=[1, 3])
    before = {scene["oshashes"][0]: scene for scene in stash.told("scenes") if scene["oshashes"]}
    done = stash.do("json_import", updated_at="2031-01-01T00:00:00+01:00", reverse=True)
    after = stash.told("scenes")
    assert done["hooks"] == []
    assert [scene["id"] for scene in after] == list(range(1, done["scenes"] + 1))
    assert {scene["updated_at"] for scene in after} == {"2031-01-01T00:00:00+01:00"}
    for scene in after:
        same = before[scene["oshashes"][0]] if scene["oshashes"] else scene
        assert {**scene, **_moving(same)} == same
    assert stash.ask("{findScenes(filter: {per_page: -1}) {scenes {tags {name} files {path} scene_markers {id}}}}")


def _moving(scene: dict[str, Any]) -> dict[str, Any]:
    """Return what an import changes of a scene: ids and times."""
    return {name: scene[name] for name in ("id", "updated_at", "markers")}


@pytest.mark.parametrize(
    ("op", "args", "reason"),
    [
        ("fly", {}, "no op fly; there are: add_play,"),
        ("scene_update", {"id": 999, "fields": {}}, "scene with id 999 not found"),
        ("scene_update", {"fields": {}}, "the argument id is missing"),
        ("scene_update", {"id": 1, "fields": {"tilte": "x"}}, "unknown scene fields: tilte"),
        ("scene_update", {"id": 1, "fields": {"date": "yesterday"}}, 'failed to parse date "yesterday"'),
        ("scene_create", {"fields": {}}, "title must be set"),
        ("scene_merge", {"sources": [1], "destination": 1}, "destination scene cannot be in source list"),
        ("tag_rename", {"name": "Colour", "to": "Shade"}, "already exists"),
        ("tag_destroy", {"name": "Moment"}, "used as a primary tag"),
        ("performer_destroy", {"name": "Nobody"}, "performer with id Nobody not found"),
        ("scan_new_file", {"path": FILE}, "there is a file"),
        ("sql", {"id": 1, "set": {"beauty": 1}}, "no such column: beauty"),
        ("cover_set", {"id": 1, "data": "%%%"}, "illegal base64"),
        ("random", {"kinds": ["fly"]}, "no random edits of the kinds fly"),
    ],
)
def test_what_can_not_be_done_is_refused_with_a_reason(
    stash: Running, op: str, args: dict[str, Any], reason: str
) -> None:
    answer = stash.http.post("/control/do", json={"op": op, **args})
    assert answer.status_code == 400
    assert reason in answer.json()["error"]


def test_names_are_unique_together_with_the_disambiguation_only(stash: Running) -> None:
    stash.do("performer_update", name="Understudy", fields={"disambiguation": "2"})
    stash.do("performer_rename", name="Understudy", to="Star")
    assert [row["name"] for row in stash.told("performers")].count("Star") == 2


def test_partial_dates_are_refused_before_v030(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("old"), "--scenes", "60", "--version", "0.29.3") as stash:
        answer = stash.http.post("/control/do", json={"op": "scene_update", "id": 1, "fields": {"date": "2024"}})
        assert answer.status_code == 400
        assert {len(scene["date"] or "0123456789") for scene in stash.told("scenes")} == {10}
