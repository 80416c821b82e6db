"""The group `bus`: the product's own Bus beside bare paho; run as a module, its worker."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Bench, Figure, median, quotient, report, worker
from benchmarks.scenes import payload
from common import messages
from common.bus import Broker as Address
from common.bus import Bus, Message
from common.messages import Scene
from tools.processes import Broker

if TYPE_CHECKING:
    from collections.abc import Callable

COUNT = 30_000
STREAM = 100_000
SPEEDS = ("publish", "receive")


def figures(bench: Bench) -> dict[str, Figure]:
    """Measure publishing and receiving, ours and bare in turn, then the memory that a long stream takes."""
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder)) as broker:
        port = str(broker.port)

        def rate(module: str, what: str) -> Callable[[], float]:
            return lambda: float(worker(module, what, port, str(COUNT))["rate"])

        measures = {what: rate("benchmarks.groups.bus", what) for what in SPEEDS}
        measures |= {f"bare {what}": rate("benchmarks.bare.bus", what) for what in SPEEDS}
        # a worker receives what was published last, whoever did that
        rates = bench.rounds("bus", measures)
        bench.say(f"bus: streaming {STREAM:,}")
        worker("benchmarks.groups.bus", "publish", port, str(STREAM))
        stream = [worker("benchmarks.groups.bus", "receive", port, str(STREAM))["rss_mb"] for _ in range(3)]
    found = {"bus.rss_mb": median(stream, "MB", limit="<= 60")}
    for what in SPEEDS:
        share = quotient(rates[what], rates[f"bare {what}"], limit=">= 0.7")
        bar = ">= 12000" if what == "receive" else ""
        found[f"bus.{what}_per_s"] = median(rates[what], "1/s", limit=bar, ratio=share.value)
        found[f"bus.{what}_bare_per_s"] = median(rates[f"bare {what}"], "1/s")
        found[f"bus.{what}_ratio"] = share
    return found


async def publish(port: int, count: int) -> float:
    """Publish as the watcher does; return the rate."""
    async with Bus(Address("127.0.0.1", port), "publisher") as bus:
        await bus.wait_connected()
        began = time.perf_counter()
        for number in range(1, count + 1):
            await bus.send(f"bench/scene/{number}", payload(number), retain=True)
        await bus.drain()
        return count / (time.perf_counter() - began)


async def receive(port: int, count: int) -> float:
    """Receive and decode as a load does; return the rate."""
    done = asyncio.Event()
    got = 0

    def received(message: Message) -> None:
        nonlocal got
        messages.decode(Scene, message.payload)
        got += 1
        if got == count:
            done.set()

    async with Bus(Address("127.0.0.1", port), "receiver") as bus:
        await bus.wait_connected()
        began = time.perf_counter()
        await bus.subscribe(["bench/scene/+"], received)
        await done.wait()
        return count / (time.perf_counter() - began)


def main() -> None:
    """Measure what the command line asks for."""
    what, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    measure = publish if what == "publish" else receive
    report(rate=asyncio.run(measure(port, count)))


if __name__ == "__main__":
    main()
