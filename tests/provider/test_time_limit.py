"""One time limit for many tasks."""

from __future__ import annotations

import asyncio
import time

import pytest

from services.provider.time_limit import TimeLimit

SHORT = 0.2
LONG = 60.0


async def stuck(*limits: TimeLimit) -> None:
    """Wait for ever under the limits."""
    limit, *inner = limits
    with limit:
        if inner:
            await stuck(*inner)
        await asyncio.Event().wait()


@pytest.mark.asyncio
async def test_what_takes_too_long_ends_and_what_ends_in_time_does_not() -> None:
    limit = TimeLimit(SHORT)

    async def quick() -> str:
        with limit:
            await asyncio.sleep(SHORT / 2)
        await asyncio.sleep(2 * SHORT)
        return "done"

    begun = time.monotonic()
    quick_ones = [asyncio.create_task(quick()) for _ in range(3)]
    found = await asyncio.gather(stuck(limit), stuck(limit), *quick_ones, return_exceptions=True)
    assert [type(one) for one in found[:2]] == [TimeoutError, TimeoutError]
    assert found[2:] == ["done"] * 3
    assert time.monotonic() - begun >= SHORT


@pytest.mark.asyncio
async def test_after_the_first_has_ended_another_is_limited_again() -> None:
    limit = TimeLimit(SHORT)
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await stuck(limit)
        with limit:
            pass


@pytest.mark.asyncio
async def test_the_shorter_of_two_limits_ends_it_and_the_task_goes_on() -> None:
    outer, inner = TimeLimit(LONG), TimeLimit(SHORT)
    with outer:
        with pytest.raises(TimeoutError):
            await stuck(inner)
        assert await asyncio.sleep(0, "goes on") == "goes on"


@pytest.mark.asyncio
async def test_a_task_that_somebody_else_ends_is_cancelled_and_not_late() -> None:
    task = asyncio.create_task(stuck(TimeLimit(LONG)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
