"""Scanning: new files become items, missing ones go to the trash, and listeners hear every state as Plex tells it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.simulators.plex_process import TOKEN, Running, running, soon

if TYPE_CHECKING:
    from collections.abc import Iterator

SOCKET = "/:/websockets/notifications"


@pytest.fixture(scope="module")
def plex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("plex"), "--library", "Movies=/media", "--library", "Own=/own") as started:
        yield started


@pytest.fixture(autouse=True)
def healthy(plex: Running) -> Iterator[None]:
    yield
    plex.control("fault", kind="clear")
    plex.control("settings", scan_step_ms=0.0, agent="none")


@contextmanager
def listening(plex: Running, path: str = SOCKET) -> Iterator[ClientConnection]:
    before = plex.told("counts")["listeners"]
    url = plex.url.replace("http", "ws", 1)
    with connect(f"{url}{path}?X-Plex-Token={TOKEN}", proxy=None) as socket:
        soon(lambda: plex.told("counts")["listeners"] > before)
        yield socket


def heard(socket: ClientConnection, until: str) -> list[dict[str, Any]]:
    """Return the notes up to one of type `until` that says an end: an activity, or a timeline entry."""
    found = []
    while True:
        note = json.loads(socket.recv(timeout=10))["NotificationContainer"]
        found.append(note)
        last = note.get("ActivityNotification", note.get("TimelineEntry", [{}]))[0]
        if note["type"] == until and last.get("event", "ended") == "ended":
            return found


def states(notes: list[dict[str, Any]]) -> list[tuple[int, str, str]]:
    entries = [entry for note in notes for entry in note.get("TimelineEntry", [])]
    return [(entry["state"], entry.get("metadataState", ""), entry.get("mediaState", "")) for entry in entries]


def test_files_are_items_only_after_a_scan(plex: Running) -> None:
    plex.control("files", section="1", files=["/media/fresh/A (2020).mp4"])
    assert not list(plex.xml("/library/sections/1/all?type=1&file=fresh"))
    (new,) = plex.control("scan", section="1")
    assert new["file"] == "/media/fresh/A (2020).mp4"
    assert (plex.truth(new["ratingKey"])["title"], plex.truth(new["ratingKey"])["year"]) == ("A", 2020)
    assert plex.control("scan", section="1") == []


def test_a_scan_is_seen_on_its_library(plex: Running) -> None:
    def section() -> dict[str, str]:
        return next(iter(plex.xml("/library/sections"))).attrib

    before = section()
    plex.make("seen.mp4")
    after = section()
    assert int(after["scannedAt"]) > int(before["scannedAt"])
    assert int(after["contentChangedAt"]) > int(before["contentChangedAt"])


def test_a_folder_is_scanned_alone_and_answered_at_once(plex: Running) -> None:
    plex.control("files", section="1", files=["/media/here/x.mp4", "/media/hereafter/y.mp4"])
    answer = plex.http.get("/library/sections/1/refresh?path=/media/here")
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, "text/html", "")
    soon(lambda: list(plex.xml("/library/sections/1/all?type=1&file=/media/here/")))
    assert not list(plex.xml("/library/sections/1/all?type=1&file=/media/hereafter/"))
    assert plex.http.post("/library/sections/1/refresh").status_code == 200
    soon(lambda: list(plex.xml("/library/sections/1/all?type=1&file=/media/hereafter/")))


def test_a_library_says_while_it_is_scanned(plex: Running) -> None:
    plex.control("settings", scan_step_ms=200.0)
    plex.control("files", section="2", files=["/own/slow.mp4"])
    plex.http.get("/library/sections/2/refresh")
    soon(lambda: plex.xml("/library/sections")[1].attrib["refreshing"] == "1")
    assert next(iter(plex.xml("/activities"))).attrib["type"] == "library.update.section"
    soon(lambda: plex.xml("/library/sections")[1].attrib["refreshing"] == "0")


def test_missing_files_go_to_the_trash_and_come_back(plex: Running) -> None:
    key, other = plex.make("gone.mp4", "stays.mp4")
    (path,) = plex.truth(key)["files"]
    plex.control("files", section="1", gone=[path])
    plex.control("scan", section="1")
    video = next(plex.xml(f"/library/metadata/{key}?checkFiles=1").iter("Video"))
    assert "deletedAt" in video.attrib
    assert next(video.iter("Part")).attrib["exists"] == "0"
    plex.control("files", section="1", files=[path])
    plex.control("scan", section="1")
    assert "deletedAt" not in next(plex.xml(f"/library/metadata/{key}").iter("Video")).attrib
    plex.control("files", section="1", gone=[path])
    plex.control("scan", section="1")
    assert plex.http.put("/library/sections/1/emptyTrash").text == ""
    assert plex.http.get(f"/library/metadata/{key}").status_code == 404
    assert plex.http.get(f"/library/metadata/{other}").status_code == 200


@pytest.mark.parametrize("path", [SOCKET, "/:/websocket/notifications"])
def test_without_an_agent_an_item_ends_at_state_one(plex: Running, path: str) -> None:
    with listening(plex, path) as socket:
        (key,) = plex.make("told.mp4")
        notes = heard(socket, "activity")[1:]
    assert states(notes) == [(0, "created", ""), (1, "created", "analyzing"), (1, "", "")]
    entry = notes[0]["TimelineEntry"][0]
    assert (entry["itemID"], entry["sectionID"], entry["type"], entry["title"]) == (key, "1", 1, "told")
    ended = notes[-1]["ActivityNotification"][0]
    assert ended["Activity"]["type"] == "library.update.section"
    assert ended["Activity"]["Context"] == {"librarySectionID": "1"}


def test_with_an_agent_an_item_ends_at_state_five(plex: Running) -> None:
    plex.control("settings", agent="tv.plex.agents.movie")
    with listening(plex) as socket:
        plex.make("agent.mp4")
        notes = heard(socket, "activity")[1:]
    assert states(notes)[-1] == (5, "", "")


def test_edits_and_removals_are_told(plex: Running) -> None:
    (key,) = plex.make("edited.mp4")
    with listening(plex) as socket:
        plex.put(key, "title.value=Told")
        assert states(heard(socket, "timeline")) == [(5, "", "")]
        plex.control("remove", ratingKey=key)
        assert states(heard(socket, "timeline")) == [(9, "deleted", "")]


def test_server_sent_events_tell_the_same_one_object_each(plex: Running) -> None:
    with plex.http.stream("GET", "/:/eventsource/notifications?filters=activity") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in stream.iter_lines() if line)
        assert (next(lines), next(lines)) == ("event: ping", "data: {}")
        soon(lambda: plex.told("counts")["listeners"])
        plex.make("sse.mp4")
        assert next(lines) == "event: activity"
        first = json.loads(next(lines).removeprefix("data: "))
        assert first["ActivityNotification"]["event"] == "started"
        assert next(lines) == "event: activity"


def test_listeners_need_the_token(plex: Running) -> None:
    with pytest.raises(InvalidStatus), connect(plex.url.replace("http", "ws", 1) + SOCKET, proxy=None):
        pass
    assert plex.http.get("/:/eventsource/notifications", headers={"X-Plex-Token": "x"}).status_code == 401


def test_listeners_are_cut_off_when_plex_goes_down(plex: Running) -> None:
    with listening(plex) as socket:
        plex.control("fault", kind="down")
        with pytest.raises(ConnectionClosed):
            heard(socket, "never")
    soon(lambda: plex.told("counts")["listeners"] == 0)
