"""How fast the watcher asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stash_watcher.pace import PageSize, look_pause, reading_pause, retry_pause, sweep_pause
from services.stash_watcher.progress import Progress, Told


def test_pages_halve_down_to_the_smallest_and_grow_back() -> None:
    pages = PageSize(200, 10)
    sizes = []
    while pages.halve():
        sizes.append(pages.size)
    assert sizes == [100, 50, 25, 12, 10]
    for _ in range(25):
        pages.answered(0.1)
    assert pages.size == 200


def test_a_failure_between_good_pages_starts_the_count_again() -> None:
    pages = PageSize(200, 10)
    pages.halve()
    for _ in range(4):
        pages.answered(0.1)
    pages.halve()
    pages.answered(0.1)
    assert pages.size == 50


def test_slow_answers_make_pages_smaller_and_middling_ones_leave_them_as_they_are() -> None:
    pages = PageSize(500, 10, 200)
    assert pages.size == 200
    for _ in range(20):
        pages.answered(2.0)
    assert pages.size == 200
    pages.answered(6.0)
    assert pages.size == 100
    for _ in range(20):
        pages.answered(0.2)
    assert pages.size == 500


@pytest.mark.parametrize(
    ("now", "changed", "pause"), [(100.0, None, 15.0), (100.0, 99.0, 3.0), (399.9, 100.0, 3.0), (400.0, 100.0, 15.0)]
)
def test_looks_are_frequent_for_five_minutes_after_a_change(now: float, changed: float | None, pause: float) -> None:
    assert look_pause(now, changed, 3.0, 15.0) == pause


def test_idle_looks_are_not_slowed_down_by_a_change() -> None:
    assert look_pause(1.0, 1.0, 3.0, 1.0) == 1.0


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_retries_slow_down_to_half_a_minute_and_never_stop(attempt: int, chance: float) -> None:
    assert 0.25 <= retry_pause(attempt, chance, refused=False) <= 30.0
    assert 7.5 <= retry_pause(attempt, chance, refused=True) <= 15.0


def test_a_sweep_rests_longer_than_it_took() -> None:
    assert (sweep_pause(0.1), sweep_pause(4.0)) == (2.0, 20.0)


def test_a_reading_ends_before_the_next_sweep_and_leaves_stash_half_its_time() -> None:
    pages, every, took = 400, 3_600.0, 0.4
    assert pages * (took + reading_pause(took, 1 / pages, every)) < every
    assert reading_pause(took, 1 / pages, every) > 7.0
    assert reading_pause(20.0, 1 / pages, every) == 20.0
    assert reading_pause(took, 1 / pages, None) == took


def test_progress_tells_rate_and_what_is_left() -> None:
    progress = Progress()
    assert progress.told(1.0) == Told()
    progress.step("load", 0, 1_000, 10.0)
    progress.step("load", 200, 1_000, 12.0)
    assert progress.told(12.0) == Told("load", 200, 1_000, 100.0, 8.0)
    progress.end("sweep")
    assert progress.told(12.0).task == "load"
    progress.end("load")
    assert progress.told(12.0) == Told()
