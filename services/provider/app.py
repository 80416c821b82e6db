"""The HTTP application: the routes of its parts, tidy paths, and no request without end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import structlog
from starlette.routing import Router

from services.provider import gaps, hooks, image_routes, plex_routes
from services.provider.answers import RETRY_AFTER, json, problem
from services.provider.endpoint import route
from services.provider.time_limit import TimeLimit

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send

    from services.provider.provider import Provider

WITHIN: Final = 120.0

_SLASHES: Final = re.compile(r"/{2,}")

log = structlog.get_logger("http")


def build(provider: Provider) -> ASGIApp:
    """Return the application; each part has its routes in a module of its own."""
    routes = [
        *plex_routes.routes(provider),
        *image_routes.routes(provider),
        *hooks.routes(provider.hooks),
        *gaps.routes(provider.gaps),
        *_state_routes(provider),
    ]
    return _tidy(Router(routes, redirect_slashes=False, default=_nothing))


def _state_routes(provider: Provider) -> list[Route]:
    async def health(_: Request) -> Response:
        return json(provider.health())

    async def ready(_: Request) -> Response:
        if provider.ready:
            return json(provider.health())
        return json(provider.health(), 503, {"Retry-After": RETRY_AFTER})

    return [route("/health", health), route("/ready", ready)]


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await problem(404, "there is nothing at this path")(scope, receive, send)


def _tidy(app: ASGIApp) -> ASGIApp:
    """Take `//` for `/` and ignore a slash at the end, since PMS appends our keys to whatever address was registered.

    It does not follow redirects, so there are none (log of PMS 1.43.0; other providers' reports). Nobody is served for
    longer than PMS waits, which is 90 s by report; whoever does not read a picture is cut off.
    """
    limit = TimeLimit(WITHIN)

    async def tidied(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if "//" in path or path[-1:] == "/":
            path = _SLASHES.sub("/", path).rstrip("/") or "/"
            scope = {**scope, "path": path}
        try:
            with limit:
                await app(scope, receive, send)
        except TimeoutError:
            log.warning("request_ended", path=path, why=f"it took {WITHIN:.0f} s", effect="the connection is closed")

    return tidied
