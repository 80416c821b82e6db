"""The group `latency`: from an edit in Stash to Plex showing it, by hook and by polling, as a library grows."""

from __future__ import annotations

import math
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from benchmarks.harness import Bench, Figure, median
from tests.stories.world import World, is_bare
from tools.processes import ROOT, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLUGIN = ROOT / "stash_plugin" / "stash2plex.py"
EDITS = 50
POLL = 3.0
SIZES = (1_000,)
ALL_SIZES = (1_000, 10_000, 100_000)
SERVICES = ("provider", "stash_watcher", "plex_writer")
PATIENCE = 900.0


def figures(bench: Bench) -> dict[str, Figure]:
    """Edit titles one by one, apart as a person's edits are; the size of the library is part of a figure's name."""
    found: dict[str, Figure] = {}
    for scenes in ALL_SIZES if bench.full else SIZES:
        hook, poll = _at(bench, scenes)
        suffix = "" if scenes == SIZES[0] else f"_{scenes // 1_000}k"
        found[f"latency.edit_to_plex_ms_hook{suffix}"] = median(hook, "ms", limit="<= 300")
        found[f"latency.edit_to_plex_ms_hook_p99{suffix}"] = _highest(hook, limit="<= 1000")
        found[f"latency.edit_to_plex_ms_poll{suffix}"] = median(poll, "ms")
        found[f"latency.edit_to_plex_ms_poll_p99{suffix}"] = _highest(poll, limit="<= 4000")
    return found


def _at(bench: Bench, scenes: int) -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory() as folder, World(Path(folder), scenes=scenes) as world:
        bench.say(f"latency: {scenes:,} scenes are loaded")
        world.scan_all()
        world.settings |= {"S2P_STASH_POLL": str(POLL), "S2P_STASH_IDLE": str(POLL), "S2P_HOOK_SECRET": "bench"}
        address = f"http://127.0.0.1:{free_port()}"
        world.settings |= {"S2P_PROVIDER_PORT": address.rpartition(":")[2], "S2P_PROVIDER_URL": address}
        world.start(*SERVICES)
        wait_until(lambda: _is_ready(address), "the provider to be ready", seconds=PATIENCE)
        wait_until(lambda: world.stats("writes") and world.stats("pending") == 0, "the first run", seconds=PATIENCE)
        targets = _targets(world)
        bench.say("latency: polled")
        poll = [_edited(world, *next(targets)) for _ in range(EDITS)]
        command = ["env", f"S2P_PROVIDER_URL={address}", "S2P_HOOK_SECRET=bench", sys.executable, "-IS", str(PLUGIN)]
        world.control("stash", "plugin", command=command)
        bench.say("latency: hooked")
        _edited(world, *next(targets))
        hook = [_edited(world, *next(targets)) for _ in range(EDITS)]
    return hook, poll


def _targets(world: World) -> Iterator[tuple[int, str]]:
    """Yield scenes that are written and the items that they have, over and over."""
    items = world.items()
    found = [
        (scene["id"], str(items[world.mapped(scene["files"][0])]["ratingKey"]))
        for scene in world.scenes()
        if scene["files"] and not is_bare(scene)
    ][: 2 * EDITS]
    while True:
        yield from found


def _edited(world: World, scene_id: int, rating_key: str) -> float:
    """Edit a scene at any point between two polls; return the milliseconds until Plex shows it."""
    time.sleep(0.5 + random.random() * 0.5)
    title = f"Edited at {time.time_ns()}"
    began = time.perf_counter()
    world.edit(scene_id, title=title)
    while world.look("plex", "items", ratingKey=rating_key)[0]["title"] != title:
        if time.perf_counter() - began > PATIENCE:
            raise TimeoutError(f"scene {scene_id} did not arrive within {PATIENCE:.0f} s")
        time.sleep(0.005)
    return (time.perf_counter() - began) * 1_000


def _highest(values: Sequence[float], *, limit: str) -> Figure:
    """Return the 99th percentile of the runs, which of fifty is the longest."""
    place = math.ceil(0.99 * len(values)) - 1
    found = median(values, "ms", limit=limit)
    return Figure(round(sorted(values)[place], 3), found.unit, found.runs, found.limit)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/ready", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
