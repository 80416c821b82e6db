"""The watcher's part of `s2p doctor`: Stash as it answers now, each of our queries, a picture, clocks, the broker."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from common.answers import Finding, Findings
from common.checks import BrokerCheck
from common.errors import Incompatible, Rejected, S2PError, Unauthorized, Unavailable
from common.stash import NotReady
from services.stash_watcher.entities import KINDS
from services.stash_watcher.library import Library
from services.stash_watcher.pulse import COUNTED
from services.stash_watcher.watermark import Window

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from common.messages import Request
    from common.service import Service
    from common.stash import Stash
    from services.stash_watcher.observed import Greeting
    from services.stash_watcher.render import Draft

SKEW: Final = 60.0
SAMPLE: Final = 20
NOTHING: Final = Window("9999", "9999")
WINDOWS: Final = ("scene", "file", *COUNTED)
PICTURE_LIMIT: Final = 20_000_000
SETTLED: Final = "Changes in Stash are not seen until this is mended; nothing is removed meanwhile."


class Check:
    """Answers `check`; it asks Stash anew, whatever the watcher's own connection thinks of it."""

    def __init__(self, service: Service, stash: Stash) -> None:
        self._stash = stash
        self._broker = BrokerCheck(service)

    async def on_check(self, _: Request) -> Findings:
        """Return a finding for each link between Stash and the broker."""
        found = [finding async for finding in self._of_stash()]
        found += await self._broker.findings()
        found += await self._broker.table_findings()
        return Findings(findings=tuple(found))

    async def _of_stash(self) -> AsyncIterator[Finding]:
        library = Library(self._stash)
        try:
            greeting = await library.greet()
        except S2PError as error:
            yield greeted(error, self._stash.url)
            return
        yield Finding(id="stash.reachable", level="ok", what=f"Stash {greeting.version} answers at {self._stash.url}.")
        yield clock(greeting, dt.datetime.now(dt.UTC))
        drafts: list[Draft] = []
        async for finding in self._queries(library, drafts):
            yield finding
        yield await self._picture(drafts)

    async def _queries(self, library: Library, drafts: list[Draft]) -> AsyncIterator[Finding]:
        """Ask each question once, on Stash's live schema; `drafts` gets the scenes of a page."""
        yield await _asked("number", library.count())
        yield await _asked("look", library.look(dict.fromkeys(WINDOWS, NOTHING), 1, 1))
        yield await _asked("changed", library.changed(NOTHING, 0, 1))
        yield await _asked("ids", library.ids(0, SAMPLE))
        for kind in KINDS:
            yield await _asked(kind, library.entities(kind, 1, 1))
        yield await _asked("markers", library.markers(1, 1))
        try:
            drafts += (await library.page(0, SAMPLE)).scenes
            yield _fits("page")
        except S2PError as error:
            yield _misfit("page", error)
            return
        keys = [draft.id for draft in drafts[:2]]
        if len(keys) == 2:
            yield await _asked("batch", library.some(keys))
        if keys:
            yield await _asked("one", library.some(keys[:1]))

    async def _picture(self, drafts: list[Draft]) -> Finding:
        cover = next((draft.scene.cover for draft in drafts if draft.scene.cover), "")
        if not cover:
            return Finding(id="stash.image", level="ok", what="No scene looked at has a picture to try.")
        try:
            await self._stash.picture(cover, limit=PICTURE_LIMIT)
        except (Unavailable, Rejected) as error:
            return Finding(
                id="stash.image",
                level="warning",
                what=f"A cover can't be fetched from Stash: {error}.",
                effect="Posters are not written; texts are.",
                remedy="Open the scene in Stash; if its cover shows there, look at Stash's log and at proxies between.",
            )
        return Finding(id="stash.image", level="ok", what="A cover was fetched from Stash.")


async def _asked(name: str, question: Awaitable[object]) -> Finding:
    try:
        await question
    except S2PError as error:
        return _misfit(name, error)
    return _fits(name)


def _fits(name: str) -> Finding:
    return Finding(id=f"stash.query.{name}", level="ok", what=f"Stash understands the query {name}.")


def _misfit(name: str, error: S2PError) -> Finding:
    lacks = isinstance(error, Incompatible)
    return Finding(
        id=f"stash.query.{name}",
        level="error",
        what=f"{'This Stash lacks what a query needs' if lacks else 'A query fails'}: {error}.",
        effect="What needs this query stands still; the rest goes on.",
        remedy="Update Stash; 0.26 to 0.30 are known to fit."
        if lacks
        else "Look at Stash's log, and check its database.",
    )


def greeted(error: S2PError, url: str) -> Finding:
    """Return why Stash can't be asked at all, each cause with an id of its own."""
    if isinstance(error, Unauthorized):
        remedy = (
            "Make a key in Stash under Settings, Security; set S2P_STASH_API_KEY. Without a password, leave it empty."
        )
        return Finding(id="stash.key", level="error", what=f"{error}.", effect=SETTLED, remedy=remedy)
    if isinstance(error, NotReady):
        remedy = "Open Stash in a browser and do what it asks for."
        return Finding(id="stash.ready", level="error", what=f"{error}.", effect=SETTLED, remedy=remedy)
    if isinstance(error, Incompatible):
        return Finding(
            id="stash.query.status",
            level="error",
            what=f"{error}.",
            effect=SETTLED,
            remedy="Update Stash; 0.26 to 0.30 are known to fit.",
        )
    remedy = f"Start Stash, or set S2P_STASH_URL to its address; it is {url} now."
    return Finding(id="stash.reachable", level="error", what=f"{error}.", effect=SETTLED, remedy=remedy)


def clock(greeting: Greeting, ours: dt.datetime) -> Finding:
    """Compare Stash's clock, as its answer's Date header has it, with ours."""
    ahead = (greeting.clock - ours).total_seconds()
    if abs(ahead) <= SKEW:
        return Finding(id="stash.clock", level="ok", what="Stash's clock and ours agree.")
    return Finding(
        id="stash.clock",
        level="warning",
        what=f"Stash's clock is {abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} ours.",
        effect="Times in logs and topics don't match; changes are found by Stash's own clock all the same.",
        remedy="Turn on time synchronisation on both machines.",
    )
