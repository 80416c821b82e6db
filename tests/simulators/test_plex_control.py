"""The control API: what a test does behind the clients' back, and what it is told about what they did."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.simulators.plex_process import ALL, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def plex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("plex")) as started:
        yield started


def test_the_truth_tells_everything_about_an_item(plex: Running) -> None:
    key = plex.make("truth.mp4")[0]
    plex.put(
        key, "actor[0].tag.tag=Ann&actor[0].tagging.text=Her&collection[0].tag.tag=Box&studio.value=S&studio.locked=1"
    )
    truth = plex.truth(key)
    assert (truth["ratingKey"], truth["section"], truth["guid"]) == (key, "1", f"local://{key}")
    assert truth["actors"] == [{"tag": "Ann", "role": "Her", "thumb": ""}]
    assert (truth["collections"], truth["studio"], truth["locks"]) == (["Box"], "S", ["studio"])
    assert truth["files"][0].endswith("/truth.mp4")
    assert (truth["poster"], truth["art"], truth["userRating"]) == ("", "", None)


def test_a_person_edits_and_locks(plex: Running) -> None:
    key = plex.make("person.mp4")[0]
    poster = base64.b64encode(b"hand made").decode()
    changed = {
        "title": "Mine",
        "genres": ["A", "B"],
        "actors": ["Ann", {"tag": "Bea", "role": "Cook"}],
        "poster": poster,
    }
    after = plex.control("person", ratingKey=key, **changed)
    assert (after["title"], after["genres"], after["actors"][1]["role"]) == ("Mine", ["A", "B"], "Cook")
    assert after["locks"] == ["actor", "genre", "thumb", "title"]
    assert after["poster"].startswith("upload://posters/")
    after = plex.control("person", ratingKey=key, genres=[], summary="s", lock=False, unlock=["title"])
    assert (after["genres"], after["locks"]) == ([], ["actor", "genre", "thumb"])


def test_a_person_can_not_edit_what_is_no_field(plex: Running) -> None:
    key = plex.make("typo.mp4")[0]
    answer = plex.http.post("/control/person", json={"ratingKey": key, "titel": "x"})
    assert (answer.status_code, "titel" in answer.json()["error"]) == (400, True)


def test_every_write_is_recorded_with_what_it_changed(plex: Running) -> None:
    key = plex.make("writes.mp4")[0]
    plex.put(key, "title.value=First&genre[0].tag.tag=A")
    plex.put(key, "title.value=First")
    plex.http.post(f"/library/metadata/{key}/posters", content=b"poster")
    plex.control("person", ratingKey=key, title="Second")
    first, same, poster, person = plex.told("writes", ratingKey=key)
    assert (first["method"], first["path"], first["client"]) == ("PUT", ALL, "tests")
    assert (first["before"], first["after"]) == (
        {"title": "writes", "genres": []},
        {"title": "First", "genres": ["A"]},
    )
    assert (same["before"], same["after"]) == ({}, {})
    assert poster["method"] == "POST"
    assert poster["after"]["poster"].startswith("upload://posters/")
    assert (person["client"], person["after"]["title"]) == ("person", "Second")
    assert plex.told("writes", since=str(poster["n"]), ratingKey=key) == [person]


def test_requests_are_counted_by_kind_until_reset(plex: Running) -> None:
    key = plex.make("counted.mp4")[0]
    plex.control("reset-counts")
    plex.put(key, "title.value=x")
    plex.http.get(f"/library/metadata/{key}")
    plex.http.get("/nowhere")
    counts = plex.told("counts")
    assert counts["kinds"] == {
        "PUT /library/sections/{section}/all": 1,
        "GET /library/metadata/{ids}": 1,
        "GET unknown": 1,
    }
    assert (counts["total"], counts["held"]) == (3, 0)
    plex.control("reset-counts")
    assert plex.told("counts")["total"] == 0


def test_a_replaced_item_has_its_file_and_nothing_else(plex: Running) -> None:
    key = plex.make("replaced.mp4")[0]
    plex.put(key, "title.value=Lost&title.locked=1")
    files = plex.truth(key)["files"]
    new = plex.control("replace", ratingKey=key)["ratingKey"]
    assert new != key
    assert (plex.truth(new)["files"], plex.truth(new)["title"], plex.truth(new)["locks"]) == (files, "replaced", [])
    assert plex.http.get(f"/library/metadata/{key}").status_code == 404


def test_a_removed_item_is_gone_with_its_file(plex: Running) -> None:
    key = plex.make("removed.mp4")[0]
    plex.control("remove", ratingKey=key)
    assert plex.http.get(f"/library/metadata/{key}").status_code == 404
    assert plex.control("scan", section="1") == []
    (write,) = plex.told("writes", ratingKey=key)
    assert (write["client"], write["before"]["title"], write["after"]) == ("person", "removed", {})


def test_a_moved_file_keeps_its_item(plex: Running) -> None:
    key = plex.make("moved.mp4")[0]
    old = plex.truth(key)["files"][0]
    assert plex.control("move", **{"from": old, "to": "/media/new/place.mp4"}) == {"ratingKey": key}
    assert plex.truth(key)["files"] == ["/media/new/place.mp4"]
    assert plex.control("scan", section="1") == []


def test_items_are_merged_and_split(plex: Running) -> None:
    first, second = plex.make("merged 1.mp4", "merged 2.mp4")
    plex.put(first, "title.value=Both&collection[0].tag.tag=Merged")
    assert len(plex.control("merge", ratingKeys=[first, second])["files"]) == 2
    assert plex.http.get(f"/library/metadata/{second}").status_code == 404
    (new,) = plex.control("split", ratingKey=first)["ratingKeys"]
    assert plex.truth(new)["files"][0].endswith("merged 2.mp4")
    assert (plex.truth(new)["title"], plex.truth(new)["collections"]) == ("Both", ["Merged"])


def test_an_item_can_lose_its_metadata(plex: Running) -> None:
    key = plex.make("emptied.mp4")[0]
    plex.put(key, "title.value=Full&title.locked=1&genre[0].tag.tag=A&collection[0].tag.tag=Emptied")
    plex.http.post(f"/library/metadata/{key}/posters", content=b"p")
    plex.control("empty", ratingKey=key)
    truth = plex.truth(key)
    assert (truth["title"], truth["genres"], truth["locks"], truth["poster"]) == ("emptied", [], [], "")
    assert not list(plex.xml("/library/sections/1/collections?title=Emptied"))


@pytest.mark.parametrize(
    ("operation", "given", "status"),
    [
        ("files", {"section": "1", "files": ["/elsewhere/x.mp4"]}, 400),
        ("files", {"section": "9", "files": []}, 404),
        ("person", {"title": "x"}, 400),
        ("person", {"ratingKey": "999999", "title": "x"}, 404),
        ("fault", {"kind": "nonsense"}, 400),
        ("fault", {"kind": "slow", "nonsense": 1}, 400),
        ("settings", {"tag_mode": "sometimes"}, 400),
        ("settings", {"latency_ms": "fast"}, 400),
        ("settings", {"nonsense": 1}, 400),
        ("nonsense", {}, 404),
    ],
)
def test_mistakes_are_told(plex: Running, operation: str, given: dict[str, object], status: int) -> None:
    answer = plex.http.post(f"/control/{operation}", json=given)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
