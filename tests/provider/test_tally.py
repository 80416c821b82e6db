"""Percentiles of the last thousand answers."""

from __future__ import annotations

import pytest

from services.provider.tally import KEPT, Tally


@pytest.mark.parametrize(
    ("seconds", "median", "slowest"),
    [([], 0.0, 0.0), ([0.002], 2.0, 2.0), ([0.001, 0.003], 1.0, 3.0), ([n / 1_000 for n in range(1, 101)], 50.0, 99.0)],
)
def test_percentiles_are_answers_that_were_seen(seconds: list[float], median: float, slowest: float) -> None:
    tally = Tally()
    for one in seconds:
        tally.took(one)
    assert (tally.percentile_ms(50), tally.percentile_ms(99)) == (median, slowest)


def test_only_the_last_thousand_count() -> None:
    tally = Tally()
    for _ in range(KEPT):
        tally.took(9.0)
    for _ in range(KEPT):
        tally.took(0.001)
    assert tally.percentile_ms(99) == 1.0
