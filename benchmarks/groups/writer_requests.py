"""How many requests to Plex the writer takes: for nothing, for one field, for a first load, for a large listing."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks.bell import Bell
from benchmarks.harness import Bench, Figure, median
from benchmarks.scenes import scene
from benchmarks.stage import Stage
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.messages import Scene

FIRST = 1_000
EDITS = 20
ITEMS = 50_000
PATIENCE = 240.0
QUIET = 8.0


def figures(bench: Bench) -> dict[str, Figure]:
    """Count on one library of 1,000 scenes without pictures, then list one of 50,000 items."""
    found: dict[str, Figure] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Stage(Path(folder)) as stage,
        Bell(stage.broker.port, outcomes=True) as bell,
    ):
        bench.say(f"requests: a first load of {FIRST:,}")
        found["writer.requests_bulk_first"] = median([_first(stage, bell)], "1", limit="<= 1.1")
        bench.say(f"requests: {EDITS} edits of one field, then {EDITS} that change nothing in Plex")
        # of which one reads back what was written
        titles = _edits(stage, bell, 0, lambda one, n: msgspec.structs.replace(one, title=f"Edit {n}"))
        one = [count - 1 for count in titles]
        found["writer.requests_one_field"] = median(one, "1", limit="<= 2")
        # of other scenes, as these would have their first titles back
        none = _edits(stage, bell, EDITS, lambda one, n: msgspec.structs.replace(one, organized=n % 2 == 0))
        found["writer.requests_unchanged"] = median(none, "1", limit="<= 0")
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage:
        bench.say(f"requests: listing {ITEMS:,} items")
        found["writer.requests_index_50k"] = median([_listing(stage)], "1", limit="<= 60")
    return found


def _first(stage: Stage, bell: Bell) -> float:
    """Return the requests a scene of a first load, from the end of the listing to the last look."""
    stage.fill_plex(FIRST)
    stage.start_writer()
    wait_until(lambda: stage.listeners() > 0, "the writer to listen", seconds=PATIENCE)
    time.sleep(2)  # the looks that follow the opening of the stream are none of the load's
    stage.control("reset-counts")
    stage.fill_broker(FIRST)
    wait_until(lambda: len(bell.handled) == FIRST, "everything to be written", seconds=PATIENCE)
    return stage.total() / FIRST


def _edits(stage: Stage, bell: Bell, after: int, edited: Callable[[Scene, int], Scene]) -> list[float]:
    """Return the requests of each of several edits, one after the other, of the scenes that follow one."""
    counts = []
    _until_quiet(stage)
    for number in range(after + 1, after + EDITS + 1):
        seq = max(bell.handled.values()) + 1
        row = msgspec.structs.replace(edited(scene(number), number), seq=seq, rev=f"edit{seq:08}")
        stage.control("reset-counts")
        bell.put(row)
        wait_until(lambda row=row: bell.handled.get(row.id) == row.seq, f"edit {number}", seconds=PATIENCE)  # type: ignore[misc]
        counts.append(float(stage.total()))
    return counts


def _until_quiet(stage: Stage) -> None:
    """Wait until Plex is asked nothing any more: what it tells of the last edits is looked at 5 seconds later."""
    asked, since = stage.total(), time.perf_counter()
    while time.perf_counter() - since < QUIET:
        time.sleep(0.2)
        if (now := stage.total()) != asked:
            asked, since = now, time.perf_counter()


def _listing(stage: Stage) -> float:
    """Return the requests from the start to a complete index."""
    stage.fill_plex(ITEMS)
    stage.control("reset-counts")
    stage.start_writer()
    kind = "GET /library/sections/{section}/all"
    stage.until_asked(kind, ITEMS // 1_000)
    time.sleep(3)
    return float(stage.total())
