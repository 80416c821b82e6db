"""Option by option: what the settings of the mapping make of a scene, each from what a person writes."""

from __future__ import annotations

import dataclasses
from itertools import permutations
from typing import Any

import msgspec
import pytest

from common.item import Item, item_of
from common.messages import Group, Named, Performer, Scene, Studio, Tag
from common.options import MappingOptions
from tests.common.given import given, problem

GENRE = Named(id=9, name="Genre")
SCENE = Scene(
    id=1,
    epoch=1,
    seq=1,
    born="b",
    rev="r",
    updated_at="u",
    title="The Title",
    date="2024-05",
    code="AB-123",
    director=" Dee  Rector ",
    rating100=85,
    studio=Studio(id=1, name="Acme", parent=Named(id=2, name="Big Corp")),
    tags=(Tag(id=1, name="Drama"), Tag(id=2, name="Sci-Fi", parents=(GENRE,)), Tag(id=3, name="4K", parents=(GENRE,))),
    groups=(Group(id=7, name="Saga", index=2), Group(id=3, name="Box")),
    performers=(
        Performer(id=5, name="Ann", image="/performer/5/image?t=1700"),
        Performer(id=6, name="Bea", image="/performer/6/image"),
        Performer(id=8, name="Cat"),
    ),
)


def shown(scene: Scene = SCENE, /, **variables: str) -> Item:
    return item_of(scene, given(**variables).options)


ROWS: list[tuple[dict[str, str], str, object]] = [
    ({}, "sort_title", "Saga 002 The Title"),
    ({"S2P_MAPPING_SORT_TITLE": "{date} {title}"}, "sort_title", "2024-05-01 The Title"),
    ({"S2P_MAPPING_SORT_TITLE": "{studio}: {year} {code}"}, "sort_title", "Acme: 2024 AB-123"),
    ({"S2P_MAPPING_SORT_TITLE": "{{{index}}}"}, "sort_title", "{002}"),
    ({"S2P_MAPPING_SORT_TITLE": "{title}"}, "sort_title", ""),
    ({}, "studio", "Acme"),
    ({"S2P_MAPPING_PARENT_STUDIO": "true"}, "studio", "Acme (Big Corp)"),
    ({}, "tagline", "AB-123"),
    ({}, "content_rating", ""),
    ({"S2P_MAPPING_CONTENT_RATING": " XXX "}, "content_rating", "XXX"),
    ({}, "rating", "8.5"),
    ({}, "director", ("Dee Rector",)),
    ({}, "tags", ("Drama", "Sci-Fi", "4K")),
    ({"S2P_MAPPING_GENRES_IN": "drama, sci-fi"}, "tags", ("Drama", "Sci-Fi")),
    ({"S2P_MAPPING_GENRES_OUT": "4k"}, "tags", ("Drama", "Sci-Fi")),
    ({"S2P_MAPPING_GENRES_IN": "drama, 4K", "S2P_MAPPING_GENRES_OUT": "DRAMA"}, "tags", ("4K",)),
    ({"S2P_MAPPING_GENRES_PARENTS": "true"}, "tags", ("Drama", "Sci-Fi", "4K", "Genre")),
    ({"S2P_MAPPING_GENRES_PARENTS": "true", "S2P_MAPPING_GENRES_IN": "genre"}, "tags", ("Genre",)),
    ({"S2P_MAPPING_GENRES_PARENTS": "true", "S2P_MAPPING_GENRES_OUT": "Genre, 4k"}, "tags", ("Drama", "Sci-Fi")),
    ({"S2P_MAPPING_GENRES_PARENTS": "true", "S2P_MAPPING_GENRES_LIMIT": "3"}, "tags", ("Drama", "4K", "Genre")),
    ({"S2P_MAPPING_GENRES_LIMIT": "2"}, "tags", ("Drama", "4K")),
    ({}, "collections", ("Acme", "Saga", "Box")),
    ({"S2P_MAPPING_COLLECTIONS": "groups"}, "collections", ("Saga", "Box")),
    ({"S2P_MAPPING_COLLECTIONS": "Parent_Studio, studio"}, "collections", ("Big Corp", "Acme")),
    ({}, "photos", {}),
    (
        {"S2P_PROVIDER_URL": "http://nas:9393/"},
        "photos",
        {"Ann": "http://nas:9393/images/performer/5?t=1700", "Bea": "http://nas:9393/images/performer/6"},
    ),
]


