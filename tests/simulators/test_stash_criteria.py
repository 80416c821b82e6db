"""Single criteria: what each modifier selects, NULL included."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from simulators.stash import criteria


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
        ("x", None, False),
    ],
)
def test_like_has_live_wildcards_and_ignores_the_case_of_ascii_letters_only(
    pattern: str, text: str | None, matches: bool
) -> None:
    assert criteria.like(pattern, text) is matches


@pytest.mark.parametrize(
    ("modifier", "value", "selected"),
    [
        ("EQUALS", "The Tide", {"The Tide", "the tide"}),
        ("NOT_EQUALS", "The Tide", {"", "A Kite in Lisbon", "Last Tide"}),
        ("INCLUDES", "kite last", {"A Kite in Lisbon", "Last Tide"}),
        ("INCLUDES", '"a kite"', {"A Kite in Lisbon"}),
        ("EXCLUDES", "kite last", {"", "The Tide", "the tide"}),
        ("MATCHES_REGEX", "^The", {"The Tide"}),
        ("MATCHES_REGEX", "(?i)^the", {"The Tide", "the tide"}),
        ("NOT_MATCHES_REGEX", "Tide$", {None, "", "A Kite in Lisbon", "the tide"}),
        ("IS_NULL", "", {None, ""}),
        ("NOT_NULL", "", {"The Tide", "the tide", "A Kite in Lisbon", "Last Tide"}),
    ],
)
def test_texts(modifier: str, value: str, selected: set[str | None]) -> None:
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
    ("modifier", "value", "excludes", "selected"),
    [
        ("INCLUDES", ["1", "2"], [], [(1,), (1, 2), (2, 3)]),
        ("INCLUDES", ["1"], ["2"], [(1,)]),
        ("INCLUDES_ALL", ["1", "2"], [], [(1, 2)]),
        ("EXCLUDES", ["1"], [], [(), (2, 3)]),
        ("EQUALS", ["2", "3"], [], [(2, 3)]),
        ("IS_NULL", None, [], [()]),
        ("NOT_NULL", None, [], [(1,), (1, 2), (2, 3)]),
    ],
)
def test_related_ids(
    modifier: str, value: list[str] | None, excludes: list[str], selected: list[tuple[int, ...]]
) -> None:
    test = criteria.multi(criterion(modifier, value, excludes=excludes), lambda one: {one})
    assert [held for held in [(), (1,), (1, 2), (2, 3)] if test(held)] == selected


def test_an_id_that_is_no_number_is_gos_own_error() -> None:
    with pytest.raises(GraphQLError, match='parsing "abc": invalid syntax'):
        criteria.parse_id("abc")


@pytest.mark.parametrize(
    ("held", "selected"), [("2024", True), ("2024-01", True), ("2023-12-31", False), (None, False)]
)
def test_a_partial_date_compares_as_its_first_day(held: str | None, selected: bool) -> None:
    test = criteria.date(criterion("GREATER_THAN", "2023-12-31"), "")
    assert test(held) is selected


@given(st.text(alphabet=st.characters(blacklist_characters="%_", blacklist_categories=["Cs"]), max_size=20))
def test_a_pattern_without_wildcards_is_like_itself(text: str) -> None:
    assert criteria.like(text, text)
