"""The rate on stats: the mean of the last minute, out of one number a second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.plex_writer.rate import WINDOW, Rate


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_nothing_counted_is_no_rate() -> None:
    assert Rate().per_second() == 0


def test_what_is_counted_counts_for_a_minute() -> None:
    clock = Clock()
    rate = Rate(clock)
    rate.add(90)
    clock.now += 0.5
    rate.add(30)
    assert rate.per_second() == 2
    clock.now = 1059.9
    assert rate.per_second() == 2
    clock.now = 1060
    assert rate.per_second() == 0


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 50)), max_size=200))
def test_the_rate_is_the_mean_of_the_last_minute(events: list[tuple[float, int]]) -> None:
    clock = Clock()
    rate = Rate(clock)
    counted: list[tuple[int, int]] = []
    for pause, count in events:
        clock.now += pause
        rate.add(count)
        counted.append((int(clock.now), count))
        recent = sum(n for second, n in counted if second > int(clock.now) - WINDOW)
        assert rate.per_second() == round(recent / WINDOW, 2)


def test_memory_is_one_number_a_second() -> None:
    clock = Clock()
    rate = Rate(clock)
    for _ in range(10_000):
        clock.now += 0.1
        rate.add(1)
    assert len(rate._counts) <= WINDOW + 1
    assert rate.per_second() == 10