@pytest.mark.parametrize(("variables", "field", "value"), ROWS)
def test_each_option_does_what_it_says(variables: dict[str, str], field: str, value: object) -> None:
    assert getattr(shown(**variables), field) == value


def test_every_option_has_a_row() -> None:
    """But for the shape of posters, which shows in pictures alone (tests/plex_writer/test_pictures_together.py)."""
    names = {option.name for option in dataclasses.fields(MappingOptions)} - {"poster"}
    variables = {"S2P_PROVIDER_URL" if name == "provider_url" else f"S2P_MAPPING_{name.upper()}" for name in names}
    assert {variable for row, _, _ in ROWS for variable in row} == variables


@pytest.mark.parametrize(
    ("facts", "field", "value"),
    [
        ({"title": ""}, "sort_title", ""),
        ({"groups": ()}, "sort_title", ""),
        ({"groups": (Group(id=3, name="Box"),)}, "sort_title", "Box The Title"),
        ({"rating100": None}, "rating", ""),
        ({"rating100": 0}, "rating", "0"),
        ({"rating100": 100}, "rating", "10"),
        ({"rating100": 20}, "rating", "2"),
        ({"rating100": 7}, "rating", "0.7"),
        ({"rating100": 1600}, "rating", "10"),
        ({"director": " "}, "director", ()),
        ({"studio": None, "groups": ()}, "collections", ()),
        ({"groups": (Group(id=1, name="ACME"),)}, "collections", ("Acme",)),
    ],
)
def test_what_a_scene_lacks_or_overdoes(facts: dict[str, Any], field: str, value: object) -> None:
    assert getattr(shown(msgspec.structs.replace(SCENE, **facts)), field) == value


def test_a_limit_leaves_the_same_tags_out_whatever_their_order_and_says_so() -> None:
    found = [
        shown(msgspec.structs.replace(SCENE, tags=tags), S2P_MAPPING_GENRES_LIMIT="2")
        for tags in permutations(SCENE.tags)
    ]
    assert {frozenset(item.tags) for item in found} == {frozenset({"Drama", "4K"})}
    assert any("2 of 3 tags" in note for note in found[0].notes)


def test_a_photo_never_leads_to_stash() -> None:
    photos = shown(S2P_PROVIDER_URL="http://nas:9393", S2P_STASH_URL="http://stash:9999").photos
    assert all(address.startswith("http://nas:9393/images/") for address in photos.values())


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("S2P_MAPPING_SORT_TITLE", "{titel}", "{titel} is no part of a sort title"),
        ("S2P_MAPPING_SORT_TITLE", "{title:>9999999}", "{title} is no part"),
        ("S2P_MAPPING_SORT_TITLE", "{title", "braces"),
        ("S2P_MAPPING_SORT_TITLE", "{title.x}", "{title.x} is no part"),
        ("S2P_MAPPING_CONTENT_RATING", "x" * 31, "one line of at most 30"),
        ("S2P_MAPPING_CONTENT_RATING", "a\nb", "one line of at most 30"),
        ("S2P_MAPPING_GENRES_LIMIT", "0", "at least 1"),
        ("S2P_MAPPING_GENRES_LIMIT", "501", "at most 500"),
        ("S2P_MAPPING_COLLECTIONS", "studios", "studio"),
        ("S2P_MAPPING_POSTER", "stretch", "raw"),
        ("S2P_MAPPING_PARENT_STUDIO", "perhaps", "true or false"),
        ("S2P_PROVIDER_INTERNAL_URL", "provider:9393", "http"),
    ],
)
def test_a_mistake_is_named_with_its_setting(variable: str, value: str, says: str) -> None:
    found = problem(**{variable: value})
    assert variable in found
    assert says in found
