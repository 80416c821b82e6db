"""Work that is done now and then: by a schedule over the time of its last run, and on request; one run at a time."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from common.errors import Rejected, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

PERIODS = {"hourly": 3_600.0, "daily": 86_400.0, "weekly": 604_800.0}
# a start has better things to do first, the very first one above all
SOONEST = 60.0
FIRST = 600.0
AGAIN = 60.0
LONGEST_NAP = 3_600.0

log = structlog.get_logger("writer")


def seconds_left(every: str, last: str, now: dt.datetime) -> float | None:
    """Return the seconds until the next run, None for `never`; runs that were missed are made up for by one.

    `last` is the time of the last run, or empty. A time in the future, after a clock was set back, counts as now.
    """
    period = PERIODS.get(every)
    if period is None:
        return None
    if not last:
        return FIRST
    since = (now - dt.datetime.fromisoformat(last)).total_seconds()
    return max(SOONEST, period - max(0.0, since))


class Schedule(Generic[T]):
    """One kind of work; `last` returns when it was done last, which whoever does it keeps on the broker."""

    def __init__(self, name: str, every: str, work: Callable[[], Awaitable[T]], last: Callable[[], str]) -> None:
        self._name = name
        self._every = every
        self._work = work
        self._last = last
        self._running: asyncio.Task[T] | None = None

    async def once(self) -> T:
        """Do it now, or wait for the run that is under way; raises what the work raises."""
        if self._running is None or self._running.done():
            self._running = asyncio.ensure_future(self._work())
        return await asyncio.shield(self._running)

    async def forever(self) -> None:
        """Do it whenever it is due."""
        while True:
            await self._until_due()
            try:
                await self.once()
            except (Unavailable, Rejected) as error:
                log.warning("postponed", what=self._name, why=str(error), seconds=AGAIN)
                await asyncio.sleep(AGAIN)

    async def _until_due(self) -> None:
        """Sleep in pieces, since the last run may be one on request meanwhile."""
        first = True
        while True:
            left = seconds_left(self._every, self._last(), dt.datetime.now(dt.UTC))
            if left is not None and not first and (left <= SOONEST or not self._last()):
                return
            first = False
            await asyncio.sleep(LONGEST_NAP if left is None else min(LONGEST_NAP, left))

    async def close(self) -> None:
        """End a run that is under way."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
