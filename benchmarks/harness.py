"""What every group of figures uses: workers as processes of their own, medians of several runs, the machine."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
WORKER_LIMIT = 300


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One figure: the median of `runs`; `limit` is the bar it has to pass and `ratio` the quotient it is part of."""

    value: float
    unit: str
    runs: tuple[float, ...]
    limit: str = ""
    ratio: float | None = None


def median(values: Sequence[float], unit: str, *, limit: str = "") -> Figure:
    """Return the median of several runs as a figure."""
    return Figure(round(statistics.median(values), 3), unit, tuple(round(value, 3) for value in values), limit)


def worker(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module as a process; return the JSON it prints, with its peak memory as the system counted it, in MB."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WORKER_LIMIT, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(**measured: float) -> None:
    """Print what a worker measured, with its own peak memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({**measured, "rss_mb": round(peak, 1)}) + "\n")


def machine() -> dict[str, object]:
    """Return what the figures depend on beside the code."""
    return {
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "mosquitto": _version("mosquitto", "-h"),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def _version(program: str, option: str) -> str:
    from tools.processes import program as found  # noqa: PLC0415 - needed only where the version is asked for

    done = subprocess.run([found(program), option], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0]
