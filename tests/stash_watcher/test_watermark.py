"""Which stretch of updated_at is asked for, judged as Stash does: text against text."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stash_watcher.watermark import (
    LAG,
    OVERLAP,
    WIDE,
    Watermark,
    Youngest,
    is_fresh,
    moment,
    moved_zone,
    newest,
    window,
)

NOW = dt.datetime(2026, 1, 10, 12, 0, 0, tzinfo=dt.UTC)
ZONES = ["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Kiritimati", "Etc/GMT+12"]


def stored(time: dt.datetime, zone: str) -> str:
    """Return a time as a Stash in that zone stores it."""
    text = time.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def test_the_newest_counts_not_the_largest_text() -> None:
    assert newest("2026-01-10T20:00:00+11:00", ["2026-01-10T10:00:00Z"], NOW) == "2026-01-10T10:00:00Z"


@pytest.mark.parametrize(
    "odd", ["", "yesterday", "2026-01-10T11:00:00", "2199-01-01T00:00:00Z", "2026-01-11T12:00:01Z"]
)
def test_what_is_no_time_or_more_than_a_day_ahead_does_not_count(odd: str) -> None:
    assert newest("2026-01-10T10:00:00Z", [odd], NOW) == "2026-01-10T10:00:00Z"
    assert newest("", [odd], NOW) == ""


def test_a_day_ahead_of_stashs_clock_still_counts() -> None:
    assert newest("", ["2026-01-11T12:00:00Z"], NOW) == "2026-01-11T12:00:00Z"


def test_the_bounds_are_local_texts_without_an_offset() -> None:
    assert window("2026-01-10T22:59:00+11:00", NOW, None) == ("2026-01-10T22:56:00", "2026-01-11T23:00:00")


def test_without_a_watermark_the_zone_is_unknown_and_the_window_covers_any() -> None:
    since, upto = window("", NOW, None)
    for zone in ZONES:
        assert since < stored(NOW - OVERLAP, zone) < upto


@given(st.sampled_from(ZONES), st.integers(0, 3 * 86_400), st.integers(0, 86_400))
def test_every_change_after_the_watermark_is_inside_the_window(zone: str, age: int, delay: int) -> None:
    """Whatever the age of the watermark, what is written within the overlap before the present is asked for."""
    mark = stored(NOW - dt.timedelta(seconds=age), zone)
    clock = NOW + dt.timedelta(seconds=delay)
    since, upto = window(mark, clock, None)
    for back in (dt.timedelta(), OVERLAP - dt.timedelta(seconds=1)):
        assert since <= stored(clock - back, zone) <= upto


@given(st.sampled_from(ZONES), st.integers(0, 86_400))
def test_a_row_dated_ahead_does_not_push_the_window_past_the_present(zone: str, ahead: int) -> None:
    mark = stored(NOW + dt.timedelta(seconds=ahead), zone)
    since, _ = window(mark, NOW, None)
    assert since <= stored(NOW - OVERLAP + dt.timedelta(seconds=1), zone)


def test_an_old_watermark_does_not_keep_the_window_open() -> None:
    since, _ = window("2020-01-01T00:00:00Z", NOW, None)
    assert since == stored(NOW - LAG - OVERLAP, "UTC").removesuffix("Z")


def test_a_sweep_closes_the_window_behind_it() -> None:
    floor = NOW - dt.timedelta(minutes=2)
    since, _ = window("2026-01-10T11:00:00Z", NOW, floor)
    assert since == "2026-01-10T11:55:00"


def test_a_wide_look_finds_what_is_written_after_the_clocks_went_back() -> None:
    zone = ZoneInfo("Europe/Berlin")
    before = dt.datetime(2026, 10, 25, 2, 59, 0, tzinfo=zone)
    after = before.astimezone(dt.UTC) + dt.timedelta(minutes=2)
    assert stored(after, "Europe/Berlin") < stored(before, "Europe/Berlin")
    mark = Watermark(stored(before, "Europe/Berlin"), clock=after, floor=after)
    assert mark.window().since > stored(after, "Europe/Berlin")
    wide = mark.window(wide=True)
    assert wide.since <= stored(after, "Europe/Berlin") <= wide.upto
    assert mark.saw([stored(after, "Europe/Berlin")], after)
    assert mark.window().since <= stored(after, "Europe/Berlin")


def test_seeing_times_moves_the_mark_and_the_clock() -> None:
    mark = Watermark()
    assert not mark.saw(["2026-01-10T10:00:00+01:00", "2026-01-10T09:30:00+01:00"], NOW)
    assert (mark.mark, mark.clock) == ("2026-01-10T10:00:00+01:00", NOW)
    assert not mark.saw([], NOW + WIDE)
    assert mark.clock == NOW + WIDE


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("2026-01-10T10:00:00+01:00", "2026-01-10T10:00:05+01:00", False),
        ("2026-01-10T10:00:00+01:00", "2026-06-10T10:00:05+02:00", True),
        ("2026-01-10T10:00:00Z", "2026-06-10T10:00:05+00:00", False),
        ("", "2026-06-10T10:00:05+02:00", False),
    ],
)
def test_a_change_of_zone_is_noticed(before: str, after: str, moved: bool) -> None:
    assert moved_zone(before, after) is moved


@pytest.mark.parametrize(("seconds", "fresh"), [(0, True), (59, True), (-59, True), (60, False), (-60, False)])
def test_a_change_is_fresh_for_a_minute(seconds: int, fresh: bool) -> None:
    assert is_fresh(stored(NOW - dt.timedelta(seconds=seconds), "Europe/Berlin"), NOW) is fresh
    assert not is_fresh("", NOW)


@given(st.text(max_size=30))
def test_no_text_makes_it_fail(text: str) -> None:
    mark = Watermark("2026-01-10T10:00:00Z", clock=NOW)
    mark.saw([text], NOW)
    assert moment(mark.mark) is not None
    assert mark.window().since < mark.window().upto


def test_the_youngest_rows_are_those_within_a_minute_of_the_youngest_of_all() -> None:
    youngest = Youngest()
    for scene_id, seconds in enumerate([500, 30, 0, 90, 60], 1):
        youngest.add(scene_id, stored(NOW - dt.timedelta(seconds=seconds), "Europe/Berlin"))
    youngest.add(9, "no time")
    assert youngest.after("") == [2, 3, 5]
    assert youngest.after(stored(NOW - dt.timedelta(seconds=30), "UTC")) == [3]
    assert youngest.after(stored(NOW, "UTC")) == []


def test_a_large_table_of_old_rows_is_not_kept() -> None:
    youngest = Youngest()
    for scene_id in range(10_000):
        youngest.add(scene_id, stored(NOW + dt.timedelta(hours=scene_id), "UTC"))
    assert len(youngest._rows) <= 1_002
    assert youngest.after("") == [9_999]
