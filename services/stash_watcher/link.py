"""Whether Stash answers, is ready and is the one whose scenes are retained; the one place that waits for it.

The lanes report what goes wrong and wait for `up`; nothing is asked, published or removed while it is not set.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Literal

import structlog

from common.errors import Incompatible, Unauthorized, Unavailable
from common.messages import WatcherState
from common.service import now
from common.stash import NotReady
from services.stash_watcher.pace import retry_pause
from services.stash_watcher.source import Evidence, Source, anchors

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.service import Service
    from services.stash_watcher.library import Library
    from services.stash_watcher.observed import Greeting, Oldest
    from services.stash_watcher.publisher import Publisher

Health = Literal["reachable", "unreachable", "unauthorized", "not_ready", "replaced"]
SAMPLE = 10
STEADY = 20.0
CLEARED_FOR = 60.0
REPLACED = (
    "another Stash answers at this address than the one whose scenes are retained, or its database was imported anew; "
    "nothing is published or removed until you accept it with `s2p sweep --confirm`"
)

log = structlog.get_logger("stash")


class Link:
    """The connection's condition, told on `state`; `on_return` is called each time that Stash is back.

    `since` is when it last came back, `verified` when known scenes last proved that it is the same one, `oldest` its
    oldest scene then.
    """

    def __init__(self, service: Service, library: Library, publisher: Publisher) -> None:
        self.up = asyncio.Event()
        self.greeting: Greeting | None = None
        self.source: Source | None = None
        self.oldest: Oldest | None = None
        self.since = 0.0
        self.verified = -CLEARED_FOR
        self.on_return: list[Callable[[Greeting], None]] = []
        self._service = service
        self._library = library
        self._publisher = publisher
        self._down = asyncio.Event()
        self._down.set()
        self._hurry = asyncio.Event()
        self._accepted = False
        self._doubted = False
        self._note = ""
        self._lacks: dict[str, str] = {}

    async def keep(self) -> None:
        """Bring Stash back whenever it is lost, for as long as the process runs.

        One that is back only to fail at the next question is not asked faster for that.
        """
        attempt = 0
        while True:
            await self._down.wait()
            attempt = attempt + 1 if self.since and time.monotonic() - self.since < STEADY else 0
            if attempt:
                await self._pause(attempt)
            while not await self._try():
                await self._pause(attempt)
                attempt += 1
            self.since = time.monotonic()
            self._down.clear()
            self.up.set()

    def lost(self, error: Unavailable) -> None:
        """Take in that Stash can't be asked now."""
        self._tell(_health(error), str(error))
        self.recheck()

    def recheck(self) -> None:
        """Let nobody ask anything before it is sure again who answers."""
        self.up.clear()
        self._down.set()

    def doubt(self) -> None:
        """Have it made sure by known scenes that this is still the same Stash."""
        self._doubted = True
        self.recheck()

    def holds(self, began: float) -> bool:
        """Say whether the same Stash has been there without a break since `began`."""
        return self.up.is_set() and began >= self.since

    def vouches(self, now: float) -> bool:
        """Say whether a doubt has been cleared up a moment ago."""
        return now - self.verified < CLEARED_FOR

    def accept(self) -> bool:
        """Accept whatever Stash answers as the one to follow from now on; False when none was refused."""
        if self._state.stash != "replaced":
            return False
        self._accepted = True
        self._hurry.set()
        return True

    def note(self, text: str) -> None:
        """Tell something about a Stash that is reachable, or take it back with an empty text."""
        self._note = text
        if self.up.is_set():
            self._service.set_state(why=text)

    def lacks(self, lane: str, error: Incompatible) -> None:
        """Report that this Stash's schema does not have what one of our queries needs."""
        if self._lacks.get(lane) != str(error):
            log.error("incompatible", what=str(error), effect="what needs this query stands still; the rest goes on")
        self._lacks[lane] = str(error)
        self._service.set_state(incompatible=tuple(sorted(set(self._lacks.values()))))

    def fits(self, lane: str) -> None:
        """Take back what `lacks` reported for a lane."""
        if self._lacks.pop(lane, None) is not None:
            self._service.set_state(incompatible=tuple(sorted(set(self._lacks.values()))))

    @property
    def _state(self) -> WatcherState:
        state = self._service.state
        if not isinstance(state, WatcherState):
            raise TypeError("the watcher's service has a WatcherState")
        return state

    async def _try(self) -> bool:
        """Ask once who is there; True when it is the one we follow, and ready."""
        try:
            greeting = await self._library.greet()
            known = await self._recognise(greeting)
        except Incompatible as error:
            self.lacks("status", error)
            self._tell("not_ready", str(error))
            return False
        except Unavailable as error:
            self._tell(_health(error), str(error))
            return False
        self.fits("status")
        if not known:
            self._tell("replaced", REPLACED)
            return False
        self.greeting = greeting
        self._tell("reachable", self._note)
        for listener in self.on_return:
            listener(greeting)
        return True

    async def _recognise(self, greeting: Greeting) -> bool:
        """Say whether this is the Stash that we follow; a new or accepted one gets its name here."""
        self.oldest = (await self._library.count()).oldest
        present = Source.of(greeting.database, self.oldest)
        if self._accepted or not self._publisher.book.entries:
            self.source, self._accepted = present, False
        elif self._doubted or self.source != present:
            if not (await self._evidence()).is_same(self.source, greeting.database):
                return False
            self.source = self.source or present
            self.verified = time.monotonic()
        self._doubted = False
        return True

    async def _evidence(self) -> Evidence:
        """Compare a few scenes that we know with those that answer."""
        entries = self._publisher.book.entries
        evidence = Evidence()
        for after in anchors(entries):
            evidence = evidence.with_rows((await self._library.ids(after, SAMPLE)).rows, entries)
        return evidence

    async def _pause(self, attempt: int) -> None:
        """Wait before the next try, but not after a person has accepted what answers."""
        refused = self._state.stash in ("unauthorized", "replaced")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(retry_pause(attempt, random.random(), refused=refused)):  # noqa: S311 - no secret
                await self._hurry.wait()
        self._hurry.clear()

    def _tell(self, health: Health, why: str) -> None:
        if self._state.stash == health:
            self._service.set_state(why=why)
            return
        if health == "reachable":
            log.info("stash_reachable")
        else:
            log.warning(
                "stash_away", health=health, why=why, effect="nothing is removed; asking again until it is back"
            )
        self._service.set_state(stash=health, stash_since=now(), why=why)


def _health(error: Unavailable) -> Health:
    if isinstance(error, Unauthorized):
        return "unauthorized"
    return "not_ready" if isinstance(error, NotReady) else "unreachable"
