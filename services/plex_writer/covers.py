"""Covers from the provider, shaped there; asked for with the ETag that we have, so that the same one costs little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

import httpx
import msgspec

from common.errors import Unavailable

if TYPE_CHECKING:
    from services.plex_writer.gallery import Kind

LIMIT: Final = 20_000_000
# the provider waits for Stash for 8 s; for longer only while its table is not whole, or when the line is dead
TIMEOUT: Final = httpx.Timeout(12.0, connect=5.0)
RETRY: Final = 60.0


class Cover(NamedTuple):
    """A picture; `version` tells which state of the scene it is of, or is empty."""

    content: bytes
    etag: str
    version: str


class Same(NamedTuple):
    """The picture with that ETag is still the one."""

    version: str


class NoCover(NamedTuple):
    """There is none, as a sentence says; without a `version` the provider does not know the scene."""

    why: str
    version: str


class NotNow(NamedTuple):
    """It can't be had now; `after` are the seconds to wait, None for no matter when. `all_of_them`: no other either."""

    why: str
    after: float | None = None
    all_of_them: bool = False


class _Problem(msgspec.Struct, frozen=True):
    error: str


class Covers:
    """One provider's pictures of scenes; use it with `async with`."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=TIMEOUT, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def fetch(self, scene_id: int, kind: Kind, etag: str) -> Cover | Same | NoCover | NotNow:
        """Ask for one picture (1 request), as current as Stash can tell; whatever goes wrong with it is an answer, too.

        Raises Unavailable when nobody is there to ask.
        """
        headers = {"Cache-Control": "no-cache", **({"If-None-Match": etag} if etag else {})}
        try:
            async with self._http.stream("GET", f"/images/scene/{scene_id}/{kind}", headers=headers) as answer:
                return await _read(answer)
        except httpx.ConnectError as error:
            raise Unavailable(f"the provider at {self._http.base_url} can't be reached: {error}") from error
        except httpx.HTTPError as error:
            return NotNow(f"the provider does not answer ({type(error).__name__})")


async def _read(answer: httpx.Response) -> Cover | Same | NoCover | NotNow:
    version = answer.headers.get("x-scene-version", "")
    if answer.status_code == 304:
        return Same(version)
    if answer.status_code == 404:
        return NoCover(_reason(await answer.aread()), version)
    if answer.status_code != 200:
        is_away = answer.status_code == 503
        return NotNow(f"the provider answers {answer.status_code}", _retry_after(answer), all_of_them=is_away)
    content = bytearray()
    async for piece in answer.aiter_bytes():
        content += piece
        if len(content) > LIMIT:
            return NoCover(f"the picture has more than {LIMIT // 1_000_000} MB", version)
    return Cover(bytes(content), answer.headers.get("etag", ""), version)


def _reason(body: bytes) -> str:
    try:
        return f"the provider has no picture of it: {msgspec.json.decode(body, type=_Problem).error}"
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "the provider has no picture of it"


def _retry_after(answer: httpx.Response) -> float:
    given = answer.headers.get("retry-after", "")
    return min(3_600.0, max(1.0, float(given))) if given.isdecimal() else RETRY
