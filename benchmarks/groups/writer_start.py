"""The writer's start over 100,000 scenes that are written already: what it asks of Plex, its time, its memory."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Bench, Figure, median, peak_mb
from benchmarks.stage import Stage, path_in_plex
from tools.processes import wait_until

if TYPE_CHECKING:
    from tools.processes import Process

SCENES = 100_000
ROUNDS = 3
# what a start asks of a server and its libraries, however many scenes there are; a page has 1,000 items
LISTING = {
    "GET /",
    "GET /identity",
    "GET /library/sections",
    "GET /library/sections/{section}/all",
    "GET /eventsource/notifications",
    "GET /:/eventsource/notifications",
    "GET /:/prefs",
}


def figures(bench: Bench) -> dict[str, Figure]:
    """Start it three times over the same table."""
    took: list[float] = []
    besides: list[float] = []
    pages: list[float] = []
    peaks: list[float] = []
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage:
        bench.say(f"writer: {SCENES:,} scenes that are written already")
        keys = stage.fill_plex(SCENES)
        if keys[path_in_plex(SCENES)] != str(SCENES):
            raise RuntimeError("this Plex numbers its items otherwise than the outcomes that are retained here")
        stage.fill_broker(SCENES, "settled")
        for turn in range(1, ROUNDS + 1):
            bench.say(f"writer: start {turn} of {ROUNDS}")
            stage.control("reset-counts")
            began = time.perf_counter()
            process = stage.start_writer()
            wait_until(lambda writer=process, turn=turn: _is_up(writer, turn), "the start", seconds=240)  # type: ignore[misc]
            took.append(time.perf_counter() - began)
            time.sleep(2)  # whatever a start may have marked dirty would be asked for now
            kinds = stage.kinds()
            besides.append(float(sum(count for kind, count in kinds.items() if kind not in LISTING)))
            pages.append(float(kinds.get("GET /library/sections/{section}/all", 0)))
            peaks.append(peak_mb(process.pid))
            process.stop()
    return {
        "writer.start_s_100k": median(took, "s"),
        "writer.start_requests_besides_listing": median(besides, "requests", limit="<= 0"),
        "writer.start_listing_pages_100k": median(pages, "requests"),
        "writer.start_rss_mb_100k": median(peaks, "MB"),
    }


def _is_up(process: Process, times: int) -> bool:
    """Tell whether it has listed the libraries and compared all scenes, for so many starts in its log."""
    said = process.log.read_text(errors="replace")
    return said.count("libraries_listed") >= times and said.count(f"scenes={SCENES}") >= times
