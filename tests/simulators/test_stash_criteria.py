"""Single criteria: what each modifier selects, NULL included."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from simulators.stash import criteria
from simulators.stash.id_criteria import Equality, multi, parse_id
from simulators.stash.sorting import natural

HELD: list[tuple[int, ...]] = [(), (1,), (1, 2), (2, 3)]


def criterion(modifier: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"modifier": modifier, "value": value, **more}


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("/data/a.mp4", "/data/a.mp4", True),
        ("/DATA/A.mp4", "/data/a.MP4", True),
        ("größe", "GRÖSSE", False),
        ("GRÖßE", "größe", False),  # only ASCII letters match in either case
        ("größe", "GRößE", True),
        ("a_b", "axb", True),
        ("100%", "100 ways", True),
        ("a.b", "axb", False),
        ("%line%", "one\nline\ntwo", True),
        ("x", None, None),
    ],
)
def test_like_has_live_wildcards_and_ignores_the_case_of_ascii_letters_only(
    pattern: str, text: str | None, matches: bool | None
) -> None:
    assert criteria.like(pattern, text) is matches


@pytest.mark.parametrize(
    ("modifier", "value", "selected"),
    [
        ("EQUALS", "The Tide", {"The Tide", "the tide"}),
        ("EQUALS", "", set()),
        ("NOT_EQUALS", "The Tide", {"A Kite in Lisbon", "Last Tide"}),
        ("INCLUDES", "kite last", {"A Kite in Lisbon", "Last Tide"}),
        ("INCLUDES", '"a kite"', {"A Kite in Lisbon"}),
        ("EXCLUDES", "kite last", {"The Tide", "the tide"}),
        ("MATCHES_REGEX", "^The", {"The Tide"}),
        ("MATCHES_REGEX", "(?i)^the", {"The Tide", "the tide"}),
        ("NOT_MATCHES_REGEX", "Tide$", {None, "", "A Kite in Lisbon", "the tide"}),
        ("IS_NULL", "", {None, ""}),
        ("NOT_NULL", "", {"The Tide", "the tide", "A Kite in Lisbon", "Last Tide"}),
    ],
)
def test_texts_of_which_the_empty_one_is_null(modifier: str, value: str, selected: set[str | None]) -> None:
    held = [None, "", "The Tide", "the tide", "A Kite in Lisbon", "Last Tide"]
    test = criteria.string(criterion(modifier, value))
    assert {one for one in held if test(one)} == selected


@pytest.mark.parametrize(
    ("given_criterion", "selected"),
    [
        (criterion("EQUALS", 5), {5}),
        (criterion("NOT_EQUALS", 5), {0, 7}),
        (criterion("GREATER_THAN", 0), {5, 7}),
        (criterion("LESS_THAN", 5), {0}),
        (criterion("BETWEEN", 0, value2=5), {0, 5}),
        (criterion("NOT_BETWEEN", 1, value2=6), {0, 7}),
        (criterion("IS_NULL", 0), {None}),
        (criterion("NOT_NULL", 0), {0, 5, 7}),
    ],
)
def test_numbers_of_which_null_is_none(given_criterion: dict[str, Any], selected: set[int | None]) -> None:
    test = criteria.number(given_criterion)
    assert {one for one in (None, 0, 5, 7) if test(one)} == selected


@pytest.mark.parametrize("make", [criteria.number, criteria.string, lambda c: criteria.timestamp(c, "")])
def test_a_modifier_that_does_not_fit_comes_out_as_an_internal_error(make: Any) -> None:
    with pytest.raises(GraphQLError, match="Internal system error"):
        make(criterion("INCLUDES_ALL", "1"))


def test_a_broken_regular_expression_is_an_error() -> None:
    with pytest.raises(GraphQLError, match="error parsing regexp"):
        criteria.string(criterion("MATCHES_REGEX", "("))


@pytest.mark.parametrize(
    ("equality", "given_criterion", "selected"),
    [
        ("exact", criterion("INCLUDES", ["1", "2"]), [(1,), (1, 2), (2, 3)]),
        ("exact", criterion("INCLUDES", ["1"], excludes=["2"]), [(1,)]),
        ("exact", criterion("INCLUDES_ALL", ["1", "2"]), [(1, 2)]),
        ("exact", criterion("EXCLUDES", ["1"]), [(), (2, 3)]),
        ("exact", criterion("EQUALS", ["2", "3"]), [(2, 3)]),
        ("exact", criterion("IS_NULL"), [()]),
        ("exact", criterion("NOT_NULL"), [(1,), (1, 2), (2, 3)]),
        ("exact", criterion("INCLUDES", []), HELD),
        ("exact", criterion("EQUALS", []), HELD),
        ("exact", criterion("BETWEEN", ["1"]), HELD),
        ("exact", criterion("BETWEEN", ["1"], excludes=["3"]), [(), (1,), (1, 2)]),
        ("single", criterion("EQUALS", ["1"]), [(1,), (1, 2)]),
        ("single", criterion("NOT_EQUALS", ["1"]), [(), (2, 3)]),
        ("single", criterion("INCLUDES_ALL", ["1", "2"]), []),
        ("plain", criterion("EQUALS", ["1"]), HELD),
        ("plain", criterion("INCLUDES", ["1"], excludes=["2"]), [(1,), (1, 2)]),
    ],
)
def test_related_ids(equality: Equality, given_criterion: dict[str, Any], selected: list[tuple[int, ...]]) -> None:
    test = multi(given_criterion, lambda one: {one}, equality)
    assert [held for held in HELD if test(held)] == selected


@pytest.mark.parametrize(
    ("equality", "modifier", "message"),
    [
        ("exact", "NOT_EQUALS", "not equals modifier is not supported for multi criterion input"),
        ("strict", "EQUALS", "invalid modifier EQUALS"),
    ],
)
def test_what_ids_can_not_be_compared_by(equality: Equality, modifier: str, message: str) -> None:
    with pytest.raises(GraphQLError, match=message):
        multi(criterion(modifier, ["1"]), lambda one: {one}, equality)


def test_an_id_that_is_no_number_is_gos_own_error() -> None:
    with pytest.raises(GraphQLError, match='parsing "abc": invalid syntax'):
        parse_id("abc")


@pytest.mark.parametrize(("held", "selected"), [("2024", True), ("2024-01", True), ("2023-12-31", False), (None, None)])
def test_a_partial_date_compares_as_its_first_day(held: str | None, selected: bool | None) -> None:
    test = criteria.date(criterion("GREATER_THAN", "2023-12-31"), "")
    assert test(held) is selected


@given(st.text(alphabet=st.characters(blacklist_characters="%_", blacklist_categories=["Cs"]), max_size=20))
def test_a_pattern_without_wildcards_is_like_itself(text: str) -> None:
    assert criteria.like(text, text)


def test_names_are_in_natural_order() -> None:
    names = [
        "9 Things",
        "10 Things",
        "100%",
        "Drama",
        "drama two",
        "underXscore",
        "under_score",
        "zebra",
        "Ähre",
        "Éclair",
    ]
    assert sorted(sorted(names), key=natural) == names
