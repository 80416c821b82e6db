"""The writer's speed beside a bare loop, live changes and gaps under bulk work, waiting scenes, and memory."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.bell import Bell
from benchmarks.harness import Bench, Figure, median, peak_mb, quotient, worker
from benchmarks.scenes import scene
from benchmarks.stage import TOKEN, Stage, path_in_plex
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

PUT = "PUT /library/sections/{section}/all"
SCENES = 100_000
ITEMS = 50_000
LIVE = 15
# whole tables are loaded and compared first, which a machine that is busy otherwise takes its time for
LONG = 600.0
# so many writes are not counted: the writer starts and lists meanwhile
RUN_UP = 100
SIZES = {"": (2_000, 0.0, ">= 0.5"), "_20ms": (500, 20.0, ">= 0.8")}


def figures(bench: Bench) -> dict[str, Figure]:
    """Measure the loops in turn, then everything that needs the large table."""
    found: dict[str, Figure] = {}
    for suffix, (count, latency, bar) in SIZES.items():
        rates = bench.rounds(
            f"writer at {latency:.0f} ms",
            {"ours": _loop(_ours, count, latency), "bare": _loop(_bare, count, latency)},
            count=3,
        )
        share = quotient(rates["ours"], rates["bare"], limit=bar)
        found[f"writer.put_loop_ratio{suffix}"] = share
        found[f"writer.put_per_s{suffix}"] = median(rates["ours"], "1/s", ratio=share.value)
        found[f"writer.put_bare_per_s{suffix}"] = median(rates["bare"], "1/s")
    found |= _under_bulk(bench)
    return found | _waiting(bench)


def _loop(measure: Callable[[Stage, int], float], count: int, latency: float) -> Callable[[], float]:
    def once() -> float:
        with tempfile.TemporaryDirectory() as folder, Stage(Path(folder), latency_ms=latency) as stage:
            stage.fill_plex(count)
            return measure(stage, count)

    return once


def _ours(stage: Stage, count: int) -> float:
    """Return how many items a second the writer writes, from the time it is under way to the last one."""
    stage.fill_broker(count)
    stage.start_writer()
    before, began = stage.until_asked(PUT, RUN_UP)
    after, ended = stage.until_asked(PUT, count)
    return (after - before) / (ended - began)


def _bare(stage: Stage, count: int) -> float:
    return float(worker("benchmarks.bare.plex", stage.plex.url, TOKEN, str(count))["rate"])


def _under_bulk(bench: Bench) -> dict[str, Figure]:
    """Queue 100,000 scenes of which Plex has half, and edit some of those meanwhile."""
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage, Bell(stage.broker.port) as bell:
        bench.say(f"writer: {SCENES:,} scenes, {ITEMS:,} items")
        keys = stage.fill_plex(ITEMS)
        stage.fill_broker(SCENES, "old")
        process = stage.start_writer()
        wait_until(lambda: stage.asked(PUT) >= RUN_UP, "the bulk work to begin", seconds=LONG)
        wait_until(lambda: bell.pending > SCENES * 0.9, "everything to be queued", seconds=LONG)
        bench.say("writer: live edits under bulk work")
        live = [_live(stage, bell, keys, turn) for turn in range(LIVE)]
        bench.say("writer: gaps under bulk work")
        gaps: list[float] = []
        asking = threading.Thread(target=lambda: gaps.append(bell.ask("gaps", kind="stale", limit=1)))
        asking.start()
        beside: list[float] = []
        while asking.is_alive():
            beside.append(_live(stage, bell, keys, LIVE + len(beside)))
        asking.join()
        queued = bell.pending
        peak = peak_mb(process.pid)
    return {
        "writer.live_latency_s_under_bulk": median(live, "s", limit="<= 1"),
        "writer.live_latency_s_beside_gaps": median(beside or live, "s", limit="<= 1"),
        "writer.gaps_s_100k": median(gaps, "s", limit="<= 60"),
        "writer.queued_meanwhile": median([float(queued)], "scenes"),
        "writer.rss_mb_100k": median([peak], "MB", limit="<= 220"),
    }


def _live(stage: Stage, bell: Bell, keys: dict[str, str], turn: int) -> float:
    number = ITEMS - 1 - turn
    title = f"Edited live, turn {turn}"
    row = msgspec.structs.replace(scene(number), seq=SCENES + 1 + turn, title=title, rev=f"live{turn:08}")
    began = time.perf_counter()
    bell.put(row)
    stage.until_titled(keys[path_in_plex(number)], title)
    return time.perf_counter() - began


def _waiting(bench: Bench) -> dict[str, Figure]:
    """Let 100,000 scenes wait, count what the writer asks meanwhile, then let some of their files turn up."""
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage, Bell(stage.broker.port) as bell:
        bench.say(f"writer: {SCENES:,} scenes wait")
        stage.fill_broker(SCENES, "waiting")
        stage.start_writer()
        wait_until(lambda: bell.waiting == SCENES and bell.pending == 0, "all of them to wait", seconds=LONG)
        wait_until(lambda: stage.listeners() > 0, "the writer to listen")
        time.sleep(5)  # the look that follows the opening of the stream is not idle
        stage.control("reset-counts")
        time.sleep(30)
        idle = stage.total() * 2
        found = []
        for number in range(1, 6):
            began = time.perf_counter()
            (key,) = stage.fill_plex_with([number]).values()
            stage.until_titled(key, scene(number).title)
            found.append(time.perf_counter() - began)
    return {
        "writer.new_item_s_100k_waiting": median(found, "s", limit="<= 2"),
        "writer.idle_requests_per_min_100k_waiting": median([float(idle)], "1/min", limit="<= 2"),
    }
