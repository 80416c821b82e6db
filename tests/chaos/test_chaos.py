"""A minute of chaos leaves Plex as it should be, and a product that breaks its rules is caught."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tools.processes import ROOT

pytestmark = pytest.mark.story

KEYS = [
    "seed", "minutes", "faults", "edits", "lost", "stale", "overwritten", "stuck", "slowest_convergence_s",
]  # fmt: skip


def chaos(*arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run it as ./run does; return exit status, what it answers, and the story."""
    command = [sys.executable, "-m", "tools.chaos", "--json", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def test_a_minute_of_edits_and_faults_leaves_plex_true_to_stash_and_to_people() -> None:
    status, result, story = chaos("--minutes", "1", "--seed", "3", "--scenes", "100")
    assert [result[name] for name in ("lost", "stale", "overwritten", "stuck")] == [0, 0, 0, 0], story
    assert status == 0
    assert list(result) == KEYS
    assert len(result["faults"]) >= 10
    assert result["edits"] > 100


def test_a_product_that_takes_away_what_people_added_is_caught() -> None:
    status, result, story = chaos("--mutant", "clear_foreign")
    assert result["mutants"]["clear_foreign"]["caught"], story
    assert status == 0
