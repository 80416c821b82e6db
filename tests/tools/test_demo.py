"""./run demo keeps its promises, finds what is broken, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.tools.processes import alive, children, printed, running
from tools.processes import Process, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story

LONGEST = 60.0
LEFT = "stash2plex-demo-*"


def chapter(demo: Process, number: int) -> None:
    """Wait until a chapter begins."""
    wait_until(lambda: f"\n{number}. " in printed(demo) or not demo.alive, f"chapter {number}", seconds=LONGEST)


def test_the_whole_story_in_a_minute_as_plain_lines(tmp_path: Path) -> None:
    began = time.monotonic()
    with running("tools.demo", folder=tmp_path) as demo:
        status = demo.wait(seconds=LONGEST)
        said = printed(demo)
    assert status == 0, said
    assert time.monotonic() - began < LONGEST
    assert re.search(r"compared 18\d scenes × 6 fields, different: 0\n", said)  # noqa: RUF001 - as it is printed
    assert "✓ 20 writes, not 60" in said
    assert "nothing lost, nothing written twice" in said
    assert "\x1b" not in said
    assert "\r" not in said
    assert list(tmp_path.glob(LEFT)) == []


def test_a_field_changed_behind_our_back_is_found(tmp_path: Path) -> None:
    with running("tools.demo", "--break", folder=tmp_path) as demo:
        status = demo.wait(seconds=LONGEST)
        said = printed(demo)
    assert status == 1, said
    assert "different: 1\n" in said
    assert re.search(r"✗ scene \d+, studio\n +Stash: '.+'\n +Plex:  'Somebody Else'\n", said)


def test_a_promise_that_is_not_kept_is_told_with_where_the_logs_are(tmp_path: Path) -> None:
    with running("tools.demo", folder=tmp_path) as demo:
        chapter(demo, 2)
        plex = next(pid for pid, args in children(demo.pid).items() if "simulators.plex" in args)
        os.kill(plex, signal.SIGKILL)
        assert demo.wait(seconds=LONGEST) == 1
        said = printed(demo)
    assert "✗ This was expected: " in said
    (folder,) = tmp_path.glob(LEFT)
    assert f"The logs are in:   {folder}" in said
    assert (folder / "plex_writer.log").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_process(tmp_path: Path, number: signal.Signals) -> None:
    with running("tools.demo", folder=tmp_path) as demo:
        chapter(demo, 1)
        wait_until(lambda: len(children(demo.pid)) == 6, "six processes")
        started = children(demo.pid)
        os.kill(demo.pid, number)
        assert demo.wait(seconds=15) == 130
    assert not any(alive(pid) for pid in started)
    assert list(tmp_path.glob(LEFT)) == []
