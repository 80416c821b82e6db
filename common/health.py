"""`python -m common.health`: exit 0 while the service in this container is ready and its MQTT session is up, else 1.

A ready service touches the file named by S2P_HEALTH_FILE every 5 seconds; a file older than 12 seconds is unhealthy.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

STALE = 12.0


def age(path: str) -> float | None:
    """Return the seconds since the service last said that it is well, or None when it never did."""
    try:
        return time.time() - Path(path).stat().st_mtime
    except FileNotFoundError:
        return None


def main() -> int:
    """Print the verdict and return the exit status."""
    path = os.environ.get("S2P_HEALTH_FILE", "")
    seconds = age(path) if path else None
    if seconds is None:
        sys.stdout.write(
            "not ready yet\n" if path else "S2P_HEALTH_FILE is not set, so the service's health is unknown\n"
        )
        return 1
    sys.stdout.write(f"last ready {seconds:.0f} s ago\n")
    return 0 if seconds < STALE else 1


if __name__ == "__main__":
    sys.exit(main())
