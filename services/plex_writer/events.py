"""Plex's stream of events over server-sent events: kept open, its token in a header only, reopened with jitter.

A stream is a hint and no proof: it may be cut off, held back by a proxy, or half open. Whoever listens compares what
Plex's libraries say of themselves after every opening and now and then, and calls `distrust` when it kept silent.
"""

from __future__ import annotations

import asyncio
import random
import socket
import time
from typing import TYPE_CHECKING, Protocol

import httpx
import structlog

from common.errors import Undecodable
from services.plex_writer.notices import Frames, read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from common.service import Undecoded
    from services.plex_writer.notices import Notice

PATH = "/:/eventsource/notifications"
FILTERS = "timeline,activity"
FIRST_DELAY = 1.0
LAST_DELAY = 60.0
# a peer that is gone without a word is noticed by the system within a minute
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}

log = structlog.get_logger("events")


class Listener(Protocol):
    """Who is told: of every opening, and of all that happens to items and scans."""

    def on_open(self) -> None:
        """Whatever happened before is not told."""

    def on_lost(self) -> None:
        """Whatever happens from now on is not told."""

    def on_notice(self, notice: Notice) -> None:
        """Take one notice in; nothing may wait here."""


class Events:
    """One stream; `noticed_at` is when it told anything last, or was opened, on the monotonic clock."""

    def __init__(self, url: str, token: str, *, connect_timeout: float, undecoded: Undecoded) -> None:
        self.noticed_at = 0.0
        self._url = url.rstrip("/")
        self._headers = {"X-Plex-Token": token, "Accept": "text/event-stream", "Cache-Control": "no-cache"}
        self._timeout = httpx.Timeout(connect_timeout, read=None)
        self._undecoded = undecoded
        self._open = False
        self._deaf = False
        self._hang_up = asyncio.Event()

    @property
    def trusted(self) -> bool:
        """Whether the stream is open and has not been found to keep silent about changes."""
        return self._open and not self._deaf

    def distrust(self) -> None:
        """Open the stream anew, and trust it again once it says something."""
        self._deaf = True
        self._hang_up.set()

    async def run(self, well: Callable[[], Awaitable[None]], listener: Listener) -> None:
        """Listen for ever; `well` returns when Plex can be asked."""
        delay = FIRST_DELAY
        while True:
            await well()
            began = time.monotonic()
            why = await self._listen_once(listener)
            self._open = False
            listener.on_lost()
            delay = FIRST_DELAY if time.monotonic() - began > LAST_DELAY else min(LAST_DELAY, delay * 2)
            log.info("events_lost", why=why, effect="libraries are looked at more often until it is back")
            await asyncio.sleep(random.uniform(delay / 2, delay))  # noqa: S311 - spreads load, hides nothing

    async def _listen_once(self, listener: Listener) -> str:
        """Listen until the stream ends; return why it did."""
        self._hang_up.clear()
        listening = asyncio.create_task(self._listen(listener))
        hanging_up = asyncio.create_task(self._hang_up.wait())
        try:
            await asyncio.wait((listening, hanging_up), return_when=asyncio.FIRST_COMPLETED)
            return listening.result() if listening.done() else "it kept silent about changes"
        finally:
            hanging_up.cancel()
            listening.cancel()
            await asyncio.wait((listening, hanging_up))

    async def _listen(self, listener: Listener) -> str:
        transport = httpx.AsyncHTTPTransport(socket_options=_keepalive())
        try:
            async with (
                httpx.AsyncClient(transport=transport, timeout=self._timeout, trust_env=False) as client,
                client.stream("GET", f"{self._url}{PATH}?filters={FILTERS}", headers=self._headers) as answer,
            ):
                if answer.status_code != 200 or "event-stream" not in answer.headers.get("content-type", ""):
                    return f"{PATH}: {answer.status_code}, no stream of events"
                self._opened(listener)
                frames = Frames()
                async for chunk in answer.aiter_bytes():
                    self._take(frames, chunk, listener)
        except httpx.HTTPError as error:
            return type(error).__name__
        except Undecodable as error:
            self._undecoded.add("Plex", error)
            return str(error)
        return "Plex ended it"

    def _opened(self, listener: Listener) -> None:
        self._open = True
        self.noticed_at = time.monotonic()
        log.info("events_open", effect="new and changed items are heard of at once")
        listener.on_open()

    def _take(self, frames: Frames, chunk: bytes, listener: Listener) -> None:
        for event, data in frames.feed(chunk):
            try:
                notices = read(event, data)
            except Undecodable as error:
                self._undecoded.add("Plex", error)
                continue
            if notices:
                self.noticed_at, self._deaf = time.monotonic(), False
            for notice in notices:
                listener.on_notice(notice)


def _keepalive() -> list[tuple[int, int, int]]:
    """Return the options that find a dead peer; not every system has the finer ones."""
    finer = [
        (socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in KEEPALIVE.items() if hasattr(socket, name)
    ]
    return [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), *finer]
