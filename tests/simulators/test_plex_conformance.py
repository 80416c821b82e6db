"""Conformance: the answers have the shape of those recorded from a real Plex Media Server."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.simulators.plex_process import TOKEN, running
from tools.processes import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CHECK = ROOT.parent / "shared" / "conformance" / "check_plex_double.py"


@pytest.mark.skipif(not CHECK.exists(), reason="the recordings are not part of the project")
def test_recorded_requests_get_answers_of_the_recorded_shape(tmp_path: Path) -> None:
    with running(tmp_path, "--conformance") as plex:
        done = subprocess.run(
            [sys.executable, str(CHECK), plex.url, TOKEN], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
