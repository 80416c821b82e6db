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
    assert stash.errors("{findScenes(ids: [5, 999]) {scenes {id}}}") == ["scene with id 999 not found"]
    assert stash.errors("{findScenes(ids: [5, 5]) {scenes {id}}}") == ["validating ids: duplicate id found: 5"]


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
    assert stash.errors('{findScenes(filter: {sort: "beauty"}) {count}}') == ["invalid sort: beauty"]


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


def test_a_file_is_found_by_its_exact_path_or_there_is_an_error(stash: Running) -> None:
    path = stash.truth(1)["files"][0]
    by_path = "{findFile(path: %s) {path ... on VideoFile {duration}}}"
    assert stash.ask(by_path % json.dumps(path))["findFile"]["path"] == path
    assert stash.ask(by_path % json.dumps(path[:-6] + "*"))["findFile"]["path"].startswith(path[:-6])
    assert stash.errors(by_path % json.dumps(path.upper())) == ["file not found"]
    assert stash.errors('{findFolder(path: "/nowhere") {id}}') == ["folder not found"]


def test_a_scene_is_found_by_hash_or_null(stash: Running) -> None:
    oshash = stash.truth(9)["oshashes"][0]
    assert stash.ask(f'{{findSceneByHash(input: {{oshash: "{oshash}"}}) {{id}}}}')["findSceneByHash"] == {"id": "9"}
    assert stash.ask('{findSceneByHash(input: {oshash: "0"}) {id}}')["findSceneByHash"] is None
    assert stash.ids(f'{{oshash: {{modifier: EQUALS, value: "{oshash}"}}}}') == [9]


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
