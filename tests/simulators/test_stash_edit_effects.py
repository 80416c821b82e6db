"""What changes leave behind: new entities, moved paths, merged and destroyed rows; and what is refused and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.simulators.stash_process import FILE, Running, furnish, running, soon

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", "30") as stash:
        furnish(stash)
        stash.control("snapshot", name="before the test")
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


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
