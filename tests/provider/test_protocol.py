"""Every answer has the shape that Plex's provider documents give it, over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from common.guids import IDENTIFIER, guid_of
from tests.provider import shapes
from tests.provider.given import scene
from tests.provider.installation import MATCHES

if TYPE_CHECKING:
    from tests.provider.installation import Installation

FIRST = "/media/Films/Studio/One/first.mp4"
MOVIE = "/library/metadata/1"


def base(installation: Installation) -> str:
    return str(installation.http.base_url).rstrip("/")


@pytest.mark.parametrize("path", ["", "/", "//", "?includePreferences=1", "/?includePreferences=1&X-Plex-Token=x"])
@pytest.mark.parametrize("headers", [{}, {"Accept": "application/xml"}, {"X-Plex-Language": "de-DE"}])
def test_the_manifest(shared: Installation, path: str, headers: dict[str, str]) -> None:
    answer = shared.http.get(base(shared) + path, headers=headers)
    assert answer.status_code == 200
    provider = shapes.strict(answer.content, shapes.Manifest).provider
    assert [kind.type for kind in provider.types] == [1]
    assert provider.types[0].schemes[0].scheme == provider.identifier
    assert {feature.type: feature.key for feature in provider.features} == {
        "metadata": "/library/metadata",
        "match": "/library/metadata/matches",
        "collection": "/library/collections",
    }


@pytest.mark.parametrize(
    "query",
    [
        "",
        "/",
        "?X-Plex-Language=de-DE&X-Plex-Country=DE",
        "?includeChildren=1&episodeOrder=x",
        "?includeFields=nothing",
    ],
)
def test_metadata(shared: Installation, query: str) -> None:
    (movie,) = shapes.movies(shared.http.get(MOVIE + query).content)
    assert movie.guid == guid_of(1)
    assert movie.key == MOVIE
    assert movie.originally_available_at == "2023-04-05"


def test_metadata_is_all_that_stash_has(shared: Installation) -> None:
    (movie,) = shapes.movies(shared.http.get(MOVIE).content)
    assert (movie.studio, movie.tagline, movie.year, movie.is_adult) == ("Studio", "ABC-17", 2023, True)
    assert [one.tag for one in movie.collections or []] == ["Studio", "Saga"]
    assert [one.key for one in movie.collections or []] == [
        "/library/collections/studio-1/children",
        "/library/collections/group-7/children",
    ]
    (image,) = movie.images or []
    assert image.type == "coverPoster"
    assert image.url == movie.thumb
    assert image.url.startswith(f"{base(shared)}/images/scene/1/poster?v=")


def test_addresses_of_pictures_are_those_that_plex_reaches_us_at(shared: Installation) -> None:
    (movie,) = shapes.movies(shared.http.get(MOVIE, headers={"Host": "provider.lan:9393"}).content)
    assert (movie.thumb or "").startswith("http://provider.lan:9393/images/scene/1/")
    (movie,) = shapes.movies(shared.http.get(MOVIE, headers={"Host": 'x"/@evil y'}).content)
    assert movie.thumb is None


def test_addresses_of_pictures_are_the_set_ones_if_any_are(installation: Installation) -> None:
    installation.tell(scene(1, cover="/scene/1/screenshot"))
    installation.count()
    installation.start(S2P_PROVIDER_URL="https://set.example/p", S2P_STASH_URL="http://127.0.0.1:1")
    installation.until_ready()
    (movie,) = shapes.movies(installation.http.get(MOVIE).content)
    assert (movie.thumb or "").startswith("https://set.example/p/images/scene/1/poster?v=")


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        (f"{MOVIE}/images", ["coverPoster"]),
        ("/library/metadata/2/images/", []),
        ("/library/metadata/studio-1/images", ["coverPoster"]),
        ("/library/collections/group-7/images", ["coverPoster"]),
    ],
)
def test_images(shared: Installation, path: str, kinds: list[str]) -> None:
    assert [image.type for image in shapes.images(shared.http.get(path).content)] == kinds


@pytest.mark.parametrize("leaf", ["extras", "children", "grandchildren"])
@pytest.mark.parametrize("key", ["1", "studio-1"])
def test_what_a_movie_does_not_have(shared: Installation, key: str, leaf: str) -> None:
    answer = shared.http.get(f"/library/metadata/{key}/{leaf}")
    assert answer.status_code == 200
    assert shapes.movies(answer.content) == []


@pytest.mark.parametrize("prefix", ["/library/collections", "/library/metadata"])
def test_a_collection(shared: Installation, prefix: str) -> None:
    (found,) = shapes.movies(shared.http.get(f"{prefix}/studio-2").content)
    assert (found.type, found.title, found.rating_key) == ("collection", "Box", "studio-2")
    assert found.guid == f"{IDENTIFIER}://collection/studio-2"


@pytest.mark.parametrize(
    ("headers", "query", "offset", "keys"),
    [
        ({}, "", 0, range(2, 22)),
        ({"X-Plex-Container-Start": "20"}, "?X-Plex-Container-Size=50", 20, range(22, 32)),
        ({}, "?X-Plex-Container-Start=28&X-Plex-Container-Size=1", 28, [30]),
        ({"X-Plex-Container-Size": "0"}, "", 0, []),
        ({"X-Plex-Container-Start": "1", "X-Plex-Container-Size": "3"}, "", 0, [2, 3, 4]),
        ({"X-Plex-Container-Start": "999"}, "", 999, []),
    ],
)
def test_a_collections_movies_come_in_pages(
    shared: Installation, headers: dict[str, str], query: str, offset: int, keys: Any
) -> None:
    answer = shared.http.get(f"/library/collections/studio-2/children{query}", headers=headers)
    assert [movie.rating_key for movie in shapes.movies(answer.content)] == [str(key) for key in keys]
    container = shapes.strict(answer.content, shapes.Answer).container
    assert (container.offset, container.total_size) == (offset, 30)


@pytest.mark.parametrize(
    "path",
    [
        "/library/collections/studio-9",
        "/library/collections/studio-9/children",
        "/library/collections/group-1",
        "/library/collections/1",
        "/library/collections/tag-1",
        "/library/metadata/studio-9",
        "/library/metadata/group-01/images",
        "/library/metadata/tag-1/extras",
        "/library/collections",
    ],
)
def test_an_unknown_collection_is_404_with_a_reason(shared: Installation, path: str) -> None:
    answer = shared.http.get(path)
    assert answer.status_code == 404
    assert shapes.strict(answer.content, shapes.Problem).status == 404


def test_a_match(shared: Installation) -> None:
    body = {
        "type": 1,
        "title": "first",
        "filename": "Studio/One/first.mp4",
        "hash": "0" * 40,
        "duration": 61000,
        "manual": 0,
        "includeAdult": 1,
        "includeChildren": 1,
        "year": 2023,
        "excludeElements": "Media",
        "date": None,
    }
    answer = shared.http.post(f"{MATCHES}/?X-Plex-Country=US&X-Plex-Language=en-US", json=body)
    (movie,) = shapes.movies(answer.content)
    assert (movie.guid, movie.score) == (guid_of(1), 100)


def test_no_match_is_an_empty_answer(shared: Installation) -> None:
    answer = shared.ask("/media/Films/nowhere/x.mp4")
    assert answer.status_code == 200
    assert shapes.movies(answer.content) == []


@pytest.mark.parametrize("where", ["query", "headers", "body"])
def test_parts_can_be_left_out(shared: Installation, where: str) -> None:
    parts = {"includeFields": "guid,title,year", "includeElements": "Metadata,Genre"}
    body: dict[str, Any] = {"type": 1, "filename": FIRST, **(parts if where == "body" else {})}
    given: dict[str, Any] = {"params": parts} if where == "query" else {"headers": parts} if where == "headers" else {}
    (matched,) = shapes.movies(shared.http.post(MATCHES, json=body, **given).content)
    assert (matched.thumb, matched.year, matched.is_adult) == (None, 2023, None)
    if where != "body":
        (movie,) = shared.http.get(MOVIE, **given).json()["MediaContainer"]["Metadata"]
        assert movie.keys() == {"ratingKey", "key", "guid", "type", "title", "originallyAvailableAt", "year", "Genre"}


@pytest.mark.parametrize(
    "path",
    ["/", MOVIE, f"{MOVIE}/images", f"{MOVIE}/extras", "/library/collections/studio-2/children"],
)
def test_what_has_not_changed_is_304(shared: Installation, path: str) -> None:
    whole = shared.http.get(path)
    tag = whole.headers["etag"]
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = shared.http.get(path, headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert shared.http.get(path, headers={"If-None-Match": '"x"'}).content == whole.content


@pytest.mark.parametrize(
    ("title", "best"),
    [
        ("The first", "1"),
        ("first 2023", "1"),
        ("ABC-17", "1"),
        ("abc17", "1"),
        ("Ann Studio", "1"),
        ("Scene number 12", "12"),
        ("number 30 scene", "30"),
    ],
)
def test_a_person_finds_a_scene_by_its_words(shared: Installation, title: str, best: str) -> None:
    body = {"type": 1, "title": title, "manual": 1}
    answer = shared.http.post(MATCHES, json=body, headers={"X-Plex-Container-Size": "50"})
    found = shapes.movies(answer.content)
    assert found[0].rating_key == best
    assert all(movie.score is None for movie in found)


@pytest.mark.parametrize("title", ["", "nothing like it", "zzz"])
def test_a_person_who_means_nothing_of_ours_gets_nothing(shared: Installation, title: str) -> None:
    assert shapes.movies(shared.http.post(MATCHES, json={"type": 1, "title": title, "manual": 1}).content) == []


@pytest.mark.parametrize(("adult", "asked", "plain"), [("always", 1, 1), ("asked", 1, 0), ("unmarked", 1, 1)])
def test_adult_scenes_are_answered_as_the_settings_say(
    installation: Installation, adult: str, asked: int, plain: int
) -> None:
    installation.tell(scene(1, "/data/A/x.mp4"))
    installation.count()
    installation.start(S2P_PROVIDER_ADULT=adult)
    installation.until_ready()
    assert len(installation.keys("A/x.mp4", includeAdult=1)) == asked
    assert len(installation.keys("A/x.mp4", includeAdult=0)) == plain
    assert len(installation.keys("A/x.mp4")) == plain
    (movie,) = shapes.movies(installation.http.get(MOVIE).content)
    assert movie.is_adult is (None if adult == "unmarked" else True)
    assert not installation.unmatched()


def test_explain_says_which_scene_a_path_gets_and_why(installation: Installation) -> None:
    installation.ready(scene(1, "/data/A/S/x.mp4"), scene(2, "/data/B/S/x.mp4"), scene(3, "/data/C/C/y.mp4"))
    told = _explained(installation, "/media/Films/C/C/y.mp4")
    assert (told["scene"], told["title"], [one["score"] for one in told["proposals"]]) == (3, "Scene number 3", [100])
    told = _explained(installation, "S/x.mp4")
    assert told["scene"] is None
    assert "2 scenes" in told["why"]
    assert [(one["scene"], one["score"]) for one in told["proposals"]] == [(1, 70), (2, 70)]
    assert "without a folder" in _explained(installation, "y.mp4")["why"]
    assert "no scene has" in _explained(installation, "/nowhere/z.mp4")["why"]


def _explained(installation: Installation, path: str) -> Any:
    answer = installation.ear.ask("provider", "explain", path=path)
    assert answer["status"] == "ok"
    return answer["data"]
