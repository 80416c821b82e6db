"""The harness: what counts, what passes, which groups there are, and memory as the system counts it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from benchmarks import harness
from benchmarks.catalogue import chosen, groups, load, passes
from benchmarks.harness import ROOT, Bench, Figure, median, peak_mb, quotient, worker
from benchmarks.machine import machine

if TYPE_CHECKING:
    from pathlib import Path

MB = 1024 * 1024


def test_the_first_round_warms_up_and_the_measures_take_turns() -> None:
    said: list[str] = []
    taken: list[str] = []

    def measure(what: str) -> float:
        taken.append(what)
        return float(len(taken))

    found = Bench(said.append).rounds("x", {"ours": lambda: measure("ours"), "bare": lambda: measure("bare")}, count=2)
    assert taken == ["ours", "bare"] * 3
    assert found == {"ours": [3.0, 5.0], "bare": [4.0, 6.0]}
    assert said == ["x: to warm up", "x: round 1 of 2", "x: round 2 of 2"]


def test_a_figure_is_the_median_and_a_ratio_is_taken_round_by_round() -> None:
    assert median([3.0, 1.0, 2.00049], "s", limit="<= 3") == Figure(2.0, "s", (3.0, 1.0, 2.0), "<= 3")
    # the medians' quotient would be 20 / 20
    assert quotient([10.0, 20.0, 40.0], [20.0, 25.0, 10.0]).value == 0.8


@pytest.mark.parametrize(
    ("value", "limit", "good"),
    [(60.0, "<= 60", True), (60.1, "<= 60", False), (0.7, ">= 0.7", True), (0.69, ">= 0.7", False), (9.9, "", True)],
)
def test_a_bar_is_passed_or_not(value: float, limit: str, *, good: bool) -> None:
    assert passes(Figure(value, "1", (value,), limit)) == good


def test_a_name_stands_for_a_module_or_for_all_that_begin_with_it() -> None:
    known = ["bus", "writer", "writer_requests", "writers"]
    assert chosen(None, known) == known
    assert chosen("writer", known) == ["writer", "writer_requests"]
    assert chosen("writer_requests", known) == ["writer_requests"]
    assert chosen("write", known) == []


def test_a_group_is_found_by_its_file(tmp_path: Path) -> None:
    for name in ("__init__", "_shared", "latency", "watcher"):
        (tmp_path / f"{name}.py").touch()
    assert groups(tmp_path) == ["latency", "watcher"]


def test_every_group_can_be_loaded() -> None:
    assert "bus" in groups()
    assert all(callable(load(name).figures) for name in groups())


def test_a_figure_s_json_is_what_dashboards_read() -> None:
    plain = msgspec.to_builtins(Figure(0.8, "1", (0.8,)))
    full = msgspec.to_builtins(Figure(0.8, "1", (0.8,), ">= 0.7", 0.8))
    assert plain == {"value": 0.8, "unit": "1", "runs": (0.8,)}
    assert full == {**plain, "limit": ">= 0.7", "ratio": 0.8}
    assert {"cpus", "processor", "python", "system", "mosquitto", "load"} <= machine().keys()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory of other processes")
def test_a_worker_s_peak_is_its_own_and_not_what_its_parent_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "greedy.py").write_text(
        "from benchmarks.harness import report\nblock = b'x' * 80_000_000\ndel block\nreport(done=1)\n"
    )
    (tmp_path / "modest.py").write_text("from benchmarks.harness import report\nreport(done=1)\n")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{tmp_path}")
    ours = bytearray(200 * MB)
    greedy, modest = worker("greedy"), worker("modest")
    assert len(ours) == 200 * MB
    assert greedy["done"] == 1
    assert greedy["rss_mb"] - modest["rss_mb"] > 60
    assert modest["rss_mb"] < 100


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory of other processes")
def test_the_peak_of_a_process_that_runs_is_told() -> None:
    command = [sys.executable, "-c", "print('up', flush=True); input()"]
    sleeper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline() == b"up\n"
        assert 1 < peak_mb(sleeper.pid) < 100
    finally:
        sleeper.communicate(b"\n")


def test_a_worker_that_fails_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.py").write_text("raise SystemExit('no broker')\n")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{tmp_path}")
    with pytest.raises(RuntimeError, match="no broker"):
        harness.worker("broken")


def test_an_unknown_group_is_named_with_those_there_are() -> None:
    command = [sys.executable, "-m", "benchmarks", "bosses"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no group bosses; there are bus" in done.stderr
