"""A program for people as a process of its own, with what it printed and what it started."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tools.processes import Process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def running(module: str, *arguments: str, folder: Path) -> Iterator[Process]:
    """Start `python -m MODULE`, piped and with nothing configured, and end it."""
    folder.mkdir(exist_ok=True)
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("S2P_", "BROKER_"))}
    command = [sys.executable, "-m", module, *arguments]
    process = Process(module, command, folder, {**clean, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"})
    with process:
        yield process


def printed(process: Process) -> str:
    """Return all that it has printed so far."""
    return process.log.read_text() if process.log.exists() else ""


def children(pid: int) -> dict[int, str]:
    """Return the processes that `pid` started and that live, with their command lines."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
    rows = (line.split(None, 2) for line in listed.stdout.splitlines())
    return {int(row[0]): row[2] for row in rows if int(row[1]) == pid}


def alive(pid: int) -> bool:
    """Tell whether a process lives."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")
