"""A bare first load: fetch the same recorded pages, publish the same bytes, and nothing else.

`python -m benchmarks.bare.watcher STASH_URL BROKER_PORT`; the bytes are what is retained on the broker now.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.bare.bus import WINDOW, connect
from benchmarks.harness import report
from services.stash_watcher.documents import documents
from services.stash_watcher.pace import PageSize
from services.stash_watcher.pages import FIRST_PAGE, SMALLEST_PAGE, WHOLE_PAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from paho.mqtt.client import Client

PREFIX = "stash2plex/stash/scene"
QUIET = 2.0


async def retained(port: int) -> dict[int, bytes]:
    """Return what the broker has retained of scenes."""
    client, up = connect("bare-reader", port, asyncio.get_running_loop())
    await up.wait()
    rows: dict[int, bytes] = {}
    last = time.monotonic()

    def received(_client: Client, _data: object, message: Any) -> None:
        nonlocal last
        last = time.monotonic()
        rows[int(message.topic.rpartition("/")[2])] = bytes(message.payload)

    client.on_message = received
    client.subscribe(f"{PREFIX}/+", 1)
    while (left := last + QUIET - time.monotonic()) > 0:  # noqa: ASYNC110 - it is quiet that is waited for
        await asyncio.sleep(left)
    client.disconnect()
    return rows


async def load(url: str, port: int, rows: Mapping[int, bytes]) -> float:
    """Fetch page after page and publish its scenes with a window of unacknowledged ones; return scenes a second."""
    client, up = connect("bare-loader", port, asyncio.get_running_loop())
    await up.wait()
    room = asyncio.Semaphore(WINDOW)
    client.on_publish = lambda *_: room.release()
    query = documents({"groups", "files_filter"}).page
    ids = sorted(rows)
    sizes = PageSize(WHOLE_PAGE, SMALLEST_PAGE, FIRST_PAGE)
    began, done = time.perf_counter(), 0
    async with httpx.AsyncClient(timeout=60) as http:
        while True:
            variables = {"after": ids[done - 1] if done else 0, "per_page": sizes.size}
            question = {"query": query.text, "operationName": query.operation, "variables": variables}
            answer = await http.post(
                f"{url}/graphql", content=json.dumps(question).encode(), headers={"content-type": "application/json"}
            )
            answer.raise_for_status()
            page = ids[done : done + sizes.size]
            if not page:
                break
            for scene_id in page:
                await room.acquire()
                client.publish(f"{PREFIX}/{scene_id}", rows[scene_id], 1, True)
            done += len(page)
            sizes.answered(0.0)
    for _ in range(WINDOW):
        await room.acquire()
    rate = done / (time.perf_counter() - began)
    client.disconnect()
    return rate


async def main() -> None:
    """Measure what the command line asks for."""
    url, port = sys.argv[1], int(sys.argv[2])
    rows = await retained(port)
    report(rate=await load(url, port, rows), scenes=len(rows))


if __name__ == "__main__":
    asyncio.run(main())
