"""The group `watcher`: first load beside a bare loop, growth up to 200,000 scenes, hook to broker, idle requests.

Pages of scenes are served as the simulator recorded them the first time, so that its own work is not what is timed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from benchmarks.harness import Bench, Figure, median, peak_mb, quotient, worker
from tests.stories.world import Ear
from tools.processes import Broker, Process, Server, free_port, service, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE_BY_SIDE = 20_000
SIZES = (1_000, 10_000, 50_000)
LARGEST = 200_000
EDITS = 50
APART = 0.4
IDLE_FOR = 60.0
PATIENCE = 900.0
HOOKED_WITHIN = 30.0
PLUGIN = Path(__file__).resolve().parents[2] / "stash_plugin" / "stash2plex.py"


class Setting:
    """A broker, a simulated Stash with recorded pages, and the watcher with its default settings."""

    def __init__(self, folder: Path, scenes: int) -> None:
        self.scenes = scenes
        self.folder = folder
        self.broker = Broker(folder)
        arguments = ["--scenes", str(scenes), "--recorded"]
        self.stash = Server("stash", "simulators.stash", arguments, folder, patience=PATIENCE)
        self.http = httpx.Client(timeout=PATIENCE, trust_env=False)
        self.watcher: Process | None = None

    def __enter__(self) -> Self:
        self.broker.start()
        self.stash.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.watcher, self.stash, self.broker):
            if process is not None:
                process.stop()
        self.http.close()

    def control(self, verb: str, **given: object) -> Any:
        """Call the simulator's control API."""
        return self.http.post(f"{self.stash.url}/control/{verb}", json=given).raise_for_status().json()

    def requests(self) -> dict[str, int]:
        """Return what Stash was asked so far, by operation."""
        found: dict[str, int] = self.http.get(f"{self.stash.url}/control/stats").json()["requests"]
        return found

    def start(self, **settings: str) -> None:
        """Start the watcher with an empty log."""
        self.end()
        given = {"S2P_STASH_URL": self.stash.url, "S2P_MQTT_URL": self.broker.url, "S2P_LOG_FORMAT": "json"}
        self.watcher = service("stash_watcher", self.folder, {**given, **settings})
        self.watcher.log.unlink(missing_ok=True)
        self.watcher.start()

    def end(self) -> None:
        """End the watcher."""
        if self.watcher is not None:
            self.watcher.stop()

    def wipe(self) -> None:
        """Give the broker nothing to remember."""
        self.end()
        self.broker.kill()
        self.broker.wipe()
        self.broker.start()

    def at(self, event: str) -> float:
        """Return when the watcher said so, in Unix seconds, once it has."""
        assert self.watcher is not None
        wait_until(lambda: event in self._events(), f"the watcher to say {event}", seconds=PATIENCE)
        return self._events()[event]

    def _events(self) -> dict[str, float]:
        return {line["event"]: datetime.fromisoformat(line["ts"]).timestamp() for line in self._lines()}

    def _lines(self) -> Iterator[dict[str, Any]]:
        assert self.watcher is not None
        for line in self.watcher.log.read_text().splitlines():
            if line.startswith("{"):
                yield json.loads(line)

    def load(self) -> float:
        """Have everything loaded into an empty broker; return scenes a second."""
        self.wipe()
        self.start()
        return self.scenes / (self.at("loaded") - self.at("stash_reachable"))

    def restart(self) -> float:
        """Start the watcher over the full broker; return the seconds until all is compared, and nothing published."""
        self.end()
        self.control("reset-stats")
        began = time.time()
        self.start()
        with_markers = self.at("compared")
        ear = Ear(self.broker.port)
        try:
            wait_until(lambda: ear.json("stash/stats").get("scenes") == self.scenes, "the stats", seconds=60)
            if published := ear.json("stash/stats")["published"]:
                raise RuntimeError(f"a restart published {published} scenes although nothing had changed")
        finally:
            ear.close()
        return with_markers - began


def figures(bench: Bench) -> dict[str, Figure]:
    """Measure everything; `--full` adds smaller sizes, and how long a first load of each takes."""
    found: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory() as folder:
        found |= _side_by_side(bench, Path(folder))
    for size in (*(SIZES if bench.full else ()), LARGEST):
        with tempfile.TemporaryDirectory() as folder:
            found |= _at_size(bench, Path(folder), size)
    return found


