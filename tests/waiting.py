"""Waiting for a condition with a deadline, never for a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def until(condition: Callable[[], object], what: str, *, seconds: float = 20.0) -> None:
    """Poll until `condition` is true; fail naming `what` when the deadline passes."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is another process's
            await asyncio.sleep(0.01)
    assert condition(), what
