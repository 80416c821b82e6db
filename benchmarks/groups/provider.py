"""The group `provider`: loading, memory, answers under load beside a bare server, and what a scan asks of Stash.

Run as a module, it publishes a table: `python -m benchmarks.groups.provider PORT COUNT`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from benchmarks.harness import Bench, Figure, median, peak_mb, quotient, report, worker
from benchmarks.scenes import payload, scene
from common.bus import Broker as Address
from common.bus import Bus
from common.messages import WatcherInfo, encode
from tools.processes import Broker, Process, free_port, service, wait_until

SCENES = 200_000
SMALL = 25_000
LOADS = 3
CONNECTIONS = 64
REQUESTS = 20_000
SCANNED = 2_000


def figures(bench: Bench) -> dict[str, Figure]:
    """Measure loads and answers at 200,000 scenes, and with `--full` the loads at other sizes, too."""
    found: dict[str, Figure] = {}
    sizes = (SMALL, 2 * SMALL, 4 * SMALL, SCENES) if bench.full else (SCENES,)
    with tempfile.TemporaryDirectory() as name, Broker(Path(name)) as broker:
        for size in sizes:
            bench.say(f"provider: publishing {size:,} scenes")
            worker("benchmarks.groups.provider", str(broker.port), str(size))
            found |= _loads(bench, Path(name), broker, size)
        found |= _answers(bench, Path(name), broker)
    return found


def _loads(bench: Bench, folder: Path, broker: Broker, size: int) -> dict[str, Figure]:
    seconds, memory = [], []
    for turn in range(LOADS):
        bench.say(f"provider: load {turn + 1} of {LOADS} at {size:,}")
        begun = time.perf_counter()
        with Provider(folder, broker) as provider:
            seconds.append(time.perf_counter() - begun)
            memory.append(peak_mb(provider.pid))
    label, whole = f"{size // 1_000}k", size == SCENES
    return {
        f"provider.load_s_{label}": median(seconds, "s", limit="<= 40" if whole else ""),
        f"provider.rss_mb_{label}": median(memory, "MB", limit="<= 400" if whole else ""),
    }


def _answers(bench: Bench, folder: Path, broker: Broker) -> dict[str, Figure]:
    """Measure ours and the bare server in turn, under the same questions."""
    with ExitStack() as stack:
        stash = stack.enter_context(Stash())
        provider = stack.enter_context(Provider(folder, broker, S2P_STASH_URL=stash.url))
        stash.requests = 0
        bench.say(f"provider: a scan of {SCANNED:,} files")
        for number in range(1, SCANNED + 1):
            _scan_one(provider, number)
        asked = stash.requests
        bare = stack.enter_context(_bare(folder, provider))
        ours: list[dict[str, float]] = []
        rates = bench.rounds(
            "provider",
            {"ours": lambda: _noted(ours, provider.port), "bare": lambda: float(_load(bare.port)["rate"])},
        )
    return {
        "provider.scan_stash_requests": median([asked], "1", limit="<= 0"),
        "provider.p50_ms_64": median([one["p50_ms"] for one in ours[1:]], "ms"),
        "provider.p99_ms_64": median([one["p99_ms"] for one in ours[1:]], "ms", limit="<= 10"),
        "provider.requests_per_s_64": median(rates["ours"], "1/s"),
        "provider.bare_requests_per_s_64": median(rates["bare"], "1/s"),
        "provider.throughput_ratio": quotient(rates["ours"], rates["bare"], limit=">= 0.4"),
    }


def _noted(runs: list[dict[str, float]], port: int) -> float:
    runs.append(_load(port))
    return runs[-1]["rate"]


def _load(port: int) -> dict[str, Any]:
    return worker("benchmarks.http_load", str(port), str(CONNECTIONS), str(REQUESTS), str(SCENES))


def _scan_one(provider: Provider, number: int) -> None:
    """Ask for one file what Plex asks while it scans: match, metadata, extras."""
    path = scene(number).files[0].path.removeprefix("/data/")
    body = json.dumps({"type": 1, "title": "x", "filename": path}).encode()
    found = json.loads(provider.ask("/library/metadata/matches", body))["MediaContainer"]["Metadata"]
    if [one["ratingKey"] for one in found] != [str(number)]:
        raise RuntimeError(f"scene {number} is answered with {found}")
    provider.ask(f"/library/metadata/{number}")
    provider.ask(f"/library/metadata/{number}/extras")


class Provider:
    """A provider as a process, ready once entered."""

    def __init__(self, folder: Path, broker: Broker, **settings: str) -> None:
        self.port = free_port()
        given = {"S2P_MQTT_URL": broker.url, "S2P_PROVIDER_PORT": str(self.port), **settings}
        self._process = service("provider", folder, given)

    def __enter__(self) -> Self:
        self._process.start()
        wait_until(self._ready, "the provider to be ready", seconds=240)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def ask(self, path: str, body: bytes | None = None) -> bytes:
        """Return an answer."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", body, timeout=30) as answer:
            content: bytes = answer.read()
        return content

    def _ready(self) -> bool:
        try:
            return bool(self.ask("/ready"))
        except OSError:
            return False


class Stash:
    """A server that stands for Stash and counts what it is asked."""

    def __init__(self) -> None:
        self.requests = 0
        counter = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                counter.requests += 1
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            do_POST = do_GET  # noqa: N815 - the library's name

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Bare(Process):
    """The bare server, with a provider's own answers."""

    def __init__(self, folder: Path, answers: tuple[Path, Path]) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "benchmarks.bare.provider", str(self.port), *map(str, answers)]
        super().__init__("bare", command, folder)

    def start(self) -> None:
        """Start it and wait until it answers."""
        super().start()
        wait_until(self._answers, "the bare server to answer")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/library/metadata/1", timeout=5):
                return True
        except OSError:
            return False


def _bare(folder: Path, provider: Provider) -> _Bare:
    path = scene(1).files[0].path.removeprefix("/data/")
    match, metadata = folder / "match.json", folder / "metadata.json"
    match.write_bytes(provider.ask("/library/metadata/matches", json.dumps({"type": 1, "filename": path}).encode()))
    metadata.write_bytes(provider.ask("/library/metadata/1"))
    return _Bare(folder, (match, metadata))


async def publish(port: int, count: int) -> float:
    """Publish scenes as the watcher does, then how many there are; return the rate."""
    async with Bus(Address("127.0.0.1", port), "publisher") as bus:
        await bus.wait_connected()
        begun = time.perf_counter()
        for number in range(1, count + 1):
            await bus.send(f"stash2plex/stash/scene/{number}", payload(number), retain=True)
        await bus.drain()
        info = WatcherInfo(service="", epoch=scene(1).epoch, seq=count, scenes=count)
        await bus.publish("stash2plex/stash/info", encode(info), retain=True)
        return count / (time.perf_counter() - begun)


def main() -> None:
    """Publish what the command line asks for."""
    report(rate=asyncio.run(publish(int(sys.argv[1]), int(sys.argv[2]))))


if __name__ == "__main__":
    main()