def _side_by_side(bench: Bench, folder: Path) -> dict[str, Figure]:
    """Measure what does not depend on the size: the share of the bare loop's speed, hooks, idle requests."""
    with Setting(folder, SIDE_BY_SIDE) as setting:

        def bare() -> float:
            setting.end()
            return float(worker("benchmarks.bare.watcher", setting.stash.url, str(setting.broker.port))["rate"])

        rates = bench.rounds("watcher: first load", {"ours": setting.load, "bare": bare}, count=3)
        bench.say("watcher: idle")
        idle = _idle(setting)
        bench.say("watcher: hooks")
        hooks = _hooks(setting)
    share = quotient(rates["ours"], rates["bare"], limit=">= 0.6")
    return {
        "watcher.initial_ratio": share,
        "watcher.initial_per_s": median(rates["ours"], "1/s", ratio=share.value),
        "watcher.initial_bare_per_s": median(rates["bare"], "1/s"),
        "watcher.idle_requests_per_min": median([idle], "1/min", limit="<= 6"),
        "watcher.hook_to_retained_ms": median(hooks, "ms", limit="<= 200"),
    }


def _idle(setting: Setting) -> float:
    """Count what Stash is asked in a minute in which nothing happens."""
    setting.start()
    setting.at("compared")
    setting.control("reset-stats")
    time.sleep(IDLE_FOR)
    return sum(setting.requests().values()) * 60 / IDLE_FOR


def _hooks(setting: Setting) -> list[float]:
    """Edit scenes one by one; return the milliseconds from the edit to its publication, the plugin's start included."""
    port = free_port()
    given = {"S2P_MQTT_URL": setting.broker.url, "S2P_PROVIDER_PORT": str(port), "S2P_HOOK_SECRET": "bench"}
    ear = Ear(setting.broker.port)
    try:
        with service("provider", setting.folder, given):
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: _answers(f"{address}/ready"), "the provider to be ready", seconds=60)
            command = ["env", f"S2P_PROVIDER_URL={address}", "S2P_HOOK_SECRET=bench"]
            setting.control("plugin", command=[*command, sys.executable, "-IS", str(PLUGIN)])
            return [_hooked(setting, ear, number) for number in range(EDITS + 1)][1:]
    finally:
        ear.close()


def _hooked(setting: Setting, ear: Ear, number: int) -> float:
    title, number = f"hooked {number}", number + 1
    # apart from each other, as edits by hand are: those that follow within 200 ms are fetched together
    time.sleep(APART)
    began = time.perf_counter()
    setting.control("do", op="scene_update", id=number, fields={"title": title})
    while ear.json(f"stash/scene/{number}").get("title") != title:
        if time.perf_counter() - began > HOOKED_WITHIN:
            raise RuntimeError(f"an edit was not published within {HOOKED_WITHIN:.0f} s")
        time.sleep(0.001)
    return (time.perf_counter() - began) * 1_000


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _at_size(bench: Bench, folder: Path, size: int) -> dict[str, Figure]:
    """Measure a first load, memory and restarts over so many scenes; the bars are those of 200,000."""
    name, largest = f"{size // 1_000}k", size == LARGEST
    with Setting(folder, size) as setting:
        bench.say(f"watcher: {name}, pages are recorded")
        setting.load()
        bench.say(f"watcher: {name}, restart, pages are recorded")
        setting.restart()
        bench.say(f"watcher: {name}, restart")
        restarts = [setting.restart() for _ in range(1 if largest and not bench.full else 3)]
        assert setting.watcher is not None
        peaks = [peak_mb(setting.watcher.pid)]
        loads = []
        if bench.full:
            bench.say(f"watcher: {name}, first load")
            loads = [size / setting.load()]
            peaks.append(peak_mb(setting.watcher.pid))
    found = {f"watcher.initial_s_{name}": median(loads, "s")} if loads else {}
    return found | {
        f"watcher.rss_mb_{name}": median([max(peaks)], "MB", limit="<= 300" if largest else ""),
        f"watcher.restart_s_{name}": median(restarts, "s", limit="<= 40" if largest else ""),
    }
