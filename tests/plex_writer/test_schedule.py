"""When scheduled work is due, and that it runs once at a time."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from services.plex_writer.schedule import FIRST, PERIODS, SOONEST, Schedule, seconds_left

NOW = dt.datetime(2026, 5, 6, 12, tzinfo=dt.UTC)


def ago(seconds: float) -> str:
    return (NOW - dt.timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    ("every", "last", "left"),
    [
        ("never", "", None),
        ("never", ago(10**7), None),
        ("daily", "", FIRST),
        ("hourly", "", FIRST),
        ("daily", ago(0), 86_400),
        ("daily", ago(86_000), 400),
        ("hourly", ago(1_800), 1_800),
        ("weekly", ago(86_400), 6 * 86_400),
        ("daily", ago(86_399), SOONEST),
        ("hourly", ago(40 * 86_400), SOONEST),
        ("hourly", ago(-86_400), 3_600),
    ],
)
def test_missed_runs_are_made_up_for_by_one(every: str, last: str, left: float | None) -> None:
    assert seconds_left(every, last, NOW) == left


def test_there_is_a_period_for_every_choice_but_never() -> None:
    assert set(PERIODS) == {"hourly", "daily", "weekly"}


@pytest.mark.asyncio
async def test_two_who_ask_at_once_share_a_run_and_the_next_starts_another() -> None:
    runs = 0
    go = asyncio.Event()

    async def work() -> int:
        nonlocal runs
        runs += 1
        await go.wait()
        return runs

    schedule = Schedule("work", "never", work, lambda: "")
    both = asyncio.gather(schedule.once(), schedule.once())
    await asyncio.sleep(0)
    go.set()
    assert list(await both) == [1, 1]
    assert await schedule.once() == 2
    await schedule.close()


@pytest.mark.asyncio
async def test_who_waits_may_leave_and_the_run_goes_on() -> None:
    done = asyncio.Event()
    go = asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    schedule = Schedule("work", "never", work, lambda: "")
    asking = asyncio.ensure_future(schedule.once())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    go.set()
    await asyncio.wait_for(done.wait(), 10)
    await schedule.close()
