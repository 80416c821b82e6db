"""Options: the part of the settings on which plans depend, and its fingerprint."""

from __future__ import annotations

from common.options import DEFAULT_FIELDS, IMAGES, LISTS, SCALARS, Options
from tests.common.given import given


def test_every_field_has_a_policy_that_its_kind_allows() -> None:
    assert set(DEFAULT_FIELDS) == {*SCALARS, *LISTS, *IMAGES}
    assert {name for name, policy in DEFAULT_FIELDS.items() if policy.policy == "merge"} == set(LISTS)


def test_options_are_the_part_of_the_settings_that_plans_depend_on() -> None:
    settings = given(S2P_PLEX_LIBRARIES="a", S2P_PATHS="/a=>/b", S2P_FIELDS="title=off", S2P_FILTERS_BARE="write")
    assert settings.options == Options(settings.fields, settings.filters, settings.paths, ("a",))


def test_the_fingerprint_of_options_moves_with_each_of_them_and_nothing_else() -> None:
    variants = [
        {},
        {"S2P_FIELDS": "title=fill"},
        {"S2P_FIELDS": "title=sync unlocked"},
        {"S2P_FILTERS_TAGS_IN": "a"},
        {"S2P_FILTERS_TAGS_OUT": "a"},
        {"S2P_PATHS": "/a=>/b"},
        {"S2P_PLEX_LIBRARIES": "a"},
        {"S2P_MAPPING_SORT_TITLE": "{date}"},
        {"S2P_MAPPING_PARENT_STUDIO": "true"},
        {"S2P_MAPPING_CONTENT_RATING": "XXX"},
        {"S2P_MAPPING_GENRES_IN": "a"},
        {"S2P_MAPPING_GENRES_OUT": "a"},
        {"S2P_MAPPING_GENRES_PARENTS": "true"},
        {"S2P_MAPPING_GENRES_LIMIT": "5"},
        {"S2P_MAPPING_COLLECTIONS": "groups"},
        {"S2P_MAPPING_POSTER": "raw"},
        {"S2P_PROVIDER_URL": "http://provider:9393"},
    ]
    prints = [given(**variables).options.fingerprint() for variables in variants]
    assert len(set(prints)) == len(variants)
    assert given(S2P_LOG_LEVEL="debug", S2P_STASH_POLL="9").options.fingerprint() == prints[0]
    assert given(S2P_FIELDS="art=off, title=sync locked").options.fingerprint() == prints[0]


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    assert Options().fingerprint() == "8df2400b79540b2a"
