"""What the writer is measured on: a broker with a filled table, a simulated Plex with the files, the writer itself."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any, Self

import httpx

from benchmarks.harness import worker
from benchmarks.scenes import scene
from common import messages
from common.bus import Broker as Address
from common.bus import Bus
from common.item import item_of, want
from common.messages import ItemOutcome, Outcome, WatcherInfo, WriterInfo
from common.options import Options
from common.paths import PathRules
from common.topics import Topics
from tools.processes import Broker, Server, service, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tools.processes import Process

TOKEN = "T"
PATHS = "/data=>/media"
TOPICS = Topics()
CHUNK = 5_000
PATIENCE = 240.0


class Stage:
    """Use it with `with`; `plex(n)` are the files of the first n scenes."""

    def __init__(self, folder: Path, *, latency_ms: float = 0.0) -> None:
        arguments = ["--token", TOKEN, "--library", "Movies=/media", "--latency-ms", str(latency_ms)]
        self.broker = Broker(folder)
        self.plex = Server("plex", "simulators.plex", arguments, folder)
        self.http = httpx.Client(timeout=PATIENCE)
        self._folder = folder
        self._writer: Process | None = None

    def __enter__(self) -> Self:
        self.broker.start()
        self.plex.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._writer, self.plex, self.broker):
            if process is not None:
                process.stop()
        self.http.close()

    def control(self, verb: str, **data: object) -> Any:
        """Call the control API of Plex."""
        answer = self.http.post(f"{self.plex.url}/control/{verb}", json=data)
        answer.raise_for_status()
        return answer.json()

    def fill_plex(self, count: int) -> dict[str, str]:
        """Give Plex the files of the first scenes; return rating keys by path."""
        keys: dict[str, str] = {}
        for start in range(1, count + 1, CHUNK):
            keys |= self.fill_plex_with(range(start, min(start + CHUNK, count + 1)))
        return keys

    def fill_plex_with(self, numbers: Iterable[int]) -> dict[str, str]:
        """Give Plex the files of these scenes; return rating keys by path."""
        files = [path_in_plex(number) for number in numbers]
        return {row["file"]: row["ratingKey"] for row in self.control("items", section="1", files=files)}

    def fill_broker(self, count: int, outcomes: str = "") -> None:
        """Retain so many scenes, and with `outcomes` (`settled`, `old`, `waiting`) an outcome of that kind for each."""
        worker("benchmarks.stage", str(self.broker.port), str(count), outcomes)

    def start_writer(self, **settings: str) -> Process:
        """Start the writer with default settings but for its addresses."""
        given = {
            "S2P_PLEX_URL": self.plex.url,
            "S2P_PLEX_TOKEN": TOKEN,
            "S2P_MQTT_URL": self.broker.url,
            "S2P_PATHS": PATHS,
            **settings,
        }
        self._writer = service("plex_writer", self._folder, given)
        self._writer.start()
        return self._writer

    def asked(self, kind: str) -> int:
        """Return how many requests of a kind Plex has had."""
        return int(self._counts()["kinds"].get(kind, 0))

    def until_asked(self, kind: str, count: int) -> tuple[int, float]:
        """Wait until Plex has had so many requests of a kind; return how many it had then, and when.

        It is asked five times a second, since the question takes its time from it.
        """
        deadline = time.perf_counter() + PATIENCE
        while (asked := self.asked(kind)) < count:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{kind}: {asked} of {count} within {PATIENCE:.0f} s")
            time.sleep(0.2)
        return asked, time.perf_counter()

    def kinds(self) -> dict[str, int]:
        """Return how many requests of each kind Plex has had since the counts were reset."""
        found: dict[str, int] = self._counts()["kinds"]
        return found

    def total(self) -> int:
        """Return how many requests Plex has had since the counts were reset."""
        return int(self._counts()["total"])

    def listeners(self) -> int:
        """Return how many listen to Plex's events."""
        return int(self._counts()["listeners"])

    def title(self, rating_key: str) -> str:
        """Return the title that an item has now."""
        found = self.http.get(f"{self.plex.url}/control/items", params={"ratingKey": rating_key}).json()
        return str(found[0]["title"])

    def until_titled(self, rating_key: str, title: str, *, seconds: float = PATIENCE) -> float:
        """Wait until an item has this title; return the seconds that it took."""
        began = time.perf_counter()
        wait_until(lambda: self.title(rating_key) == title, f"{rating_key} to be {title}", seconds=seconds)
        return time.perf_counter() - began

    def _counts(self) -> Any:
        return self.http.get(f"{self.plex.url}/control/counts").json()


def path_in_plex(number: int) -> str:
    """Return where Plex has the file of a scene."""
    return scene(number).files[0].path.replace("/data/", "/media/", 1)


def outcome(number: int, kind: str, options: Options, fingerprint: str) -> Outcome:
    """Return the outcome of a scene: written as is (`settled`) or with other settings (`old`), or one that waits."""
    row = scene(number)
    wanted = want(item_of(row, options), fingerprint)
    facts = {"id": row.id, "epoch": row.epoch, "seq": row.seq, "born": row.born, "rev": row.rev}
    if kind == "waiting":
        detail = f"Plex has no item with the file {path_in_plex(number)} in Movies yet."
        return Outcome(**facts, want=wanted, state="waiting", at="2026-01-01T00:00:00Z", detail=detail)  # type: ignore[arg-type]
    if kind == "settled":
        written = {str(number): ItemOutcome(state="synced", want=wanted, wrote={"title": "0" * 12})}
        return Outcome(**facts, want=wanted, state="synced", at="2026-01-01T00:00:00Z", items=written)  # type: ignore[arg-type]
    items = {str(number): ItemOutcome(state="synced", want="old", wrote={"title": "0" * 12, "tags": ("1" * 12,) * 8})}
    return Outcome(**facts, want="old", state="synced", at="2026-01-01T00:00:00Z", items=items)  # type: ignore[arg-type]


async def fill(port: int, count: int, outcomes: str) -> None:
    """Retain the table, and what its owners say of it."""
    options = Options(paths=PathRules.parse(PATHS))
    fingerprint = options.fingerprint()
    async with Bus(Address("127.0.0.1", port), "filler") as bus:
        await bus.wait_connected()
        for number in range(1, count + 1):
            await bus.send(TOPICS.scene(number), messages.encode(scene(number)), retain=True)
            if outcomes:
                row = messages.encode(outcome(number, outcomes, options, fingerprint))
                await bus.send(TOPICS.outcome("plex", number), row, retain=True)
        info = WatcherInfo(service="bench", epoch=scene(count).epoch, seq=count, scenes=count)
        await bus.send(TOPICS.stash("info"), messages.encode(info), retain=True)
        if outcomes:
            own = WriterInfo(service="bench", epoch=1, seq=count, outcomes=count)
            await bus.send(TOPICS.plex("plex", "info"), messages.encode(own), retain=True)
        await bus.drain()


def main() -> None:
    """Fill the broker of the command line: port, scenes, kind of outcomes."""
    asyncio.run(fill(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
    sys.stdout.write("{}\n")


if __name__ == "__main__":
    main()
