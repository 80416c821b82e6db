"""What Plex reads: the attributes of its provider documents, and no others."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given as vary
from hypothesis import settings
from hypothesis import strategies as st

from common.item import item_of
from common.messages import Named, Performer, Scene, Studio
from common.options import DEFAULT_FIELDS, FieldPolicy, Options
from services.provider.document import (
    IDENTIFIER,
    Container,
    Images,
    Manifest,
    guid_of,
    id_of_guid,
    id_of_key,
    match,
    movie,
    page,
)
from tests.provider.given import scene


def read(answer: msgspec.Struct) -> Any:
    return msgspec.json.decode(msgspec.json.encode(answer))


WHOLE = scene(
    17,
    title="A  title",
    details="First.\r\nSecond.",
    date="2023-04-05",
    studio=Studio(id=1, name="Studio"),
    performers=(Performer(id=1, name="Ann"), Performer(id=2, name="Bob")),
    tags=(Named(id=1, name="Outdoor"), Named(id=2, name="outdoor"), Named(id=3, name="Rain")),
)


def test_the_manifest_says_movies_match_and_metadata_and_no_images() -> None:
    assert read(Manifest()) == {
        "MediaProvider": {
            "identifier": IDENTIFIER,
            "title": "Stash2Plex",
            "version": "1.0.0",
            "Types": [{"type": 1, "Scheme": [{"scheme": IDENTIFIER}]}],
            "Feature": [
                {"type": "metadata", "key": "/library/metadata"},
                {"type": "match", "key": "/library/metadata/matches"},
            ],
        }
    }


def test_a_movie_has_what_the_scene_has() -> None:
    assert read(movie(WHOLE, Options())) == {
        "ratingKey": "17",
        "key": "/library/metadata/17",
        "guid": "tv.plex.agents.custom.stash2plex://movie/17",
        "type": "movie",
        "title": "A title",
        "originallyAvailableAt": "2023-04-05",
        "year": 2023,
        "summary": "First.\nSecond.",
        "studio": "Studio",
        "Genre": [{"tag": "Outdoor"}, {"tag": "Rain"}],
        "Role": [{"tag": "Ann", "order": 0}, {"tag": "Bob", "order": 1}],
    }


def test_a_match_has_what_identifies_it_and_a_score() -> None:
    found = read(match(WHOLE, Options(), 70))
    assert found.pop("score") == 70
    assert found.keys() == {"ratingKey", "key", "guid", "type", "title", "originallyAvailableAt", "year"}


def test_an_undated_scene_has_the_day_it_came_into_stash_and_no_year() -> None:
    found = read(movie(scene(1, born="2024-02-03T23:59:59+02:00"), Options()))
    assert found["originallyAvailableAt"] == "2024-02-03"
    assert "year" not in found


@pytest.mark.parametrize("born", ["", "yesterday", "2024", "0123456789", "\u0662\u0660\u0662\u0664-01-01"])
def test_a_time_that_is_none_makes_no_day(born: str) -> None:
    assert "originallyAvailableAt" not in read(movie(scene(1, born=born), Options()))


@pytest.mark.parametrize(("date", "day"), [("2021", "2021-01-01"), ("2021-06", "2021-06-01")])
def test_a_partial_date_is_the_one_that_the_writer_writes(date: str, day: str) -> None:
    found = read(movie(scene(1, date=date), Options()))
    assert (found["originallyAvailableAt"], found["year"]) == (day, 2021)


def test_a_scene_without_a_title_is_named_after_its_file_or_its_id() -> None:
    assert read(movie(scene(1, "/data/a/Some film.mp4", title=""), Options()))["title"] == "Some film"
    assert read(movie(msgspec.structs.replace(WHOLE, title="", files=()), Options()))["title"] == "Scene 17"


@pytest.mark.parametrize(
    ("field", "attribute"), [("summary", "summary"), ("studio", "studio"), ("tags", "Genre"), ("performers", "Role")]
)
def test_a_field_that_is_off_is_left_out(field: str, attribute: str) -> None:
    fields = {**DEFAULT_FIELDS, field: FieldPolicy("off")}
    assert attribute not in read(movie(WHOLE, Options(fields=fields)))
    assert attribute in read(movie(WHOLE, Options()))


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
    tags=st.lists(st.builds(Named, id=st.just(1), name=TEXT), max_size=3).map(tuple),
)


@vary(SCENES)
@settings(deadline=None)
def test_every_scene_makes_a_movie_that_shows_what_the_writer_would_write(made: Scene) -> None:
    found, item = read(movie(made, Options())), item_of(made, Options())
    assert found["title"] == (item.title or f"Scene {made.id}")
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
    assert read(Container(Images())) == {"MediaContainer": {**empty, "Image": []}}
    part = read(page((movie(WHOLE, Options()),), offset=2, total=3))["MediaContainer"]
    assert (part["offset"], part["totalSize"], part["size"], len(part["Metadata"])) == (2, 3, 1, 1)
