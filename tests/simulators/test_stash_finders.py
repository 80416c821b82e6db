"""Finders: pages, orders, ids, paths and related filters, with the traps that they have in Stash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulators.stash_process import Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENES = 60
LISTS = "Tags Performers Studios Groups Movies Galleries SceneMarkers Files Folders"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", str(SCENES)) as stash:
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


def page(stash: Running, arguments: str, fields: str = "count scenes{id}") -> Any:
    return stash.ask(f"{{findScenes({arguments}) {{{fields}}}}}")["findScenes"]


def errors(stash: Running, query: str) -> list[str]:
    answer = stash.post(query)
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    return [error["message"] for error in answer.json()["errors"]]


def test_keyset_pages_have_every_scene_once(stash: Running) -> None:
    seen: list[int] = []
    while True:
        after = seen[-1] if seen else 0
        keyset = f"scene_filter: {{id: {{modifier: GREATER_THAN, value: {after}}}}}"
        found = page(stash, f'{keyset}, filter: {{sort: "id", direction: ASC, per_page: 7}}')
        assert found["count"] == SCENES - len(seen), "the count is of what is left"
        if not found["scenes"]:
            break
        seen += [int(scene["id"]) for scene in found["scenes"]]
    assert seen == list(range(1, SCENES + 1))


@pytest.mark.parametrize(
    ("per_page", "rows"), [("", 25), ("per_page: 10", 10), ("per_page: -1", SCENES), ("per_page: 0", 0)]
)
def test_a_page_has_25_rows_unless_told_otherwise(stash: Running, per_page: str, rows: int) -> None:
    found = page(stash, f"filter: {{page: 1 {per_page}}}")
    assert (found["count"], len(found["scenes"])) == (SCENES, rows)


def test_one_missing_id_fails_the_whole_request(stash: Running) -> None:
    assert page(stash, "ids: [5, 3]") == {"count": 2, "scenes": [{"id": "5"}, {"id": "3"}]}
    assert errors(stash, "{findScenes(ids: [5, 999]) {scenes {id}}}") == ["scene with id 999 not found"]
    assert errors(stash, "{findScenes(ids: [5, 5]) {scenes {id}}}") == ["validating ids: duplicate id found: 5"]


def test_no_ids_at_all_is_no_filter(stash: Running) -> None:
    assert len(page(stash, "ids: []")["scenes"]) == 25


def test_one_scene_that_is_missing_is_null_and_harms_no_other(stash: Running) -> None:
    assert stash.ask("{a: findScene(id: 5) {id} b: findScene(id: 999) {id}}") == {"a": {"id": "5"}, "b": None}


@pytest.mark.parametrize("kind", LISTS.split())
def test_every_kind_is_listed_by_updated_at(stash: Running, kind: str) -> None:
    rows = {"SceneMarkers": "scene_markers"}.get(kind, kind.lower())
    order = 'filter: {sort: "updated_at", direction: DESC, per_page: -1}'
    query = f"{{found: find{kind}({order}) {{count rows: {rows} {{id updated_at}}}}}}"
    found = stash.ask(query)["found"]
    stamps = [row["updated_at"] for row in found["rows"]]
    assert found["count"] == len(stamps) > 0
    assert stamps == sorted(stamps, reverse=True)


def test_an_unknown_order_is_an_error(stash: Running) -> None:
    assert errors(stash, '{findScenes(filter: {sort: "beauty"}) {count}}') == ["invalid sort: beauty"]


def test_equal_times_come_by_title_and_equal_titles_in_any_order_so_offset_pages_repeat_and_skip(
    stash: Running,
) -> None:
    stash.do("bulk_scene_update", ids=list(range(1, 21)), fields={"title": "The Same"})
    stash.do("bulk_scene_update", ids=[21, 22], fields={"title": "A first"})
    by_time = 'filter: {sort: "updated_at", direction: DESC, per_page: 11, page: %d}'
    first, second = (page(stash, by_time % number)["scenes"] for number in (1, 2))
    found = [int(scene["id"]) for scene in first + second]
    assert set(found[:2]) <= {21, 22}
    assert len(set(found)) < 22


def test_without_an_order_scenes_come_as_an_index_has_them(stash: Running) -> None:
    studios = [scene["studio"] for scene in page(stash, "filter: {per_page: -1}", "scenes {studio {id}}")["scenes"]]
    ids = [int(studio["id"]) if studio else 0 for studio in studios]
    assert ids == sorted(ids)
    assert ids[0] == 0


def test_only_one_operator_a_level(stash: Running) -> None:
    both = "{findScenes(scene_filter: {AND: {organized: true}, OR: {organized: false}}) {count}}"
    assert errors(stash, both) == ["cannot have AND and OR in the same filter"]


def test_an_operator_alone_is_the_whole_filter(stash: Running) -> None:
    assert stash.ids("{OR: {id: {modifier: EQUALS, value: 7}}}") == [7]


def test_not_knows_nothing_of_what_is_null(stash: Running) -> None:
    made = stash.do("scene_create", fields={"title": "No file"})["id"]
    path = json.dumps(stash.truth(1)["files"][0])
    others = stash.ids(f"{{NOT: {{path: {{modifier: EQUALS, value: {path}}}}}}}")
    assert made not in others
    assert len(others) == SCENES - 1
    assert made in stash.ids('{path: {modifier: IS_NULL, value: ""}}')


def test_and_or_not(stash: Running) -> None:
    low, high = "id: {modifier: LESS_THAN, value: 4}", "id: {modifier: GREATER_THAN, value: 58}"
    assert stash.ids(f"{{{low}, OR: {{{high}}}}}") == [1, 2, 3, 59, 60]
    assert stash.ids(f"{{{low}, NOT: {{id: {{modifier: EQUALS, value: 2}}}}}}") == [1, 3]
    assert stash.ids(f"{{{low}, AND: {{id: {{modifier: GREATER_THAN, value: 1}}}}}}") == [2, 3]


def test_a_path_is_compared_with_wildcards_and_over_all_files(stash: Running) -> None:
    stash.do("rename_file", id=1, to="/data/films/a_b.mp4")
    stash.do("rename_file", id=2, to="/data/films/AxB.mp4")
    stash.do("scan_second_file", id=3, path="/data/films/a%b.mp4")
    equals = "{path: {modifier: EQUALS, value: %s}}"
    assert stash.ids(equals % json.dumps("/data/films/a_b.mp4")) == [1, 2, 3]
    assert stash.ids(equals % json.dumps("/data/films/axb.mp4")) == [2]


def test_includes_takes_words_apart_unless_they_are_quoted(stash: Running) -> None:
    stash.do("rename_file", id=1, to="/data/films/one thing.mp4")
    stash.do("rename_file", id=2, to="/data/films/onething.mp4")
    includes = "{path: {modifier: INCLUDES, value: %s}}"
    assert {1, 2} <= set(stash.ids(includes % json.dumps("one thing")))
    assert stash.ids(includes % json.dumps('"one thing"')) == [1]


def test_a_file_is_found_by_its_exact_path_or_there_is_an_error(stash: Running) -> None:
    path = stash.truth(1)["files"][0]
    by_path = "{findFile(path: %s) {path ... on VideoFile {duration}}}"
    assert stash.ask(by_path % json.dumps(path))["findFile"]["path"] == path
    assert stash.ask(by_path % json.dumps(path[:-6] + "*"))["findFile"]["path"].startswith(path[:-6])
    assert errors(stash, by_path % json.dumps(path.upper())) == ["file not found"]
    assert errors(stash, '{findFolder(path: "/nowhere") {id}}') == ["folder not found"]


def test_a_scene_is_found_by_hash_or_null(stash: Running) -> None:
    oshash = stash.truth(9)["oshashes"][0]
    assert stash.ask(f'{{findSceneByHash(input: {{oshash: "{oshash}"}}) {{id}}}}')["findSceneByHash"] == {"id": "9"}
    assert stash.ask('{findSceneByHash(input: {oshash: "0"}) {id}}')["findSceneByHash"] is None
    assert stash.ids(f'{{oshash: {{modifier: EQUALS, value: "{oshash}"}}}}') == [9]


@pytest.mark.parametrize(
    ("kind", "filter_name", "field"),
    [
        ("tag", "tags", "tags"),
        ("performer", "performers", "performers"),
        ("studio", "studios", "studio"),
        ("group", "movies", "groups"),
    ],
)
def test_a_renamed_entity_leads_to_its_scenes_by_the_related_filter(
    stash: Running, kind: str, filter_name: str, field: str
) -> None:
    name = "Only Here"
    stash.do("scene_update", id=8, fields={field: name if field == "studio" else [name]})
    stash.do("scene_update", id=9, fields={field: name if field == "studio" else [name]})
    stash.control("clock", offset_s=3600)
    now = stash.told("stats")["now"]
    renamed = stash.do(f"{kind}_rename", name=name, to="Renamed")
    changed = f'{{updated_at: {{modifier: GREATER_THAN, value: "{now[:19]}"}}}}'
    assert stash.ids(f"{{{filter_name}_filter: {changed}}}") == [8, 9]
    assert stash.ids(f"{{{filter_name}: {{modifier: INCLUDES, value: [{renamed['id']}]}}}}") == [8, 9]
    assert stash.ids(changed) == [], "the scenes themselves have not moved"


def test_depth_takes_sub_studios_and_sub_tags_in(stash: Running) -> None:
    stash.do("scene_update", id=1, fields={"studio": "Daughter", "tags": ["Narrow"]})
    stash.do("studio_create", name="Mother")
    stash.do("studio_parent", name="Daughter", parent="Mother")
    stash.do("tag_create", name="Wide")
    stash.do("tag_parents", name="Narrow", parents=["Wide"])
    for kind, name in (("studio", "Mother"), ("tag", "Wide")):
        held = stash.do(f"{kind}_create", name=name)["id"]
        assert stash.ids(f"{{{kind}s: {{modifier: INCLUDES, value: [{held}]}}}}") == []
        assert stash.ids(f"{{{kind}s: {{modifier: INCLUDES, value: [{held}], depth: -1}}}}") == [1]


def test_a_file_that_moved_is_found_by_the_files_filter(stash: Running) -> None:
    stash.control("clock", offset_s=3600)
    now = stash.told("stats")["now"]
    stash.do("move_file", id=6, to="/data/films/moved.mp4")
    assert stash.ids(f'{{files_filter: {{updated_at: {{modifier: GREATER_THAN, value: "{now[:19]}"}}}}}}') == [6]


def test_the_markers_filter_is_broken_one_match_selects_every_scene(stash: Running) -> None:
    marker = stash.do("marker_create", scene=1, title="Here")["id"]
    stamp = next(iter(stash.ask(f"{{findSceneMarkers(ids: [{marker}]) {{scene_markers {{updated_at}}}}}}").values()))
    since = stamp["scene_markers"][0]["updated_at"][:19]
    changed = f'{{updated_at: {{modifier: GREATER_THAN, value: "{since}"}}}}'
    assert len(stash.ids(f"{{markers_filter: {changed}}}")) == SCENES
    found = stash.ask(f"{{findSceneMarkers(scene_marker_filter: {changed}) {{scene_markers {{scene {{id}}}}}}}}")
    assert found["findSceneMarkers"]["scene_markers"] == [{"scene": {"id": "1"}}]


def test_the_groups_filter_is_ignored(stash: Running) -> None:
    assert len(stash.ids('{groups_filter: {name: {modifier: EQUALS, value: "No such group"}}}')) == SCENES


def test_partial_dates_from_v030_on_compare_as_full_ones(stash: Running) -> None:
    stash.do("scene_update", id=1, fields={"date": "2030"})
    stash.do("scene_update", id=2, fields={"date": "2030-02"})
    assert stash.ask("{findScene(id: 1) {date}}")["findScene"]["date"] == "2030"
    assert stash.ids('{date: {modifier: GREATER_THAN, value: "2029-12-31"}}') == [1, 2]
    assert stash.ids('{date: {modifier: GREATER_THAN, value: "2030-01-01"}}') == [2]


@pytest.mark.parametrize("missing", ["cover", "studio", "performers", "tags", "date", "title", "stash_id"])
def test_what_is_missing_can_be_asked_for(stash: Running, missing: str) -> None:
    held = {"stash_id": "stash_ids"}.get(missing, missing)
    bare = [scene["id"] for scene in stash.told("scenes") if not scene[held]]
    assert stash.ids(f'{{is_missing: "{missing}"}}') == bare


def test_a_scene_may_have_no_file_several_or_an_empty_title(stash: Running) -> None:
    made = stash.do("scene_create", fields={"title": "No file"})["id"]
    assert stash.truth(made)["files"] == []
    assert any(len(scene["files"]) > 1 for scene in stash.told("scenes"))
    assert any(not scene["title"] for scene in stash.told("scenes"))


def test_stream_urls_leak_the_api_key_and_the_screenshots_change_with_every_edit(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(tmp_path_factory.mktemp("keyed"), "--scenes", "3", "--api-key", "SECRET") as stash:
        stash.http.headers["ApiKey"] = "SECRET"
        query = "{findScene(id: 1) {paths {stream screenshot} sceneStreams {url}}}"
        before = stash.ask(query)["findScene"]
        assert before["paths"]["stream"].endswith("?apikey=SECRET")
        assert all(one["url"].endswith("?apikey=SECRET") for one in before["sceneStreams"])
        stash.do("scene_update", id=1, fields={"organized": True})
        assert stash.ask(query)["findScene"]["paths"]["screenshot"] != before["paths"]["screenshot"]


def test_urls_are_as_the_client_or_its_proxy_says_it_asked(stash: Running) -> None:
    query = {"query": "{findScene(id: 1) {paths {screenshot}}}"}
    headers = {"Host": "films.lan:9999", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/stash"}
    answer = stash.http.post("/graphql", json=query, headers=headers).json()
    assert answer["data"]["findScene"]["paths"]["screenshot"].startswith(
        "https://films.lan:9999/stash/scene/1/screenshot?t="
    )


def test_a_windows_server_parts_its_paths_with_backslashes(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("windows"), "--scenes", "3", "--root", "D:\\films") as stash:
        path = stash.truth(1)["files"][0]
        assert path.startswith("D:\\films\\")
        assert "/" not in path
        assert stash.do("rename_file", id=1, to="new.mp4")["path"] == path.rpartition("\\")[0] + "\\new.mp4"


def test_lists_inside_a_scene_have_an_order_of_their_own(stash: Running) -> None:
    boxes = [{"endpoint": f"https://{name}.example", "stash_id": "1"} for name in "ba"]
    fields = {"performers": ["Z Late", "A Early"], "tags": ["10 b", "9 a"], "urls": ["https://b", "https://a"]}
    stash.do("scene_update", id=1, fields={**fields, "stash_ids": boxes})
    stash.do("scene_update", id=2, fields={"performers": ["A Early", "Z Late"]})
    scene, other = (
        stash.ask(f"{{findScene(id: {one}) {{performers {{name}} tags {{name}} urls stash_ids {{endpoint}}}}}}")[
            "findScene"
        ]
        for one in (1, 2)
    )
    assert [one["name"] for one in scene["performers"]] == [one["name"] for one in other["performers"]], "by id"
    assert [one["name"] for one in scene["tags"]] == ["9 a", "10 b"], "by name, in natural order"
    assert scene["urls"] == ["https://b", "https://a"], "as given"
    assert [one["endpoint"] for one in scene["stash_ids"]] == ["https://a.example", "https://b.example"], "by endpoint"


def test_a_full_page_has_names_in_unicode_and_details_of_several_lines(stash: Running) -> None:
    scenes = page(stash, "filter: {per_page: -1}", "scenes {title details files {path fingerprints {type value}}}")[
        "scenes"
    ]
    assert any(not scene["title"].isascii() for scene in scenes)
    assert any("\n\n" in scene["details"] for scene in scenes)
    assert all(scene["files"][0]["fingerprints"][0]["type"] == "oshash" for scene in scenes)
