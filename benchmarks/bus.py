"""The group `bus`: the product's own Bus beside bare paho; run as a module, its worker."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.harness import Figure, median, report, worker
from benchmarks.scenes import payload
from common import messages
from common.bus import Broker as Address
from common.bus import Bus, Message
from common.messages import Scene
from tools.processes import Broker

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
COUNT = 30_000
STREAM = 100_000


def figures(say: Callable[[str], None]) -> dict[str, Figure]:
    """Measure publishing and receiving, ours and bare in turn, after a round to warm up."""
    rates: dict[str, list[float]] = {"publish": [], "bare_publish": [], "receive": [], "bare_receive": []}
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder)) as broker:
        port = str(broker.port)
        for turn in range(ROUNDS + 1):
            say(f"bus: round {turn} of {ROUNDS}")
            for what in ("publish", "receive"):
                ours = worker("benchmarks.bus", what, port, str(COUNT))["rate"]
                bare = worker("benchmarks.bare", what, port, str(COUNT))["rate"]
                if turn:
                    rates[what].append(ours)
                    rates[f"bare_{what}"].append(bare)
        say("bus: streaming 100,000")
        worker("benchmarks.bus", "publish", port, str(STREAM))
        stream = [worker("benchmarks.bus", "receive", port, str(STREAM))["rss_mb"] for _ in range(3)]
    found = {"bus.rss_mb": median(stream, "MB", limit="<= 60")}
    for what in ("publish", "receive"):
        ratios = [ours / bare for ours, bare in zip(rates[what], rates[f"bare_{what}"], strict=True)]
        found[f"bus.{what}_per_s"] = median(rates[what], "1/s", limit=">= 12000" if what == "receive" else "")
        found[f"bus.{what}_bare_per_s"] = median(rates[f"bare_{what}"], "1/s")
        found[f"bus.{what}_ratio"] = median(ratios, "1", limit=">= 0.7")
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
