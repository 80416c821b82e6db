"""Rests follow how long Plex takes, and never a Plex that is fast."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.plex_writer.pace import FAST, LONGEST, SLOW, Pace


def after(*seconds: float, scanning: bool = False) -> float:
    pace = Pace()
    pace.scanning = scanning
    for each in seconds:
        pace.saw(each)
    return pace.rest()


def test_there_is_no_rest_while_plex_is_fast() -> None:
    assert after() == after(*[0.02] * 50) == after(*[FAST] * 50) == 0


def test_a_slow_answer_counts_at_once_and_fast_ones_end_it() -> None:
    assert after(SLOW + 1) == 2 * (SLOW + 1)
    assert after(SLOW + 1, *[0.02] * 40) == 0
    assert 0 < after(*[0.6] * 20) <= 0.6


def test_a_scan_makes_it_rest_a_little() -> None:
    assert 0 < after(*[0.02] * 10, scanning=True) <= 0.25


@given(st.lists(st.floats(0, 600), max_size=50), st.booleans())
def test_a_rest_is_never_longer_than_ten_seconds(seconds: list[float], scanning: bool) -> None:
    assert 0 <= after(*seconds, scanning=scanning) <= LONGEST
