"""Faults: each looks to a client as the real thing does, hits what it is meant for, and ends when it should."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import httpx
import pytest

from simulators.plex.faults import Faults
from tests.simulators.plex_process import ALL, TOKEN, Running, running, soon

if TYPE_CHECKING:
    from collections.abc import Iterator

PUTS = "PUT /library/sections/{section}/all"


@pytest.fixture(scope="module")
def plex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("plex")) as started:
        yield started


@pytest.fixture(autouse=True)
def healthy(plex: Running) -> Iterator[None]:
    yield
    plex.control("fault", kind="clear")
    plex.control("settings", latency_ms=0.0, scan_step_ms=0.0)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def title(plex: Running, key: str) -> str:
    return str(plex.truth(key)["title"])


def test_down_closes_connections_and_control_still_answers(plex: Running) -> None:
    plex.control("fault", kind="down")
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            plex.http.get("/identity")
    assert plex.told("counts")["refused"] == 2
    plex.control("fault", kind="clear")
    assert plex.http.get("/identity").status_code == 200


@pytest.mark.parametrize("status", [400, 404, 409, 500, 502, 503])
def test_any_status_can_be_asked_for(plex: Running, status: int) -> None:
    plex.control("fault", kind="status", status=status, count=1)
    assert plex.http.get("/library/sections").status_code == status
    assert plex.http.get("/library/sections").status_code == 200


@pytest.mark.parametrize(("kind", "said"), [("maintenance", "database migrations"), ("startup", "startup maintenance")])
def test_a_busy_server_says_so_on_every_path(plex: Running, kind: str, said: str) -> None:
    plex.control("fault", kind=kind)
    for path in ("/", "/identity", ALL):
        answer = plex.http.get(path)
        root = ET.fromstring(answer.text)
        assert (answer.status_code, root.tag, root.attrib["title"]) == (503, "Response", "Maintenance")
        assert said in root.attrib["status"]


def test_a_token_can_stop_to_be_good(plex: Running) -> None:
    plex.control("fault", kind="unauthorized", count=1)
    assert plex.http.get(ALL).status_code == 401


def test_a_truncated_answer_is_no_xml_and_what_was_asked_is_done(plex: Running) -> None:
    (key,) = plex.make("cut.mp4")
    plex.control("fault", kind="truncated", count=1)
    answer = plex.http.get(f"/library/metadata/{key}")
    with pytest.raises(ET.ParseError):
        ET.fromstring(answer.text)
    assert answer.status_code == 200


def test_a_sign_in_page_comes_with_status_200(plex: Running) -> None:
    plex.control("fault", kind="html", count=1)
    answer = plex.http.get(ALL)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "text/html")
    assert "MediaContainer" not in answer.text


@pytest.mark.parametrize("commit", [False, True])
def test_a_failed_write_may_have_been_carried_out(plex: Running, *, commit: bool) -> None:
    (key,) = plex.make(f"maybe {commit}.mp4")
    plex.control("fault", kind="status", status=500, commit=commit, match="PUT *", count=1)
    assert plex.put(key, "title.value=Done").status_code == 500
    assert (title(plex, key) == "Done") is commit


@pytest.mark.parametrize("commit", [False, True])
def test_a_reset_before_or_after_the_write(plex: Running, *, commit: bool) -> None:
    (key,) = plex.make(f"reset {commit}.mp4")
    plex.control("fault", kind="reset", commit=commit, count=1)
    with pytest.raises(httpx.TransportError):
        plex.put(key, "title.value=Done")
    assert (title(plex, key) == "Done") is commit


def test_a_hanging_server_answers_nobody(plex: Running) -> None:
    plex.control("fault", kind="hang", match=PUTS)
    (key,) = plex.make("hang.mp4")
    with pytest.raises(httpx.ReadTimeout):
        plex.http.put(f"{ALL}?type=1&id={key}&title.value=x", timeout=0.2)
    plex.control("fault", kind="clear")
    assert title(plex, key) == "hang"


def test_a_late_commit_comes_after_the_client_has_given_up(plex: Running) -> None:
    (key,) = plex.make("late.mp4")
    plex.control("fault", kind="late-commit", delay=0.4, match=PUTS, count=1)
    with pytest.raises(httpx.ReadTimeout):
        plex.http.put(f"{ALL}?type=1&id={key}&title.value=Late", timeout=0.1)
    assert title(plex, key) == "late"
    soon(lambda: title(plex, key) == "Late")


def test_slow_answers_and_latency_take_their_time(plex: Running) -> None:
    plex.control("fault", kind="slow", ms=150, count=1)
    assert timed(plex, "/identity") >= 0.15
    plex.control("settings", latency_ms=100.0)
    assert timed(plex, "/identity") >= 0.1


def timed(plex: Running, path: str) -> float:
    began = time.monotonic()
    plex.http.get(path)
    return time.monotonic() - began


def test_a_busy_database_slows_writes_only_while_scanning(plex: Running) -> None:
    (key,) = plex.make("busy.mp4")
    plex.control("fault", kind="sqlite-busy", ms=600)
    began = time.monotonic()
    plex.put(key, "title.value=quick")
    assert time.monotonic() - began < 0.6
    plex.control("settings", scan_step_ms=1500.0)
    plex.control("files", section="1", files=["/media/busy/other.mp4"])
    plex.http.get("/library/sections/1/refresh")
    began = time.monotonic()
    plex.put(key, "title.value=slow")
    assert time.monotonic() - began >= 0.6


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_held_write_waits_on_its_side_of_the_commit(plex: Running, pool: ThreadPoolExecutor, when: str) -> None:
    (key,) = plex.make(f"held {when}.mp4")
    hold = plex.control("fault", kind="hold", when=when, match=PUTS, count=1)["id"]
    answer = pool.submit(plex.put, key, "title.value=Held")
    soon(lambda: plex.told("counts")["held"] == 1)
    assert (title(plex, key) == "Held") is (when == "after")
    assert plex.control("release", id=hold) == {"released": 1}
    assert answer.result(10).status_code == 200
    assert (title(plex, key), plex.told("counts")["held"]) == ("Held", 0)


def test_a_held_write_of_a_killed_client_is_committed_on_release(plex: Running) -> None:
    (key,) = plex.make("killed.mp4")
    plex.control("fault", kind="hold", match=PUTS, count=1)
    url = f"{plex.url}{ALL}?type=1&id={key}&title.value=Orphan&X-Plex-Token={TOKEN}"
    with subprocess.Popen([sys.executable, "-c", f"import httpx; httpx.put({url!r})"]) as client:
        soon(lambda: plex.told("counts")["held"] == 1)
        client.kill()
    assert title(plex, key) == "killed"
    plex.control("release")
    soon(lambda: title(plex, key) == "Orphan")


def test_a_fault_can_be_for_one_item_alone(plex: Running) -> None:
    bad, good = plex.make("bad.mp4", "good.mp4")
    plex.control("fault", kind="status", status=500, ratingKey=bad)
    assert plex.put(bad, "title.value=x").status_code == 500
    assert plex.put(good, "title.value=x").status_code == 200
    assert plex.http.get(f"/library/metadata/{good},{bad}").status_code == 500
    assert plex.http.post(f"/library/metadata/{bad}/posters", content=b"p").status_code == 500
    assert plex.http.put(f"/:/rate?key={bad}&rating=1").status_code == 500


def test_clearing_one_fault_leaves_the_others(plex: Running) -> None:
    first = plex.control("fault", kind="status", status=500, match="GET /identity")["id"]
    plex.control("fault", kind="status", status=502, match="GET /")
    plex.control("fault", kind="clear", id=first)
    assert plex.http.get("/identity").status_code == 200
    assert plex.http.get("/").status_code == 502


def test_a_fault_ends_after_its_seconds(plex: Running) -> None:
    plex.control("fault", kind="status", status=500, seconds=0.3)
    assert plex.http.get("/identity").status_code == 500
    soon(lambda: plex.http.get("/identity").status_code == 200)


@pytest.mark.parametrize(
    ("match", "kind", "met"),
    [
        ("*", "GET /", True),
        ("PUT *", PUTS, True),
        ("PUT *", "GET /", False),
        (PUTS, PUTS, True),
        ("* /library/metadata/*", "POST /library/metadata/{key}/posters", True),
        ("GET /", "GET /identity", False),
    ],
)
def test_kinds_are_matched_by_pattern(match: str, kind: str, *, met: bool) -> None:
    faults = Faults()
    faults.add({"kind": "status", "match": match})
    assert (faults.take(kind, frozenset(), scanning=False) is not None) is met
