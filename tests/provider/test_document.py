"""What Plex reads: the attributes of its provider documents, and no others."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from hypothesis import given as vary
from hypothesis import settings
from hypothesis import strategies as st

from common.guids import IDENTIFIER, guid_of, id_of_guid, id_of_key
from common.item import cover_version, item_of
from common.messages import File, Group, Named, Performer, Scene, StashId, Studio, Tag
from common.options import DEFAULT_FIELDS, FieldPolicy, MappingOptions, Options
from services.provider.document import (
    Collection,
    Style,
    collection,
    collection_of_key,
    collections,
    match,
    movie,
    shown_fields,
)
from services.provider.manifest import Manifest
from services.provider.metadata import Metadata, gallery, page
from services.provider.trim import Trim, trim_of, trimmed
from tests.provider import shapes
from tests.provider.given import scene

BASE = "http://plexs.way:9393"
PLAIN = Style(shown_fields(Options()))


def shown(made: Scene, given: Options, style: Style = PLAIN) -> Metadata:
    """Return a scene as a movie, with pictures at BASE and the fields that are not off."""
    mapping = dataclasses.replace(given.mapping, provider_url=BASE)
    return movie(made, dataclasses.replace(given, mapping=mapping), style._replace(fields=shown_fields(given)))


def read(answer: msgspec.Struct) -> Any:
    return msgspec.json.decode(msgspec.json.encode(answer))


WHOLE = scene(
    17,
    title="A  title",
    details="First.\r\nSecond.",
    date="2023-04-05",
    code="ABC-17",
    director="Dee",
    rating100=85,
    urls=("https://www.imdb.com/title/tt0088763/?x=1", "https://example.org", "https://www.themoviedb.org/movie/105-x"),
    studio=Studio(id=1, name="Studio", parent=Named(id=3, name="Network")),
    performers=(Performer(id=1, name="Ann", image="/performer/1/image?t=17"), Performer(id=2, name="Bob")),
    tags=(Tag(id=1, name="Outdoor"), Tag(id=2, name="outdoor"), Tag(id=3, name="Rain")),
    groups=(Group(id=4, name="Saga", index=2), Group(id=5, name="studio")),
    files=(File(path="/data/A/a.mp4", duration=61.2345), File(path="/data/B/a.mp4", duration=5.0)),
    stash_ids=(StashId(endpoint="https://stashdb.org/graphql", stash_id="a-1"), StashId(endpoint="odd", stash_id="b")),
    cover="/scene/17/screenshot",
)


def test_the_manifest_says_movies_match_metadata_and_collection_and_no_images() -> None:
    shapes.strict(msgspec.json.encode(Manifest()), shapes.Manifest)
    assert read(Manifest()) == {
        "MediaProvider": {
            "identifier": IDENTIFIER,
            "title": "Stash2Plex",
            "version": "1.0.0",
            "Types": [{"type": 1, "Scheme": [{"scheme": IDENTIFIER}]}],
            "Feature": [
                {"type": "metadata", "key": "/library/metadata"},
                {"type": "match", "key": "/library/metadata/matches"},
                {"type": "collection", "key": "/library/collections"},
            ],
        }
    }


def test_a_movie_has_what_the_scene_has() -> None:
    fields = {**DEFAULT_FIELDS, "art": FieldPolicy("fill"), "sort_title": FieldPolicy("fill")}
    options = Options(fields=fields, mapping=MappingOptions(content_rating="XXX"))
    version = cover_version(WHOLE)
    poster, art = (f"{BASE}/images/scene/17/{leaf}?v={version}" for leaf in ("poster", "art"))
    assert read(shown(WHOLE, options)) == {
        "ratingKey": "17",
        "key": "/library/metadata/17",
        "guid": "tv.plex.agents.custom.stash2plex://movie/17",
        "type": "movie",
        "title": "A title",
        "titleSort": "Saga 002 A title",
        "originallyAvailableAt": "2023-04-05",
        "year": 2023,
        "summary": "First.\nSecond.",
        "tagline": "ABC-17",
        "studio": "Studio",
        "contentRating": "XXX",
        "isAdult": True,
        "duration": 61234,
        "thumb": poster,
        "art": art,
        "Image": [
            {"type": "coverPoster", "url": poster, "alt": "A  title"},
            {"type": "background", "url": art, "alt": "A  title"},
        ],
        "Genre": [{"tag": "Outdoor"}, {"tag": "Rain"}],
        "Role": [
            {"tag": "Ann", "order": 0, "thumb": f"{BASE}/images/performer/1?t=17"},
            {"tag": "Bob", "order": 1},
        ],
        "Director": [{"tag": "Dee"}],
        "Studio": [{"tag": "Studio"}, {"tag": "Network"}],
        "Collection": [
            {
                "guid": f"{IDENTIFIER}://collection/studio-1",
                "key": "/library/collections/studio-1/children",
                "tag": "Studio",
                "thumb": f"{BASE}/images/studio/1",
            },
            {
                "guid": f"{IDENTIFIER}://collection/group-4",
                "key": "/library/collections/group-4/children",
                "tag": "Saga",
                "thumb": f"{BASE}/images/group/4",
            },
        ],
        "Guid": [{"id": "stashdb://a-1"}, {"id": "imdb://tt0088763"}, {"id": "tmdb://105"}],
        "Rating": [{"image": "themoviedb://image.rating", "type": "audience", "value": 8.5}],
    }


def test_without_a_stash_or_an_address_there_are_no_pictures() -> None:
    for found in (read(shown(WHOLE, Options(), PLAIN._replace(pictures=False))), read(movie(WHOLE, Options(), PLAIN))):
        assert not found.keys() & {"thumb", "art", "Image"}
        assert all("thumb" not in entry for entry in found["Role"] + found["Collection"])


def test_another_edit_makes_another_address_of_the_poster() -> None:
    edited = msgspec.structs.replace(WHOLE, updated_at="2025-01-01T00:00:00Z")
    assert shown(WHOLE, Options()).thumb != shown(edited, Options()).thumb


def test_adult_and_genres_follow_the_settings() -> None:
    found = read(shown(WHOLE, Options(), PLAIN._replace(adult=False, one_genre=True)))
    assert "isAdult" not in found
    assert found["Genre"] == [{"tag": "Outdoor, Rain"}]


def test_a_match_has_what_identifies_it_and_a_score_if_it_is_sure() -> None:
    found = read(match(WHOLE, Options(), 100, PLAIN))
    assert found.pop("score") == 100
    required = {"ratingKey", "key", "guid", "type", "title", "originallyAvailableAt"}
    assert found.keys() == {*required, "year", "isAdult"}
    assert "score" not in read(match(WHOLE, Options(), None, PLAIN))


def test_a_collection_is_an_object_of_its_own() -> None:
    options = Options(mapping=MappingOptions(provider_url=BASE))
    made = collection(Collection("group", 4, "Saga"), WHOLE, options, PLAIN)
    (found,) = shapes.movies(msgspec.json.encode(page((made,))))
    assert (found.rating_key, found.key) == ("group-4", "/library/collections/group-4/children")
    assert (found.title, found.type, found.thumb) == ("Saga", "collection", f"{BASE}/images/group/4")


def test_collections_are_those_that_the_settings_name() -> None:
    options = Options(mapping=MappingOptions(collections=("parent_studio", "groups")))
    assert [(one.key, one.name) for one in collections(WHOLE, options).values()] == [
        ("studio-3", "Network"),
        ("group-4", "Saga"),
        ("group-5", "studio"),
    ]


@pytest.mark.parametrize("key", ["studio-", "studio", "group-01", "tag-1", "studio-1-2", "studio--1", "-1", "", "1"])
def test_other_writings_of_a_collections_key_are_unknown(key: str) -> None:
    assert collection_of_key(key) is None


def test_parts_of_an_answer_can_be_left_out_but_never_what_identifies_it() -> None:
    whole = page((shown(WHOLE, Options()),))
    kept = {"ratingKey", "key", "guid", "type", "title", "originallyAvailableAt"}

    def left(**asked: str) -> set[str]:
        trim = trim_of(lambda name: asked.get(name, ""))
        assert trim is not None
        found: dict[str, Any] = trimmed(whole, trim)["MediaContainer"]["Metadata"][0]
        return set(found) - kept

    assert left(includeFields="summary,year", includeElements="Genre") == {"summary", "year", "Genre"}
    assert left(includeFields="summary", excludeElements="Genre, Image") >= {"summary", "Role"}
    assert not left(excludeFields="summary") & {"summary"}
    assert "summary" in left(excludeElements="summary")
    assert trim_of(lambda _: " , ") is None
    assert trim_of(lambda _: "") is None
    assert set(trimmed(whole, Trim(exclude_fields=frozenset(kept)))["MediaContainer"]["Metadata"][0]) >= kept


def test_an_undated_scene_has_the_day_it_came_into_stash_and_no_year() -> None:
    found = read(shown(scene(1, born="2024-02-03T23:59:59+02:00"), Options()))
    assert found["originallyAvailableAt"] == "2024-02-03"
    assert "year" not in found


@pytest.mark.parametrize("born", ["", "yesterday", "2024", "0123456789", "\u0662\u0660\u0662\u0664-01-01"])
def test_a_time_that_is_none_makes_no_day(born: str) -> None:
    assert "originallyAvailableAt" not in read(shown(scene(1, born=born), Options()))


@pytest.mark.parametrize(("date", "day"), [("2021", "2021-01-01"), ("2021-06", "2021-06-01")])
def test_a_partial_date_is_the_one_that_the_writer_writes(date: str, day: str) -> None:
    found = read(shown(scene(1, date=date), Options()))
    assert (found["originallyAvailableAt"], found["year"]) == (day, 2021)


def test_a_scene_without_a_title_is_named_after_its_file_or_its_id() -> None:
    assert read(shown(scene(1, "/data/a/Some film.mp4", title=""), Options()))["title"] == "Some film"
    assert read(shown(msgspec.structs.replace(WHOLE, title="", files=()), Options()))["title"] == "Scene 17"


@pytest.mark.parametrize(
    ("field", "attribute"),
    [
        ("summary", "summary"),
        ("studio", "studio"),
        ("studio", "Studio"),
        ("tagline", "tagline"),
        ("tags", "Genre"),
        ("performers", "Role"),
        ("director", "Director"),
        ("collections", "Collection"),
        ("rating", "Rating"),
        ("poster", "Image"),
        ("poster", "thumb"),
    ],
)
def test_a_field_that_is_off_is_left_out(field: str, attribute: str) -> None:
    fields = {**DEFAULT_FIELDS, field: FieldPolicy("off")}
    assert attribute not in read(shown(WHOLE, Options(fields=fields)))
    assert attribute in read(shown(WHOLE, Options()))


TEXT = st.text(max_size=30)
SCENES = st.builds(
    scene,
    st.integers(0, 10**12),
    TEXT,
    title=TEXT,
    details=TEXT,
    date=TEXT | st.dates().map(str),
    born=TEXT | st.datetimes().map(str),
    studio=st.none() | st.builds(Studio, id=st.just(1), name=TEXT),
    performers=st.lists(st.builds(Performer, id=st.just(1), name=TEXT), max_size=3).map(tuple),
    tags=st.lists(st.builds(Tag, id=st.just(1), name=TEXT), max_size=3).map(tuple),
    groups=st.lists(st.builds(Group, id=st.integers(1, 9), name=TEXT), max_size=3).map(tuple),
    code=TEXT,
    director=TEXT,
    rating100=st.none() | st.integers(-5, 500),
    cover=st.sampled_from(["", "/scene/1/screenshot"]),
    urls=st.lists(TEXT | st.just("https://imdb.com/title/tt1"), max_size=2).map(tuple),
    stash_ids=st.lists(st.builds(StashId, endpoint=TEXT | st.just("https://a.b/g"), stash_id=TEXT), max_size=2).map(
        tuple
    ),
)


@vary(SCENES)
@settings(deadline=None)
def test_every_scene_makes_a_movie_that_shows_what_the_writer_would_write(made: Scene) -> None:
    found, item = read(shown(made, Options())), item_of(made, Options())
    assert found["title"] == (item.title or f"Scene {made.id}")
    if "originallyAvailableAt" in found:
        shapes.movies(msgspec.json.encode(page((shown(made, Options()),))))
    assert tuple(one["tag"] for one in found.get("Collection", [])) == item.collections
    assert tuple(one["tag"] for one in found.get("Director", [])) == item.director
    assert found.get("summary", "") == item.summary
    assert found.get("studio", "") == item.studio
    assert tuple(tag["tag"] for tag in found.get("Genre", [])) == item.tags
    assert tuple(role["tag"] for role in found.get("Role", [])) == item.performers
    if item.date:
        assert found["originallyAvailableAt"] == item.date
    assert id_of_guid(found["guid"]) == id_of_key(found["ratingKey"]) == made.id
    assert all(found.values())


@vary(st.text(max_size=25))
@settings(deadline=None)
def test_only_our_own_writing_of_a_key_is_one(key: str) -> None:
    scene_id = id_of_key(key)
    assert scene_id is None or str(scene_id) == key


@pytest.mark.parametrize("key", ["", "-1", "+1", "01", "1.0", "1e3", "٣", " 1", "1\n", "9" * 19, "9" * 5_000])
def test_other_writings_are_unknown(key: str) -> None:
    assert id_of_key(key) is None
    assert id_of_guid(guid_of(1)[:-1] + key) is None


def test_containers_count_what_they_hold() -> None:
    empty = {"offset": 0, "totalSize": 0, "identifier": IDENTIFIER, "size": 0}
    assert read(page(())) == {"MediaContainer": {**empty, "Metadata": []}}
    assert read(gallery(())) == {"MediaContainer": {**empty, "Image": []}}
    part = read(page((shown(WHOLE, Options()),), offset=2, total=3))["MediaContainer"]
    assert (part["offset"], part["totalSize"], part["size"], len(part["Metadata"])) == (2, 3, 1, 1)
