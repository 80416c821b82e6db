"""Faults: each shows on the wire as the real thing does, for as many requests or as long as it was asked for."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.simulators.stash_process import Running, running, sent, soon

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = "query Page {findScenes {count}}"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", "20") as stash:
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


@pytest.mark.parametrize("kind", ["500", "502", "503", "401", "302", "403"])
def test_a_status_for_so_many_requests(stash: Running, kind: str) -> None:
    stash.control("fault", kind=kind, count=2)
    assert [stash.post(NAMED).status_code for _ in range(3)] == [int(kind), int(kind), 200]


def test_any_other_status(stash: Running) -> None:
    stash.control("fault", kind="http", status=418, count=1)
    assert stash.post(NAMED).status_code == 418


def test_down_closes_the_connection_without_an_answer(stash: Running) -> None:
    stash.control("fault", kind="down", count=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        stash.post(NAMED)
    assert stash.post(NAMED).status_code == 200


def test_cut_closes_the_connection_in_the_middle_of_the_answer(stash: Running) -> None:
    stash.control("fault", kind="cut", count=1)
    with pytest.raises(httpx.RemoteProtocolError, match="closed connection"):
        stash.post(NAMED)


def test_truncated_json_is_a_whole_answer_that_is_not_json(stash: Running) -> None:
    stash.control("fault", kind="truncated", count=1)
    answer = stash.http.post("/graphql", json={"query": NAMED}, headers={"Accept-Encoding": "identity"})
    assert answer.status_code == 200
    assert answer.text.startswith('{"data":{')
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_html_with_status_200(stash: Running) -> None:
    stash.control("fault", kind="html", count=1)
    answer = stash.post(NAMED)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_a_locked_database_is_a_graphql_error_with_status_200(stash: Running) -> None:
    stash.control("fault", kind="locked", count=1)
    answer = stash.post(NAMED)
    assert answer.status_code == 200
    assert answer.json()["errors"][0]["message"] == "database is locked"
    assert stash.post(NAMED).json() == {"data": {"findScenes": {"count": 20}}}


def test_a_field_that_the_schema_lacks_is_422_with_its_name(stash: Running) -> None:
    stash.control("fault", kind="422", field="Scene.urls")
    answer = stash.post("{findScenes {scenes {urls}}}")
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["message"].startswith('Cannot query field "urls" on type "Scene".')
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert answer.json()["data"] is None
    assert stash.post(NAMED).status_code == 200, "other queries go on"
    stash.control("fault", kind="clear")
    assert stash.post("{findScenes {scenes {urls}}}").status_code == 200


def test_slow_answers_come_late_and_complete(stash: Running) -> None:
    stash.control("fault", kind="slow", delay_ms=200, count=1)
    with pytest.raises(httpx.ReadTimeout):
        stash.http.post("/graphql", json={"query": NAMED}, timeout=0.05)
    stash.control("fault", kind="slow", delay_ms=200, count=1)
    assert stash.post(NAMED).elapsed.total_seconds() >= 0.2


def test_hang_says_nothing_until_the_client_leaves(stash: Running) -> None:
    stash.control("fault", kind="hang", count=1)
    with pytest.raises(httpx.ReadTimeout):
        stash.http.post("/graphql", json={"query": NAMED}, timeout=0.2)
    stash.control("fault", kind="hang", count=1, for_s=0.1)
    with pytest.raises(httpx.RemoteProtocolError):
        stash.post(NAMED)


@pytest.mark.parametrize("status", ["SETUP", "NEEDS_MIGRATION"])
def test_a_server_that_is_not_ready_says_so_and_has_no_database(stash: Running, status: str) -> None:
    stash.control("fault", kind="status", value=status)
    told = stash.ask("{systemStatus {status databaseSchema appSchema} version {version}}")["systemStatus"]
    assert told["status"] == status
    assert told["databaseSchema"] == {"SETUP": 0, "NEEDS_MIGRATION": told["appSchema"] - 1}[status]
    one = stash.post("{findScene(id: 1) {id}}")
    assert one.status_code == 200
    assert one.json()["data"] == {"findScene": None}, "which must not be read as gone"
    assert "nil pointer dereference" in one.json()["errors"][0]["message"]
    assert stash.post(NAMED).json()["data"] is None
    stash.control("fault", kind="clear")
    assert stash.ask("{systemStatus {status}}")["systemStatus"]["status"] == "OK"


def test_a_match_restricts_a_fault_to_one_operation(stash: Running) -> None:
    stash.control("fault", kind="503", match="Page")
    stash.control("fault", kind="502", match="image")
    assert stash.post(NAMED).status_code == 503
    assert stash.post("query Other {findScenes {count}}").status_code == 200
    assert stash.http.get("/scene/1/screenshot").status_code == 502
    assert stash.http.get("/tag/1/image").status_code == 502


def test_a_fault_ends_by_itself_after_its_seconds(stash: Running) -> None:
    stash.control("fault", kind="503", seconds=0.2)
    assert stash.post(NAMED).status_code == 503
    soon(lambda: stash.post(NAMED).status_code == 200)


def test_clear_ends_all(stash: Running) -> None:
    stash.control("fault", kind="503")
    stash.control("fault", kind="401")
    stash.control("fault", kind="clear")
    assert stash.post(NAMED).status_code == 200


@pytest.mark.parametrize("given", [{"kind": "fire"}, {"kind": "422"}, {"kind": "http"}, {"kind": "status"}])
def test_a_fault_that_makes_no_sense_is_refused(stash: Running, given: dict[str, Any]) -> None:
    answer = stash.http.post("/control/fault", json=given)
    assert answer.status_code == 400
    assert answer.json()["error"]


class Asking(threading.Thread):
    """A request of its own connection, in the background."""

    def __init__(self, url: str, query: str) -> None:
        super().__init__()
        self.url = url
        self.query = query
        self.found: Any = None

    def run(self) -> None:
        with httpx.Client(base_url=self.url, timeout=20, trust_env=False) as http:
            self.found = http.post("/graphql", json={"query": self.query}).json()


@pytest.mark.parametrize(("when", "title"), [("before", "new"), ("after", "old")])
def test_a_held_request_is_answered_when_released(stash: Running, when: str, title: str) -> None:
    stash.do("scene_update", id=1, fields={"title": "old"})
    stash.control("fault", kind="hold", when=when, match="One", count=1)
    asking = Asking(stash.url, "query One {findScene(id: 1) {title}}")
    asking.start()
    soon(lambda: stash.told("stats")["held"] == 1)
    stash.do("scene_update", id=1, fields={"title": "new"})
    assert stash.post(NAMED).status_code == 200, "others are not held"
    stash.control("release")
    asking.join(10)
    assert asking.found == {"data": {"findScene": {"title": title}}}
    assert (stash.told("stats")["held"], stash.told("stats")["held_total"]) == (0, 1)


def test_a_client_that_leaves_is_held_no_longer(stash: Running) -> None:
    stash.control("fault", kind="hold", count=1)
    with sent(stash, "/graphql", query=NAMED):
        soon(lambda: stash.told("stats")["held"] == 1)
    soon(lambda: stash.told("stats")["held"] == 0)
    assert stash.told("stats")["held_total"] == 1
