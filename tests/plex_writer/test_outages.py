"""The outage history: from recorded beginnings and ends alone, at most thirty of them, and never nonsense."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from common import messages
from common.messages import Outage, Outages
from services.plex_writer.outages import KEPT, begin, end


def at(seconds: float) -> str:
    moment = dt.datetime(2024, 5, 6, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def history(*spans: tuple[float, float]) -> Outages:
    found = Outages()
    for since, until in spans:
        found = end(begin(found, at(since), "why"), at(until))
    return found


def test_an_outage_has_a_beginning_a_reason_and_an_end() -> None:
    begun = begin(Outages(), at(0), "no connection")
    assert begun.outages == (Outage(since=at(0), why="no connection"),)
    assert end(begun, at(60)).outages == (Outage(since=at(0), until=at(60), why="no connection"),)


def test_a_second_beginning_and_an_end_without_one_change_nothing() -> None:
    begun = begin(Outages(), at(0), "first")
    assert begin(begun, at(5), "second") is begun
    ended = end(begun, at(60))
    assert end(ended, at(99)) is ended
    assert end(Outages(), at(0)) == Outages()


def test_one_outage_that_was_open_at_a_restart_ends_as_the_same() -> None:
    read_back = messages.decode(Outages, messages.encode(begin(Outages(), at(0), "why")))
    assert end(begin(read_back, at(30), "still"), at(60)) == history((0, 60))


def test_means_need_something_to_be_the_mean_of() -> None:
    assert (Outages().mttr_s, Outages().mtbf_s) == (None, None)
    begun = begin(Outages(), at(0), "why")
    assert (begun.mttr_s, begun.mtbf_s) == (None, None)
    once = history((0, 60))
    assert (once.mttr_s, once.mtbf_s) == (60, None)


def test_repair_and_failure_times_are_means_of_what_was_recorded() -> None:
    """Mean time between failures is the mean time that Plex was well between two outages."""
    thrice = history((0, 60), (160, 180), (1180, 1190))
    assert (thrice.mttr_s, thrice.mtbf_s) == (30, 550)
    again = begin(thrice, at(1390), "why")
    assert (again.mttr_s, again.mtbf_s) == (30, 433.333)


def test_only_the_last_thirty_are_kept() -> None:
    long = history(*((100.0 * n, 100.0 * n + 10) for n in range(KEPT + 12)))
    assert len(long.outages) == KEPT
    assert long.outages[0].since == at(1200)
    assert (long.mttr_s, long.mtbf_s) == (10, 90)
    assert messages.decode(Outages, messages.encode(long)) == long


@given(st.lists(st.tuples(st.booleans(), st.integers(-10_000, 10_000)), max_size=80))
def test_no_time_is_ever_less_than_nothing(events: list[tuple[bool, int]]) -> None:
    """Even where the clock was set back between a beginning and its end."""
    found = Outages()
    for begins, seconds in events:
        found = begin(found, at(seconds), "why") if begins else end(found, at(seconds))
        assert len(found.outages) <= KEPT
        assert all(outage.until is not None for outage in found.outages[:-1])
        assert (found.mttr_s or 0) >= 0
        assert (found.mtbf_s or 0) >= 0
