"""Times are texts in the server's zone: what is compared, what comes out, and where that bites."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.stash import criteria
from simulators.stash.timestamps import Clock, to_moment, to_text, to_unix
from tests.simulators.stash_process import Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORED = "2026-01-10T10:00:05+11:00"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("stash")
    with running(folder, "--scenes", "40") as stash:
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


@pytest.mark.parametrize(
    ("value", "selected"),
    [
        ("2026-01-10T10:00:04+11:00", True),
        ("2026-01-10T10:00:05", True),  # without offset: the very second is in
        ("2026-01-10T10:00:05+11:00", False),  # with it: a later write within the second would be lost
        ("2026-01-09T23:00:01Z", True),  # UTC against local text: an hour of yesterday is "before" all of today
        ("2026-01-10T00:00:00Z", True),
        ("2026-01-10T23:00:00Z", False),  # and half a day that is yet to come is "after"
        ("2026-01-10", True),
        ("2030", True),  # a number is less than any text
        ("1e5", True),
        ("", True),
        ("zzz", False),
    ],
)
def test_greater_than_compares_texts(value: str, selected: bool) -> None:
    test = criteria.timestamp({"modifier": "GREATER_THAN", "value": value}, "")
    assert test(STORED) is selected


def test_a_missing_upper_bound_is_a_day_from_now() -> None:
    clock = Clock("Europe/Berlin")
    test = criteria.timestamp({"modifier": "BETWEEN", "value": "2026-01-01"}, clock.tomorrow())
    assert test(clock.now())
    assert not test(clock.now(-2 * 86400))


def test_text_has_whole_seconds_the_local_offset_and_z_for_none() -> None:
    moment = datetime(2026, 1, 11, 7, 7, 53, 999, tzinfo=UTC)
    assert Clock("Australia/Sydney").text(moment) == "2026-01-11T18:07:53+11:00"
    assert Clock("UTC").text(moment) == "2026-01-11T07:07:53Z"
    assert Clock("Europe/London").text(moment) == "2026-01-11T07:07:53Z"


def test_when_summer_time_ends_later_rows_compare_as_earlier() -> None:
    clock = Clock("Europe/Berlin")
    before = clock.text(datetime(2025, 10, 26, 0, 59, tzinfo=UTC))
    after = clock.text(datetime(2025, 10, 26, 1, 1, tzinfo=UTC))
    assert (before, after) == ("2025-10-26T02:59:00+02:00", "2025-10-26T02:01:00+01:00")
    assert after < before


@given(st.integers(0, 4_000_000_000), st.sampled_from(["UTC", "Asia/Kolkata", "America/Lima", "Europe/Berlin"]))
def test_text_keeps_the_moment(seconds: int, zone: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    text = to_text(moment.astimezone(ZoneInfo(zone)))
    assert to_moment(text) == moment
    assert to_unix(text) == int(moment.timestamp())


def test_an_edit_is_stamped_in_the_zone_that_the_server_has_then(stash: Running) -> None:
    assert stash.do("scene_update", id=1, fields={"title": "x"})["updated_at"][-6:] in {"+01:00", "+02:00"}
    stash.control("clock", zone="Asia/Tokyo")
    assert stash.do("scene_update", id=2, fields={"title": "x"})["updated_at"].endswith("+09:00")
    assert not stash.truth(1)["updated_at"].endswith("+09:00"), "what is stored stays as it is"


def test_a_shifted_clock_moves_stamps_and_the_date_header(stash: Running) -> None:
    stash.control("clock", offset_s=-7200)
    stamp = stash.do("scene_update", id=1, fields={"title": "x"})["updated_at"]
    assert abs(time.time() - 7200 - to_unix(stamp)) < 5
    answer = stash.post("{version{version}}")
    header = datetime.strptime(answer.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert abs(header.timestamp() - to_unix(stamp)) < 5
    assert len(answer.headers.get_list("Date")) == 1


def test_an_edit_may_carry_a_time_from_before_its_commit(stash: Running) -> None:
    late = stash.do("scene_update", id=1, fields={"title": "x"}, began_s_ago=300)["updated_at"]
    assert 290 < time.time() - to_unix(late) < 310


def test_a_filter_by_the_raw_text_without_offset_finds_an_edit_of_that_second(stash: Running) -> None:
    stamp = stash.do("scene_update", id=7, fields={"title": "x"})["updated_at"]
    raw = f'{{updated_at: {{modifier: GREATER_THAN, value: "{stamp[:19]}"}}}}'
    assert stash.ids(raw) == [7]
    assert stash.ids(raw.replace(stamp[:19], stamp)) == []


def test_a_utc_filter_against_another_zone_misses_what_just_changed(stash: Running) -> None:
    stash.control("clock", zone="America/Lima")
    stamp = stash.do("scene_update", id=7, fields={"title": "x"}, began_s_ago=0)["updated_at"]
    a_minute_ago = to_text(datetime.fromtimestamp(to_unix(stamp) - 60, UTC))
    assert stash.ids(f'{{updated_at: {{modifier: GREATER_THAN, value: "{a_minute_ago}"}}}}') == []


def test_play_history_is_in_utc_unlike_the_rest(stash: Running) -> None:
    stash.do("add_play", id=3)
    scene = stash.ask("{findScene(id: 3) {last_played_at play_count play_history}}")["findScene"]
    assert scene["play_count"] == 1
    assert scene["last_played_at"].endswith("Z")
    assert scene["play_history"] == [scene["last_played_at"]]


def test_never_played_is_before_everything(stash: Running) -> None:
    stash.do("add_play", id=3)
    assert 3 not in stash.ids('{last_played_at: {modifier: LESS_THAN, value: "2000-01-01"}}')
    assert stash.ids('{last_played_at: {modifier: GREATER_THAN, value: "2000-01-01"}}') == [3]
