"""What the demo promises: conditions with a deadline, and what is said when one does not come true."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    T = TypeVar("T")

LOOK_EVERY = 0.01


class Broken(Exception):
    """A promise did not hold: `expected` in words, and what was `seen` instead."""

    def __init__(self, expected: str, seen: str) -> None:
        super().__init__(f"{expected}; {seen}")
        self.expected = expected
        self.seen = seen


def hold(condition: object, expected: str, seen: object) -> None:
    """Raise Broken unless `condition` is true."""
    if not condition:
        raise Broken(expected, str(seen))


async def until(
    look: Callable[[], Awaitable[T]],
    expected: str,
    *,
    seconds: float,
    seen: Callable[[], object] = lambda: "nothing of it",
) -> T:
    """Look again and again until something true is seen, and return it; raise Broken after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := await look()):
        if time.monotonic() > deadline:
            raise Broken(f"{expected}, within {seconds:.0f} seconds", str(seen()))
        await asyncio.sleep(LOOK_EVERY)
    return found
