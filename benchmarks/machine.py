"""The machine that figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

from tools.processes import program


def machine() -> dict[str, object]:
    """Return what the figures depend on beside the code; `load` is the system's average over the last minute."""
    return {
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "mosquitto": _mosquitto(),
        "load": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def _mosquitto() -> str:
    done = subprocess.run([program("mosquitto"), "-h"], capture_output=True, text=True, check=False)
    return done.stdout.partition("\n")[0]
