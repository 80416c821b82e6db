"""The unmatched reports on the broker: published beside the answers, never in their way."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog

from common import messages
from common.errors import Rejected, Undecodable
from common.messages import Unmatched
from common.service import now
from services.provider.misses import LIMIT, Misses, leaf_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from common.bus import Message
    from common.service import Service

EXPIRY: Final = 30 * 24 * 3600
CANDIDATES: Final = 10
STEP: Final = 50

log = structlog.get_logger("reports")


class Reports:
    """Owner of `provider/unmatched/+`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._misses = Misses()
        self._due: dict[str, Unmatched | None] = {}
        self._wake = asyncio.Event()

    async def listen(self) -> None:
        """Take over the reports that stand already; before the session connects."""
        await self._service.bus.subscribe([f"{self._service.topics.unmatched}/+"], self._on_report)

    def missed(self, key: str, file: str, why: str, candidates: Sequence[int]) -> None:
        """Report that a file got no scene, at most once a minute."""
        report = Unmatched(file=file, at=now(), why=why, candidates=tuple(candidates[:CANDIDATES]))
        self._publish_soon(self._misses.note(key, report, clock=time.monotonic()))

    def matched(self, keys: Iterable[str]) -> None:
        """Remove the reports of files that have a scene."""
        if self._misses:
            self._publish_soon(self._misses.settle(map(leaf_of, keys)))

    def appeared(self, keys: Callable[[], Iterable[str]], has_scene: Callable[[str], bool]) -> None:
        """Remove those reports about these paths whose file now has a scene."""
        if self._misses:
            found = self._misses.standing(keys())
            self._publish_soon(self._misses.settle([leaf for leaf, file in found if has_scene(file)]))

    async def review(self, has_scene: Callable[[str], bool]) -> None:
        """Remove the reports of all files that have a scene, letting others go on meanwhile."""
        for count, (leaf, file) in enumerate(self._misses.files, 1):
            if has_scene(file):
                self._publish_soon(self._misses.settle([leaf]))
            if not count % STEP:
                await asyncio.sleep(0)

    @property
    def standing(self) -> int:
        """How many reports there are."""
        return len(self._misses)

    async def publish_forever(self) -> None:
        """Bring the broker up to date, the newest word on each file."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._due:
                leaf = next(iter(self._due))
                report = self._due.pop(leaf)
                payload = b"" if report is None else messages.encode(report)
                expiry = None if report is None else EXPIRY
                topic = f"{self._service.topics.unmatched}/{leaf}"
                try:
                    await self._service.bus.publish(topic, payload, retain=True, expiry=expiry)
                except Rejected as error:
                    log.warning("report_refused", file=report.file if report else "", why=str(error))

    def _publish_soon(self, changes: dict[str, Unmatched | None]) -> None:
        for leaf, report in changes.items():
            self._due.pop(leaf, None)
            self._due[leaf] = report
        while len(self._due) > 2 * LIMIT:
            # the broker has been away for a whole scan; what is dropped is asked for again or expires
            del self._due[next(iter(self._due))]
        if changes:
            self._wake.set()

    def _on_report(self, message: Message) -> None:
        leaf = message.topic.rpartition("/")[2]
        if not message.payload:
            if leaf not in self._due:
                self._misses.forget(leaf)
            return
        try:
            report = messages.decode(Unmatched, message.payload)
        except Undecodable as error:
            self._service.undecoded.add(message.topic, error)
            return
        self._misses.adopt(leaf, report)
