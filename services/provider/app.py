"""The HTTP routes, as Plex calls them; what they answer is decided in `provider.py` and worded in `document.py`."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from common.errors import NotFound
from services.provider.document import MATCHES, METADATA, Container, Images, Manifest, page
from services.provider.match import query_of
from services.provider.provider import NotYet

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from services.provider.provider import Provider

BODY_LIMIT: Final = 1_000_000
BODY_WITHIN: Final = 10.0
PAGE: Final = 20
RETRY_AFTER: Final = "30"

_SLASHES: Final = re.compile(r"/{2,}")


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not answered."""

    status: int
    error: str


def build(provider: Provider) -> ASGIApp:
    """Return the application."""

    async def manifest(_: Request) -> Response:
        return _json(Manifest())

    async def matches(request: Request) -> Response:
        try:
            query = query_of(await _body(request))
        except ValueError as error:
            raise HTTPException(400, f"the body is no match query: {error}") from error
        movies = await provider.match(query)
        start, size = _paging(request)
        return _json(page(tuple(movies[start : start + size]), offset=start, total=len(movies)))

    async def metadata(request: Request) -> Response:
        return _json(page((await provider.movie(request.path_params["key"]),)))

    async def images(request: Request) -> Response:
        await provider.exists(request.path_params["key"])
        return _json(Container(Images()))

    async def nothing(request: Request) -> Response:
        await provider.exists(request.path_params["key"])
        return _json(page(()))

    async def health(_: Request) -> Response:
        return _json(provider.health())

    async def ready(_: Request) -> Response:
        if provider.ready:
            return _json(provider.health())
        return _json(provider.health(), 503, {"Retry-After": RETRY_AFTER})

    return _tidy(
        Starlette(
            routes=[
                Route("/", manifest),
                Route(MATCHES, matches, methods=["POST"]),
                Route(METADATA + "/{key}", metadata),
                Route(METADATA + "/{key}/images", images),
                Route(METADATA + "/{key}/extras", nothing),
                Route(METADATA + "/{key}/children", nothing),
                Route("/health", health),
                Route("/ready", ready),
            ],
            exception_handlers=dict.fromkeys((HTTPException, NotFound, NotYet, 500), _refused),
        )
    )


def _tidy(app: ASGIApp) -> ASGIApp:
    """Take `//` for `/` and ignore a slash at the end, since PMS appends our keys to whatever address was registered.

    It does not follow redirects, so there are none (log of PMS 1.43.0; other providers' reports).
    """

    async def tidied(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = _SLASHES.sub("/", scope["path"])
            scope = {**scope, "path": path.rstrip("/") or "/"}
        await app(scope, receive, send)

    return tidied


async def _body(request: Request) -> bytes:
    """Return the body, or refuse one that is too large or does not arrive."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise HTTPException(413, f"the body is larger than {BODY_LIMIT} bytes")
    except TimeoutError as error:
        raise HTTPException(408, f"the body did not arrive within {BODY_WITHIN:.0f} s") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the body ended early") from error
    return bytes(body)


def _paging(request: Request) -> tuple[int, int]:
    """Return offset and size of the page asked for; Plex's documents call the first item 1, their samples 0."""
    start = _number(request, "X-Plex-Container-Start", 0)
    return (0 if start == 1 else start), _number(request, "X-Plex-Container-Size", PAGE)


def _number(request: Request, name: str, default: int) -> int:
    """Return a number from a header or query parameter; what is no number counts as not given."""
    text = request.headers.get(name) or request.query_params.get(name) or ""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else default


def _json(answer: msgspec.Struct, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(answer), status, headers, media_type="application/json")


def _problem(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    return _json(Problem(status, error), status, headers)


async def _refused(_: Request, error: Exception) -> Response:
    """Say why there is no answer; a mistake of ours goes on to the server's log."""
    match error:
        case HTTPException():
            return _problem(error.status_code, error.detail, dict(error.headers or {}))
        case NotFound():
            return _problem(404, str(error))
        case NotYet():
            return _problem(503, str(error), {"Retry-After": RETRY_AFTER})
        case _:
            return _problem(500, "a mistake in the provider; its log says more")
