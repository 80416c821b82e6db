"""What every group of figures uses: workers as processes of their own, a round to warm up, medians, peak memory."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
WORKER_LIMIT = 300
ROUNDS = 5


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One figure: the median of `runs`.

    `limit` is the bar it has to pass, as `<= 60` or `>= 0.7`; `ratio` is the figure's share of the bare loop's.
    """

    value: float
    unit: str
    runs: tuple[float, ...]
    limit: str = ""
    ratio: float | None = None


class Bench(NamedTuple):
    """What a group is given: `say` tells of progress, `full` asks for what takes longer than 6 minutes."""

    say: Callable[[str], None]
    full: bool = False

    def rounds(
        self, name: str, measures: Mapping[str, Callable[[], float]], *, count: int = ROUNDS
    ) -> dict[str, list[float]]:
        """Take every measure in turn, `count` times, after one round to warm up that is not counted."""
        found: dict[str, list[float]] = {what: [] for what in measures}
        for turn in range(count + 1):
            self.say(f"{name}: round {turn} of {count}" if turn else f"{name}: to warm up")
            for what, measure in measures.items():
                value = measure()
                if turn:
                    found[what].append(value)
        return found


def median(values: Sequence[float], unit: str, *, limit: str = "", ratio: float | None = None) -> Figure:
    """Return the median of several runs as a figure."""
    runs = tuple(round(value, 3) for value in values)
    return Figure(round(statistics.median(values), 3), unit, runs, limit, None if ratio is None else round(ratio, 3))


def quotient(ours: Sequence[float], bare: Sequence[float], *, limit: str = "") -> Figure:
    """Return how much of the bare loop's speed ours has: the median over the rounds, each divided by its own."""
    return median([one / other for one, other in zip(ours, bare, strict=True)], "1", limit=limit)


def worker(module: str, *arguments: str, seconds: float = WORKER_LIMIT) -> dict[str, Any]:
    """Run a module as a process; return the JSON of its last line, which `report` prints.

    Raises RuntimeError with the end of what it said where it fails, subprocess.TimeoutExpired after `seconds`.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(**measured: float) -> None:
    """Print what a worker measured, with its own peak memory as `rss_mb`."""
    sys.stdout.write(json.dumps({**measured, "rss_mb": round(peak_mb(), 1)}) + "\n")


def peak_mb(pid: int | None = None) -> float:
    """Return the peak resident memory of a living process, or of this one, in MB, as the operating system counts it.

    Linux tells it of every process, and since the program started. Elsewhere only this process can be asked;
    `getrusage` would count there what its parent had before, so measure in a worker. Raises OSError without an answer.
    """
    status = Path(f"/proc/{pid or 'self'}/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    if pid is not None:
        raise OSError(f"this system does not tell the peak memory of process {pid}; measure on Linux")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
