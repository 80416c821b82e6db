"""Filters of scenes: paths, related rows, operators, and the traps that they have in Stash."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.simulators.stash_process import Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENES = 60


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", str(SCENES)) as stash:
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


def test_only_one_operator_a_level(stash: Running) -> None:
    both = "{findScenes(scene_filter: {AND: {organized: true}, OR: {organized: false}}) {count}}"
    assert stash.errors(both) == ["cannot have AND and OR in the same filter"]


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
