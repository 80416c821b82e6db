"""How far a long task has come, for people; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Told(NamedTuple):
    """What stats say of a task; an empty task is idle."""

    task: str = ""
    done: int = 0
    total: int = 0
    rate: float = 0.0
    seconds_left: float | None = None


@dataclass(slots=True)
class Progress:
    """One task at a time; `done` and `total` in scenes, times in monotonic seconds."""

    task: str = ""
    done: int = 0
    total: int = 0
    _since: float = 0.0

    def step(self, task: str, done: int, total: int, now: float) -> None:
        """Take in how far a task is; another task than before begins here."""
        if task != self.task:
            self.task, self._since = task, now
        self.done, self.total = done, max(total, done)

    def end(self, task: str) -> None:
        """Take in that a task is over."""
        if task == self.task:
            self.task = ""

    def told(self, now: float) -> Told:
        """Return it as people want to read it."""
        if not self.task:
            return Told()
        rate = self.done / (now - self._since) if now > self._since else 0.0
        left = round((self.total - self.done) / rate, 1) if rate else None
        return Told(self.task, self.done, self.total, round(rate, 1), left)
