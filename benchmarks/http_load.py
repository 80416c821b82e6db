"""Asks a server in a closed loop over many connections: each asks its next question when it has its last answer.

`python -m benchmarks.http_load PORT CONNECTIONS REQUESTS SCENES`: matches and metadata of random scenes, one of each in
turn; prints requests a second and the median and 99th percentile of the time to an answer, in milliseconds.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from typing import TYPE_CHECKING, cast

import uvloop

from benchmarks.harness import report
from benchmarks.scenes import scene

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
WARM_UP = 2_000


def questions(scenes: int, seed: int) -> Iterator[bytes]:
    """Yield requests without end, as Plex sends them."""
    chance = random.Random(seed)
    while True:
        number = chance.randint(1, scenes)
        path = scene(number).files[0].path.removeprefix("/data/")
        body = json.dumps({"type": 1, "title": "mangled", "filename": path, "manual": 0, "hash": "0" * 40}).encode()
        head = f"POST /library/metadata/matches HTTP/1.1\r\nHost: provider\r\nContent-Length: {len(body)}\r\n\r\n"
        yield head.encode() + body
        yield f"GET /library/metadata/{chance.randint(1, scenes)} HTTP/1.1\r\nHost: provider\r\n\r\n".encode()


class Asker(asyncio.Protocol):
    """One connection; adds to `times` the seconds that each answer took, until `left` questions are asked."""

    def __init__(self, run: Run, seed: int) -> None:
        self._run = run
        self._questions = questions(run.scenes, seed)
        self._buffer = b""
        self._begun = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first question."""
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the measurement: nobody closes a connection that is in use."""
        if self._run.left > 0:
            self._run.fail(exc or ConnectionError("the server closed a connection"))

    def data_received(self, data: bytes) -> None:
        """Take an answer in, and ask again once it is whole."""
        self._buffer += data
        head, found, body = self._buffer.partition(HEAD_END)
        if not found:
            return
        length = LENGTH.search(head)
        if length is None or len(body) < int(length[1]):
            return
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self._run.fail(ConnectionError(f"an answer begins with {self._buffer[:60]!r}"))
            return
        self._buffer = b""
        self._run.took(time.perf_counter() - self._begun)
        self._ask()

    def _ask(self) -> None:
        if self._run.left <= 0 or self._transport is None:
            return
        question = next(self._questions)
        self._run.left -= 1
        self._begun = time.perf_counter()
        self._transport.write(question)


class Run:
    """One measurement."""

    def __init__(self, scenes: int, requests: int) -> None:
        self.scenes = scenes
        self.left = requests
        self.wanted = requests
        self.times: list[float] = []
        self.failed: Exception | None = None
        self.done = asyncio.Event()

    def fail(self, error: Exception) -> None:
        """End the measurement with what went wrong."""
        self.failed = error
        self.left = 0
        self.done.set()

    def took(self, seconds: float) -> None:
        """Note one answer."""
        self.times.append(seconds)
        if len(self.times) >= self.wanted:
            self.done.set()


async def ask(port: int, connections: int, requests: int, scenes: int) -> Run:
    """Ask so many questions; raises what went wrong."""
    run = Run(scenes, requests)
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(lambda n=n: Asker(run, n), "127.0.0.1", port) for n in range(connections)]  # type: ignore[misc] # mypy takes the default for a parameter
    await run.done.wait()
    run.left = 0
    for transport, _ in opened:
        transport.close()
    if run.failed is not None:
        raise run.failed
    return run


async def measure(port: int, connections: int, requests: int, scenes: int) -> None:
    """Measure after a warm-up, and print it."""
    await ask(port, connections, WARM_UP, scenes)
    begun = time.perf_counter()
    run = await ask(port, connections, requests, scenes)
    seconds = time.perf_counter() - begun
    ordered = sorted(run.times)
    report(
        rate=requests / seconds,
        p50_ms=1_000 * ordered[len(ordered) // 2],
        p99_ms=1_000 * ordered[int(len(ordered) * 0.99)],
    )


def main() -> None:
    """Measure what the command line asks for."""
    port, connections, requests, scenes = map(int, sys.argv[1:5])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(measure(port, connections, requests, scenes))


if __name__ == "__main__":
    main()
