"""`./run python -m tests.simulators.releases [VERSION ...]`: the simulated Plex before several releases of plexapi.

Each release is installed, unmodified, into a folder that goes with it, and takes the tour of `test_plex_plexapi`.
Needs the package index; exit status 0 when every release came through.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from tools.processes import ROOT

RELEASES = ("4.15.16", "4.16.1", "4.17.2", "4.18.0", "4.18.3")
TOUR = "tests/simulators/test_plex_plexapi.py"


def tour(release: str) -> bool:
    """Install a release and let it take the tour; return whether it came through."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--target", folder, f"plexapi=={release}"], check=True)
        env = {**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        check = [sys.executable, "-c", "import plexapi; print('plexapi', plexapi.VERSION, plexapi.__file__)"]
        found = subprocess.run(check, env=env, check=True, capture_output=True, text=True).stdout
        print(found, end="", flush=True)
        if folder not in found:
            return False
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "default", TOUR]
        return subprocess.run(pytest, cwd=ROOT, env=env, check=False).returncode == 0


def main() -> int:
    """Take all releases asked for through the tour."""
    ended = {release: tour(release) for release in sys.argv[1:] or RELEASES}
    for release, good in ended.items():
        print(f"plexapi {release}: {'passed' if good else 'FAILED'}")
    return 0 if all(ended.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
