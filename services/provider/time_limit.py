"""A time limit that many tasks are under: one timer for all of them, where `asyncio.timeout` takes one each."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

LOOKS: Final = 10


class TimeLimit:
    """Ends what takes longer than `seconds`, up to a tenth later; use it with `with`, a task once at a time.

    Raises TimeoutError, as `asyncio.timeout` does. Setting a timer and taking it back costs as much as a request's
    way through all routes.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun: dict[asyncio.Task[object], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._begun[_this_task()] = time.monotonic()
        if self._timer is None:
            self._look_soon()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task = _this_task()
        was_ended = self._begun.pop(task, None) is None
        if was_ended and task.uncancel() == 0 and isinstance(error, asyncio.CancelledError):
            raise TimeoutError(f"it took longer than {self._seconds:g} s") from error

    def _look(self) -> None:
        """End what began too long ago, and look again as long as anything is under way."""
        latest = time.monotonic() - self._seconds
        for task in [task for task, begun in self._begun.items() if begun <= latest]:
            del self._begun[task]
            task.cancel()
        self._timer = None
        if self._begun:
            self._look_soon()

    def _look_soon(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds / LOOKS, self._look)


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a time limit is for tasks")
    return task
