"""What happens when a process ends: it is started again, later each time, or everything stops."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from tools.processes import Process

LONGEST_PAUSE: Final = 60.0
LOOK_EVERY: Final = 0.2


def pause(failures: int) -> float:
    """Return the seconds to wait before a start after so many failures in a row: 1, 2, 4 … 60."""
    return min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 10))


def say(text: str) -> None:
    """Tell the person at the terminal something, on the channel of the services' logs."""
    sys.stderr.write(f"up: {text}\n")
    sys.stderr.flush()


@dataclass(slots=True)
class Watched:
    """One process that is started again when it ends; `started` and `due` are monotonic times.

    `due` is when its next start is, None while it runs. After a minute of running, failures are forgotten.
    """

    process: Process
    started: float
    failures: int = 0
    due: float | None = None

    def look(self, now: float) -> int | None:
        """Start it when that is due; return its exit status once after each end."""
        if self.due is not None and now >= self.due:
            self.due, self.started = None, now
            self.process.start()
        if self.due is not None or self.process.alive:
            return None
        self.failures = 1 if now - self.started > LONGEST_PAUSE else self.failures + 1
        self.due = now + pause(self.failures)
        return self.process.exit_status


def watch(processes: Sequence[Process], stop: threading.Event) -> int:
    """Keep these processes, which run already, running until told to stop; return the exit status.

    One that ends with 2 has settings to mend or a double to stop first; starting it again would not help.
    """
    started = time.monotonic()
    watched = [Watched(process, started) for process in processes]
    while not stop.wait(LOOK_EVERY):
        for each in watched:
            status = each.look(time.monotonic())
            if status == 2:
                say(f"{each.process.name} cannot run, and says why above; stopping everything")
                return 2
            if status is not None:
                again = f"starting it again in {pause(each.failures):.0f} s"
                say(f"{each.process.name} ended (exit status {status}); {again}")
    return 0
