"""What is known of items as read, and which of them may hide an edit by somebody else."""

from __future__ import annotations

import math

import pytest

from services.plex_writer.plan import Current, Entry
from services.plex_writer.readings import LOOKED_AT, REMEMBERED, SECOND, Readings

ITEM = Current(
    rating_key="1",
    section="1",
    scalars={"title": "A"},
    lists={"tags": (Entry("x"),)},
    locked=frozenset({"title", "tags"}),
)


def other(**facts: object) -> Current:
    return Current(**{**{name: getattr(ITEM, name) for name in ITEM.__struct_fields__}, **facts})


@pytest.mark.parametrize(
    "now",
    [
        other(scalars={"title": "B"}),
        other(lists={"tags": (Entry("x", role="r"),)}),
        other(locked=frozenset({"title"})),
        other(paths=("/media/a.mp4",)),
        other(updated_at=9),
        other(rating_key="2"),
    ],
)
def test_an_item_is_as_read_only_if_all_of_it_is(now: Current) -> None:
    readings = Readings()
    assert not readings.is_as_read(ITEM)
    readings.read([ITEM], 5)
    assert readings.is_as_read(other(locked=frozenset({"tags", "title"})))
    assert not readings.is_as_read(now)


def test_what_was_told_before_a_reading_is_known_then() -> None:
    readings = Readings()
    readings.read([ITEM], 5)
    assert [readings.read_since("1", moment) for moment in (4.9, 5, 5.1)] == [True, False, False]
    assert not readings.read_since("2", 0)


@pytest.mark.parametrize(
    ("heard_since", "now", "read", "hides"),
    [
        (math.inf, 10 + SECOND, 10.1, True),
        (math.inf, 10.9, 10.1, False),
        (math.inf, 99, 10 + SECOND, False),
        (20, 21, 10.1, True),
        (20, 999, 10.1, True),
        (9, 99, 10.1, False),
    ],
)
def test_a_write_hides_an_edit_of_its_second_until_the_item_is_read_after_it(
    heard_since: float, now: float, read: float, hides: bool
) -> None:
    """It was answered at 10; a read that began then or a little later saw no more than a part of the second."""
    for by_the_lane in (False, True):
        readings = Readings()
        readings.wrote("1", 10)
        if by_the_lane:
            readings.read([ITEM], read)
        else:
            readings.looked_at(["1"], read)
        assert (readings.hiding(heard_since, now) == ["1"]) == hides


def test_what_was_heard_is_forgotten_only_once_it_was_looked_at() -> None:
    """The stream is cut before what it told was looked at."""
    for asked, hidden in ((10.5, ["1"]), (10 + LOOKED_AT, [])):
        readings = Readings()
        readings.wrote("1", 10)
        assert readings.hiding(0, asked) == []
        assert readings.hiding(asked, asked + 1) == hidden


def test_of_more_items_than_are_remembered_the_newest_are() -> None:
    readings = Readings()
    for number in range(REMEMBERED + 1):
        readings.wrote(str(number), number)
        readings.read([other(rating_key=str(number))], number)
    assert len(readings.hiding(math.inf, math.inf)) == REMEMBERED
    assert not readings.is_as_read(other(rating_key="0"))
    assert readings.is_as_read(other(rating_key="1"))
