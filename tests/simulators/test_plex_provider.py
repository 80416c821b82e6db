"""A custom metadata provider meets Plex: registered, asked at scans and by hand, never asked twice for a match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from simulators.plex.agents import rating_key_of
from simulators.plex.matching import filename
from simulators.plex.model import Location, Section
from tests.simulators.plex_process import Running, running, soon
from tests.simulators.provider_under_test import IDENTIFIER, Provider, container, manifest, providing

if TYPE_CHECKING:
    from collections.abc import Iterator

REGISTRY = "/media/providers/metadata"
JSON = {"Accept": "application/json"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as serving:
        serving.says("/", manifest())
        yield serving


@pytest.fixture
def plex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("plex"), "--agent", IDENTIFIER) as started:
        yield started


@pytest.fixture
def bound(plex: Running, provider: Provider) -> Running:
    """A Plex that has registered the provider."""
    assert plex.http.post(REGISTRY, params={"uri": provider.url}).status_code == 200
    provider.asked.clear()
    return plex


def refreshed(plex: Running, key: str) -> None:
    calls = len(plex.told("calls"))
    plex.http.put(f"/library/metadata/{key}/refresh")
    soon(lambda: any("/extras" in call["url"] for call in plex.told("calls")[calls:]))


@pytest.mark.parametrize(
    ("guid", "key"),
    [
        (f"{IDENTIFIER}://movie/12", "12"),
        (f"{IDENTIFIER}://stash-video-1", None),
        (f"{IDENTIFIER}://clip/12", None),
        ("tv.plex.agents.custom.other://movie/12", None),
        (f"{IDENTIFIER}://movie/a b", None),
        ("local://12", None),
    ],
)
def test_only_whole_guids_lead_to_a_request(guid: str, key: str | None) -> None:
    assert rating_key_of(guid, IDENTIFIER) == key


@pytest.mark.parametrize(
    ("style", "told"), [("relative", "a/b.mp4"), ("parent", "/Films/a/b.mp4"), ("absolute", "/media/Films/a/b.mp4")]
)
def test_paths_are_told_in_three_styles(style: str, told: str) -> None:
    section = Section("1", "Films", [Location(1, "/media/Films")], IDENTIFIER, "", 0, 0)
    assert filename("/media/Films/a/b.mp4", section, style) == told


def test_a_provider_is_registered_once_by_its_exact_address(plex: Running, provider: Provider) -> None:
    answer = plex.http.post(REGISTRY, params={"uri": provider.url}, headers=JSON)
    (made,) = answer.json()["MediaContainer"]["MetadataAgentProvider"]
    assert (made["identifier"], made["uri"], made["title"]) == (IDENTIFIER, provider.url, "Small")
    assert provider.asked[0][:2] == ("GET", "/?includePreferences=1")
    assert plex.http.post(REGISTRY, params={"uri": provider.url}).status_code == 409
    assert plex.http.put(f"{REGISTRY}/{made['id']}", params={"uri": provider.url}).status_code == 200
    group = plex.http.post(f"{REGISTRY}/group", params={"title": "G", "primaryIdentifier": IDENTIFIER}, headers=JSON)
    (grouped,) = group.json()["MediaContainer"]["MetadataAgentProviderGroup"]
    assert (grouped["title"], grouped["primaryIdentifier"]) == ("G", IDENTIFIER)
    listed = plex.http.get(f"{REGISTRY}/group", headers=JSON).json()["MediaContainer"]
    assert listed["MetadataAgentProviderGroup"] == [grouped]
    assert plex.http.delete(f"{REGISTRY}/{made['id']}").status_code == 200
    assert "MetadataAgentProvider" not in plex.http.get(REGISTRY, headers=JSON).json()["MediaContainer"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (manifest(identifier="tmdb"), 200),
        (manifest(Feature=[{"type": "match", "key": "/m"}]), 200),
        (manifest(Types=[{"type": 1}]), 200),
        (b"<html>", 200),
        ({"MediaProvider": []}, 200),
        (manifest(), 301),
        (manifest(), 503),
    ],
)
def test_a_manifest_plex_can_not_use_is_refused(plex: Running, provider: Provider, said: object, status: int) -> None:
    provider.says("/", said, status)
    assert plex.http.post(REGISTRY, params={"uri": provider.url}).status_code == 400


def test_a_library_is_made_for_and_switched_to_a_provider(bound: Running) -> None:
    query = {"name": "New", "type": "movie", "agent": IDENTIFIER, "location": "/new"}
    assert bound.http.post("/library/sections", params=query).status_code == 200
    assert bound.http.post("/library/sections/all", params=query).status_code == 404
    assert bound.http.put("/library/sections/1").status_code == 400
    assert bound.http.put("/library/sections/1", params={"agent": "tv.plex.agents.movie"}).status_code == 200
    assert [row.attrib["agent"] for row in bound.xml("/library/sections")] == ["tv.plex.agents.movie", IDENTIFIER]


def test_a_new_file_is_matched_and_filled_with_what_the_provider_knows(bound: Running, provider: Provider) -> None:
    provider.says("/poster.jpg", b"poster bytes")
    provider.says("/art.jpg", b"art bytes")
    provider.knows(
        "7",
        summary="About it",
        originallyAvailableAt="2020-05-06",
        studio="Acme",
        tagline="Short",
        contentRating="XXX",
        Genre=[{"tag": "First"}, {"tag": "Second"}],
        Role=[{"tag": "Ann", "role": "Her", "thumb": "http://x/ann.jpg"}, {"tag": "Bea"}],
        Director=[{"tag": "Dee"}],
        Collection=[{"tag": "Acme", "guid": "g", "key": "/k"}],
        Guid=[{"id": "stash://7"}],
        Rating=[{"type": "audience", "value": 8.5, "image": "imdb://image.rating"}],
        Image=[
            {"type": "coverPoster", "url": f"{provider.url}/poster.jpg"},
            {"type": "coverPoster", "url": f"{provider.url}/other.jpg"},
            {"type": "background", "url": f"{provider.url}/art.jpg"},
        ],
    )
    (key,) = bound.make("Some.File.(2020).mp4")
    truth = bound.truth(key)
    assert truth["guid"] == f"{IDENTIFIER}://movie/7"
    assert (truth["title"], truth["summary"], truth["year"], truth["studio"]) == ("Movie 7", "About it", 2020, "Acme")
    assert (truth["genres"], truth["directors"], truth["collections"]) == (["First"], ["Dee"], ["Acme"])
    assert truth["actors"][0] == {"tag": "Ann", "role": "Her", "thumb": "http://x/ann.jpg"}
    assert truth["audienceRating"] == 8.5
    assert truth["locks"] == []
    assert truth["poster"].startswith(f"metadata://posters/{IDENTIFIER}_")
    video = next(bound.xml(f"/library/metadata/{key}").iter("Video"))
    assert [guid.attrib["id"] for guid in video.iter("Guid")] == ["stash://7"]
    listing = f"/library/sections/1/all?type=1&guid={quote(truth['guid'], safe='')}"
    assert not list(bound.xml(listing).iter("Guid"))
    assert len(list(bound.xml(f"{listing}&includeGuids=1").iter("Guid"))) == 1
    assert bound.http.get(video.attrib["thumb"]).content == b"poster bytes"
    assert provider.paths() == [
        "GET /",
        "POST /library/metadata/matches",
        "GET /library/metadata/7",
        "GET /library/metadata/7/extras",
        "GET /poster.jpg",
        "GET /art.jpg",
    ]
    body = provider.asked[1][2]
    assert (body["type"], body["title"], body["year"], body["manual"]) == (1, "Some File", 2020, 0)
    assert (body["filename"], len(body["hash"])) == ("1/Some.File.(2020).mp4", 40)
    assert bound.told("writes", ratingKey=key)[-1]["client"] == "agent"


def test_all_genres_come_when_asked_for(bound: Running, provider: Provider) -> None:
    provider.knows("7", Genre=[{"tag": "First"}, {"tag": "Second"}])
    bound.control("settings", first_genre_only=False)
    (key,) = bound.make("genres.mp4")
    assert bound.truth(key)["genres"] == ["First", "Second"]


@pytest.mark.parametrize(
    "said",
    [
        (200, container()),
        (200, container({"guid": f"{IDENTIFIER}://movie/7", "title": "Low", "score": 79})),
        (200, b"no json"),
        (500, container()),
        (404, container()),
    ],
)
def test_what_is_no_match_leaves_the_item_local_for_good(bound: Running, provider: Provider, said: Any) -> None:
    provider.knows("7")
    provider.says("/library/metadata/matches", said[1], said[0])
    (key,) = bound.make("unmatched.mp4")
    assert bound.truth(key)["guid"] == f"local://{key}"
    provider.knows("7")
    provider.asked.clear()
    bound.http.put(f"/library/metadata/{key}/refresh")
    bound.control("scan", section="1")
    assert provider.paths() == ["GET /"]
    assert bound.truth(key)["guid"] == f"local://{key}"


def test_a_match_by_hand_binds_what_was_local(bound: Running, provider: Provider) -> None:
    provider.matches()
    (key,) = bound.make("by hand.mp4")
    provider.knows("7", summary="Now known")
    (row,) = bound.xml(f"/library/metadata/{key}/matches?manual=1").iter("SearchResult")
    assert (row.attrib["guid"], row.attrib["name"]) == (f"{IDENTIFIER}://movie/7", "Movie 7")
    assert provider.asked[-1][2]["manual"] == 1
    answer = bound.http.put(f"/library/metadata/{key}/match", params={"guid": row.attrib["guid"], "name": "Movie 7"})
    assert (answer.status_code, answer.text) == (200, "")
    soon(lambda: bound.truth(key)["summary"] == "Now known")
    assert bound.http.put(f"/library/metadata/{key}/unmatch").status_code == 200
    assert bound.truth(key)["guid"] == f"local://{key}"


def test_a_guid_without_a_type_is_kept_and_never_asked_for(bound: Running, provider: Provider) -> None:
    provider.matches({"guid": f"{IDENTIFIER}://stash-video-1", "title": "No type"})
    (key,) = bound.make("no type.mp4")
    assert bound.truth(key)["guid"] == f"{IDENTIFIER}://stash-video-1"
    assert bound.truth(key)["title"] == "no type"
    assert provider.paths() == ["GET /", "POST /library/metadata/matches"]


def test_a_refresh_takes_over_all_but_what_is_locked(bound: Running, provider: Provider) -> None:
    provider.says("/old.jpg", b"old")
    provider.says("/new.jpg", b"new")
    known = {"summary": "old", "studio": "old", "Genre": [{"tag": "Old"}]}
    provider.knows("7", **known, Image=[{"type": "coverPoster", "url": f"{provider.url}/old.jpg"}])
    (key,) = bound.make("refreshed.mp4")
    old = bound.truth(key)["poster"]
    bound.put(key, "summary.value=mine&summary.locked=1&genre.locked=1&userRating.value=9")
    provider.knows(
        "7", summary="new", Genre=[{"tag": "New"}], Image=[{"type": "coverPoster", "url": f"{provider.url}/new.jpg"}]
    )
    refreshed(bound, key)
    soon(lambda: bound.truth(key)["poster"] != old)
    truth = bound.truth(key)
    assert (truth["summary"], truth["genres"], truth["studio"], truth["userRating"]) == ("mine", ["Old"], "", 9.0)
    bound.http.post(f"/library/metadata/{key}/posters", content=b"uploaded")
    uploaded = bound.truth(key)["poster"]
    refreshed(bound, key)
    assert bound.truth(key)["poster"] == uploaded


@pytest.mark.parametrize("status", [404, 500])
def test_a_provider_that_fails_leaves_the_old_data(bound: Running, provider: Provider, status: int) -> None:
    provider.knows("7", summary="kept")
    (key,) = bound.make("failing.mp4")
    provider.says("/library/metadata/7", {}, status)
    before = len(provider.asked)
    bound.http.put(f"/library/metadata/{key}/refresh")
    soon(lambda: len(provider.asked) > before)
    assert bound.truth(key)["summary"] == "kept"


def test_a_forced_refresh_of_the_library_asks_for_every_item(bound: Running, provider: Provider) -> None:
    provider.knows("7", summary="one")
    keys = bound.make("forced 1.mp4", "forced 2.mp4")
    provider.knows("7", summary="two")
    bound.http.get("/library/sections/1/refresh?force=1")
    soon(lambda: [bound.truth(key)["summary"] for key in keys] == ["two", "two"])


@pytest.mark.parametrize(
    "wrong", [{"Genre": ["Drama"]}, {"Genre": {"tag": "Drama"}}, {"Role": [{"name": "Ann"}]}, {"Image": [{"url": "x"}]}]
)
def test_an_object_of_the_wrong_shape_is_no_result(bound: Running, provider: Provider, wrong: dict[str, Any]) -> None:
    provider.knows("7", summary="never seen", **wrong)
    (key,) = bound.make("shape.mp4")
    assert bound.truth(key)["summary"] == ""
    assert next(iter(wrong)) in bound.told("calls")[-1]["problem"]


def test_calls_to_the_provider_can_be_read_back(bound: Running, provider: Provider) -> None:
    provider.knows("7")
    bound.make("called.mp4")
    call = next(call for call in bound.told("calls") if call["method"] == "POST")
    assert (call["status"], call["body"]["type"]) == (200, 1)
    assert call["url"].endswith("/library/metadata/matches")
