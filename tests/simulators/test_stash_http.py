"""GraphQL over HTTP: what is a request, in which type and status it is answered, and what the server says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.simulators.stash_process import JSON, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

GRAPHQL = "application/graphql-response+json"
PAGE = "{findScenes(filter: {per_page: 5}) {count scenes {id title}}}"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", "50") as stash:
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


def test_the_operation_name_chooses_among_several(stash: Running) -> None:
    both = "query One {findScene(id: 1) {id}} query Two {findScene(id: 2) {id}}"
    answer = stash.http.post("/graphql", json={"query": both, "operationName": "Two"})
    assert answer.json() == {"data": {"findScene": {"id": "2"}}}
    assert stash.http.post("/graphql", json={"query": both, "operationName": "Three"}).status_code == 422
    assert stash.told("stats")["requests"] == {"Two": 1, "Three": 1}


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"query": "{findScenes {"}, 422, "Expected Name, found <EOF>"),
        ({"query": ""}, 422, "no operation provided"),
        (
            {"query": "{findScenes(scene_filter: {nope: 1}) {count}}"},
            422,
            'Field "nope" is not defined by type "SceneFilterType".',
        ),
        ({"query": "query A {version {hash}} query B {version {hash}}"}, 422, "operation  not found"),
        ({"query": "{nothing}"}, 422, 'Cannot query field "nothing" on type "Query"'),
        ({"query": "query($id: ID!) {findScene(id: $id) {id}}"}, 422, "must be defined"),
        ({"query": "query($id: ID!) {findScene(id: $id) {id}}", "variables": {"id": [1]}}, 422, "cannot use"),
        (
            {
                "query": "query($f: SceneFilterType) {findScenes(scene_filter: $f) {count}}",
                "variables": {"f": {"no": 1}},
            },
            422,
            "unknown field",
        ),
        ([], 400, "could not be decoded"),
    ],
)
def test_what_is_not_a_valid_request_is_told_so(stash: Running, body: Any, status: int, message: str) -> None:
    answer = stash.http.post("/graphql", json=body)
    assert answer.status_code == status
    assert message in answer.json()["errors"][0]["message"]
    assert answer.json()["data"] is None


def test_a_form_is_no_graphql_request_and_a_get_is_one(stash: Running) -> None:
    form = stash.http.post("/graphql", data={"query": PAGE})
    assert (form.status_code, form.headers["Content-Type"]) == (400, "text/plain; charset=utf-8")
    assert form.json()["errors"][0]["message"] == "transport not supported"
    assert stash.http.get("/graphql", params={"query": "{findScene(id: 1) {id}}"}).json()["data"] == {
        "findScene": {"id": "1"}
    }


@pytest.mark.parametrize(
    ("accept", "kind", "status"),
    [
        ("application/json", JSON, 422),
        ("text/html, application/json;q=0.5, */*", JSON, 422),
        ("", JSON, 422),
        ("*/*", GRAPHQL, 400),
        ("application/graphql-response+json, application/json", GRAPHQL, 400),
        ("text/html", GRAPHQL, 400),
    ],
)
def test_a_client_that_accepts_anything_gets_another_type_and_status(
    stash: Running, accept: str, kind: str, status: int
) -> None:
    right, wrong = (
        stash.http.post("/graphql", json={"query": query}, headers={"Accept": accept})
        for query in ("{version {version}}", "{nothing}")
    )
    assert (right.status_code, right.headers["Content-Type"]) == (200, kind)
    assert (wrong.status_code, wrong.headers["Content-Type"]) == (status, kind)
    assert ("Content-Encoding" in right.headers) == (kind == JSON)


def test_before_v029_the_type_is_always_json(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running(tmp_path_factory.mktemp("old"), "--scenes", "2", "--version", "0.28.1") as old:
        answer = old.http.post("/graphql", json={"query": "{nothing}"}, headers={"Accept": "*/*"})
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, JSON)


def test_methods_that_are_no_requests(stash: Running) -> None:
    assert stash.http.options("/graphql").headers["Allow"] == "OPTIONS, GET, POST"
    assert stash.http.head("/graphql").status_code == 405
    assert stash.http.put("/graphql", json={"query": PAGE}).status_code == 400


def test_a_slash_at_the_end_is_nothing_and_a_wrong_path_is_a_page(stash: Running) -> None:
    assert stash.http.post("/graphql/", json={"query": "{version {version}}"}).json()["data"]
    wrong = stash.http.post("/nope/graphql", json={"query": "{version {version}}"})
    assert (wrong.status_code, wrong.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_answers_are_zipped_for_who_can_read_it_and_never_stored(stash: Running) -> None:
    zipped = stash.http.post("/graphql", json={"query": PAGE}, headers={"Accept-Encoding": "gzip"})
    plain = stash.http.post("/graphql", json={"query": PAGE}, headers={"Accept-Encoding": "identity"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert zipped.json() == plain.json()
    assert plain.headers["Cache-Control"] == "no-store"
    assert "Date" in plain.headers


def test_the_server_says_which_it_is(stash: Running) -> None:
    told = stash.ask(
        "{version {version} systemStatus {status databaseSchema} configuration {general {stashes {path}}}}"
    )
    assert told == {
        "version": {"version": "v0.30.1"},
        "systemStatus": {"status": "OK", "databaseSchema": 75},
        "configuration": {"general": {"stashes": [{"path": "/data"}]}},
    }
    stats = stash.ask("{stats {scene_count scenes_size tag_count}}")["stats"]
    assert (stats["scene_count"], stats["tag_count"]) == (50, len(stash.told("tags")))
