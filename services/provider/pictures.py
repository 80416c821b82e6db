"""Pictures from Stash: asked for once, checked, shaped, kept, and shown while Stash is away.

Plex gets no address of Stash and no key of it. Whoever asks waits 8 seconds at most, and not at all for a Stash that
was away a moment ago.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import msgspec
import structlog

from common.errors import NotFound, Rejected, S2PError, Unavailable
from common.images import BYTES, NoPicture, picture_of
from common.stash import Fetched, Stash, TooMuch
from services.provider.cache import Cache, Entry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from common.images import Picture, Shape
    from common.settings import Settings
    from services.provider.targets import Target

WITHIN: Final = 8.0
AT_ONCE: Final = 4
AWAY_FOR: Final = 5.0
SLOW_TIMES: Final = 2
JUST_NOW: Final = 1.0
TRUSTED: Final = 3_600.0
TRUSTED_UNVERSIONED: Final = 600.0

log = structlog.get_logger("pictures")


class Away(S2PError):
    """Stash cannot be asked for a picture now, and it is not here."""


class Shown(NamedTuple):
    """A picture to answer with; `content` where it is not kept."""

    key: str
    entry: Entry
    content: bytes | None = None


class Pictures:
    """The pictures of one Stash; use it with `async with`. `asked` counts the questions to Stash.

    It is not asked while it is `replaced`: another one answers, whose scenes have other pictures under the same ids.
    """

    def __init__(self, settings: Settings, replaced: Callable[[], bool]) -> None:
        stash, provider = settings.stash, settings.provider
        self._stash = Stash(stash.url, stash.api_key, read_timeout=WITHIN) if stash.url else None
        self._cache = Cache(provider.cache, provider.cache_mb * 1_000_000)
        self._replaced = replaced
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._flights: dict[str, asyncio.Task[Shown]] = {}
        self._opened = False
        self._away_until = 0.0
        self._slow = 0

    async def __aenter__(self) -> Self:
        if self._stash is not None:
            await self._stash.__aenter__()
        await self._cache.open()
        self._opened = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._opened = False
        for task in self._flights.values():
            task.cancel()
        if self._stash is not None:
            await self._stash.__aexit__()
        await self._cache.close()

    @property
    def configured(self) -> bool:
        """Whether there is a Stash to ask."""
        return self._stash is not None

    @property
    def asked(self) -> int:
        """How many questions were put to Stash."""
        return self._stash.requests if self._stash else 0

    async def show(self, target: Target, *, current: bool) -> Shown:
        """Return a picture; an older one of the same scene while Stash is away, unless it has to be `current`.

        That there is none is asked for anew then: a cover may come within the second of the edit that we know of.

        Raises NotFound with the reason where there is none, and Away.
        """
        shown = await self._original(target, current=current)
        if not shown.entry.etag:
            raise NotFound(f"{target.path}: {shown.entry.why}")
        if target.shape == "raw":
            return shown
        key = f"{target.name}-{target.shape}"
        shaped = self._cache.find(key)
        if shaped is None or shaped.source != shown.entry.etag:
            return await self._once(key, lambda: self._shape(key, shown, target))
        return Shown(key, shaped)

    async def body(self, target: Target, shown: Shown) -> AsyncIterator[bytes] | bytes:
        """Return what `show` has found; asks Stash again where the disk has lost it. Raises NotFound, Away."""
        if shown.content is not None:
            return shown.content
        kept = await self._cache.read(shown.key)
        if kept is not None:
            return kept
        again = await self.show(target, current=True)
        return again.content if again.content is not None else await self._whole(again.key)

    async def _original(self, target: Target, *, current: bool) -> Shown:
        entry = self._cache.find(target.name)
        if entry is not None and _is_fresh(entry, target) and not (current and _is_doubtful(entry)):
            return Shown(target.name, entry)
        try:
            return await self._once(target.name, lambda: self._fetch(target, entry))
        except Unavailable as error:
            if entry is None or (current and entry.version != target.version):
                raise Away(f"{target.path}: Stash cannot be asked now, and the picture is not here") from error
            return Shown(target.name, entry)

    async def _once(self, key: str, make: Callable[[], Coroutine[None, None, Shown]]) -> Shown:
        """Let all who want the same wait for one to bring it; it is brought even if they go away."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(make())
            flight.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(flight)

    def _landed(self, key: str, flight: asyncio.Task[Shown]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # whoever waits still sees it; with nobody waiting it is nobody's failure

    async def _fetch(self, target: Target, entry: Entry | None) -> Shown:
        facts = Entry(version=target.version, at=time.time())
        try:
            fetched = await self._asked(target, entry.source if entry else "")
            if fetched is None and entry is not None:
                proven = msgspec.structs.replace(entry, version=facts.version, at=facts.at)
                self._cache.prove(target.name, proven)
                return Shown(target.name, proven)
            if fetched is None:
                raise NoPicture("Stash says that it is unchanged, but it was not here")
            facts = msgspec.structs.replace(facts, source=fetched.etag)
            picture = await self._decoded(fetched.content)
        except NotFound as error:
            # for a scene without a cover Stash sends a placeholder; it may be another Stash, or an empty one for now
            raise Unavailable(str(error)) from error
        except Rejected as error:
            none = msgspec.structs.replace(facts, why=str(error))
            self._cache.prove(target.name, none)
            return Shown(target.name, none)
        return await self._kept(target.name, facts, picture)

    async def _asked(self, target: Target, etag: str) -> Fetched | None:
        if self._stash is None:
            raise NoPicture("no Stash to ask for pictures is set (S2P_STASH_URL)")
        if not self._opened or time.monotonic() < self._away_until:
            raise Unavailable("Stash was away a moment ago")
        if self._replaced():
            raise Unavailable("another Stash answers than the one whose scenes these are")
        try:
            async with asyncio.timeout(WITHIN), self._slots:
                fetched = await self._stash.picture(target.path, limit=BYTES, etag=etag)
        except (TimeoutError, Unavailable) as error:
            self._failed(error)
            raise Unavailable(str(error)) from error
        self._slow = 0
        return fetched

    def _failed(self, error: TimeoutError | Unavailable) -> None:
        """Ask nobody for a while when Stash is away, or slow twice in a row: one picture may be slow by itself."""
        is_slow = isinstance(error, TimeoutError | TooMuch)
        self._slow = self._slow + 1 if is_slow else 0
        if not is_slow or self._slow >= SLOW_TIMES:
            self._away_until = time.monotonic() + AWAY_FOR
            log.warning("stash_away", why=str(error) or "no answer in time", effect="pictures come from the cache only")

    async def _shape(self, key: str, shown: Shown, target: Target) -> Shown:
        content = shown.content if shown.content is not None else await self._whole(shown.key)
        try:
            picture = await self._decoded(content, target.shape)
        except NoPicture as error:
            raise NotFound(f"{target.path}: {error}") from error
        return await self._kept(key, Entry(source=shown.entry.etag, at=shown.entry.at), picture)

    async def _whole(self, key: str) -> bytes:
        pieces = await self._cache.read(key)
        if pieces is None:
            raise Away("the picture was given up while it was wanted")
        return b"".join([piece async for piece in pieces])

    async def _decoded(self, content: bytes, shape: Shape = "raw") -> Picture:
        async with self._slots:
            return await asyncio.to_thread(picture_of, content, shape)

    async def _kept(self, key: str, facts: Entry, picture: Picture) -> Shown:
        entry = msgspec.structs.replace(
            facts,
            etag=f'"{hashlib.blake2b(picture.content, digest_size=16).hexdigest()}"',
            media_type=picture.media_type,
            size=len(picture.content),
        )
        await self._cache.keep(key, entry, picture.content)
        return Shown(key, entry, picture.content)


def _is_doubtful(entry: Entry) -> bool:
    return not entry.etag and time.time() - entry.at > JUST_NOW


def _is_fresh(entry: Entry, target: Target) -> bool:
    """Trust a version for an hour, since Stash counts them in whole seconds; what has none for 10 minutes."""
    trusted = TRUSTED if target.version else TRUSTED_UNVERSIONED
    return entry.version == target.version and 0 <= time.time() - entry.at < trusted
