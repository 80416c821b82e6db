"""Plugin hooks: a real process an event, one after the other, with Stash's own payload and a live login in it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from simulators.stash.edits.scenes import INPUT
from tests.simulators.stash_process import Running, running, sent, soon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGIN = """
import json, os, sys, time
given = json.load(sys.stdin)
with open(sys.argv[1], "a") as log:
    log.write(json.dumps({"began": time.monotonic(), "pid": os.getpid()}) + "\\n")
    log.flush()
    time.sleep(float(sys.argv[2]))
    log.write(json.dumps({"ended": time.monotonic(), **given}) + "\\n")
print(json.dumps({"output": "ok"}))
sys.exit(int(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", "20", "--api-key", "KEY") as stash:
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


def install(stash: Running, folder: Path, *, takes_s: float = 0.0, exits: int = 0, **more: Any) -> Path:
    script, log = folder / "plugin.py", folder / "plugin.log"
    script.write_text(PLUGIN)
    log.touch()
    stash.control("plugin", command=[sys.executable, str(script), str(log), str(takes_s), str(exits)], **more)
    return log


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def calls(log: Path) -> list[dict[str, Any]]:
    return [line for line in lines(log) if "ended" in line]


def test_the_payload_is_stashs_own(stash: Running, tmp_path: Path) -> None:
    log = install(stash, tmp_path, default_args={"mode": "hook"})
    stash.do("scene_update", id=3, fields={"title": "x"})
    (call,) = calls(log)
    connection = call["server_connection"]
    assert {"Scheme", "Host", "Port", "SessionCookie", "Dir", "PluginDir"} == set(connection)
    assert f"http://{connection['Host']}:{connection['Port']}" == stash.url
    assert call["args"] == {
        "mode": "hook",
        "hookContext": {
            "id": 3,
            "type": "Scene.Update.Post",
            "input": {**dict.fromkeys(INPUT), "id": "3", "title": "x"},
            "inputFields": ["id", "title"],
        },
    }


def test_the_session_cookie_is_a_live_login(stash: Running, tmp_path: Path) -> None:
    log = install(stash, tmp_path)
    stash.do("scene_update", id=3, fields={"title": "x"})
    cookie = calls(log)[0]["server_connection"]["SessionCookie"]
    headers = {"Cookie": f"{cookie['Name']}={cookie['Value']}"}
    assert stash.http.post("/graphql", json={"query": "{version{version}}"}).status_code == 401
    assert stash.http.post("/graphql", json={"query": "{version{version}}"}, headers=headers).status_code == 200


def test_from_a_scan_there_is_no_input(stash: Running, tmp_path: Path) -> None:
    log = install(stash, tmp_path)
    made = stash.do("scan_new_file", path="/data/films/new.mp4")["id"]
    assert calls(log)[0]["args"]["hookContext"] == {"id": made, "type": "Scene.Create.Post", "input": None}


def test_a_destroyed_scene_still_tells_its_hash_and_path(stash: Running, tmp_path: Path) -> None:
    log = install(stash, tmp_path)
    before = stash.truth(3)
    stash.do("scene_destroy", id=3)
    told = calls(log)[0]["args"]["hookContext"]["input"]
    assert (told["oshash"], told["path"]) == (before["oshashes"][0], before["files"][0])


def test_the_answer_waits_for_one_process_after_the_other(stash: Running, tmp_path: Path) -> None:
    log = install(stash, tmp_path, takes_s=0.1)
    stash.do("bulk_scene_update", ids=[3, 4, 5], fields={"organized": True})
    found = lines(log)
    assert [next(iter(line)) for line in found] == ["began", "ended"] * 3, "all are over when the answer is here"
    assert all(ended["ended"] <= began["began"] for ended, began in zip(found[1::2], found[2::2], strict=False))
    assert len({line["pid"] for line in found if "pid" in line}) == 3


def test_the_change_is_committed_and_can_be_read_while_the_plugin_runs(stash: Running, tmp_path: Path) -> None:
    log = install(stash, tmp_path, takes_s=60)
    with sent(stash, "/control/do", op="scene_update", id=3, fields={"title": "committed"}):
        soon(lambda: lines(log))
        assert stash.truth(3)["title"] == "committed"


def test_a_client_that_leaves_kills_the_process_and_drops_the_events_that_are_left(
    stash: Running, tmp_path: Path
) -> None:
    log = install(stash, tmp_path, takes_s=60)
    with sent(stash, "/control/do", op="bulk_scene_update", ids=[3, 4, 5], fields={"organized": True}):
        soon(lambda: lines(log))
    soon(lambda: stash.told("stats")["running"] == 0)
    assert [next(iter(line)) for line in lines(log)] == ["began"]
    assert len(stash.told("hooks")) == 1


def test_a_plugin_that_fails_or_is_missing_harms_nothing(stash: Running, tmp_path: Path) -> None:
    install(stash, tmp_path, exits=3)
    assert stash.do("scene_update", id=3, fields={"title": "x"})["ok"]
    stash.control("plugin", command=["/no/such/program"])
    assert stash.do("scene_update", id=3, fields={"title": "y"})["ok"]
    exits = [note["exit"] for note in stash.told("hooks")]
    assert exits[0] == 3
    assert "No such file" in exits[1]


def test_only_the_events_that_it_is_for_start_the_plugin(stash: Running, tmp_path: Path) -> None:
    log = install(stash, tmp_path, events=["Tag.Update.Post"])
    stash.do("scene_update", id=3, fields={"title": "x"})
    stash.do("tag_rename", id=1, to="Renamed")
    assert [call["args"]["hookContext"]["type"] for call in calls(log)] == ["Tag.Update.Post"]
    assert stash.told("stats")["hooks"] == {"Scene.Update.Post": 1, "Tag.Update.Post": 1}
