"""Times, counts and values as people read them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.s2p.words import ago, count, duration, since, value

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3_600, "1 h"),
        (3_661, "1 h 1 min"),
        (86_400 * 3 + 7_200, "3 d 2 h"),
        (86_400 + 59, "1 d"),
        (-5, "-5.0 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@given(st.floats(min_value=0, max_value=1e9))
def test_a_duration_is_never_empty_nor_long(seconds: float) -> None:
    shown = duration(seconds)
    assert shown
    assert len(shown.split()) in {2, 4}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-05-01T11:59:00Z", "1 min ago"),
        ("2026-05-01T12:01:00Z", "in 1 min"),
        ("2026-05-01T12:00:00.500Z", "0.0 s ago"),
        ("2026-05-01T11:00:00", "1 h ago"),
        ("", "never"),
        ("soon", "never"),
    ],
)
def test_a_time_is_told_by_its_distance(text: str, shown: str) -> None:
    assert ago(text, NOW) == shown


def test_since_is_empty_where_nothing_is_known() -> None:
    assert since("", NOW) == ""
    assert since("2026-05-01T11:00:00Z", NOW) == "for 1 h"


def test_counts_have_their_thousands_apart_and_their_noun_in_the_plural() -> None:
    assert [count(1, "scene"), count(0, "scene"), count(12_345, "scene"), count(12_345)] == [
        "1 scene",
        "0 scenes",
        "12,345 scenes",
        "12,345",
    ]


@pytest.mark.parametrize("nothing", [None, "", (), []])
def test_nothing_is_shown_as_such(nothing: object) -> None:
    assert value(nothing) == "(empty)"


def test_a_value_is_one_line_and_not_endless() -> None:
    assert value(("a", "b")) == "a, b"
    assert value("one\ntwo") == "one ⏎ two"
    assert value("x" * 300) == "x" * 199 + "…"
    assert value(0) == "0"
