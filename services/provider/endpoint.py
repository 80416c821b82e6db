"""A handler as a route: it is given the request, and its answer, or the reason why there is none, is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route

from common.errors import NotFound
from services.provider.answers import RETRY_AFTER, problem
from services.provider.mirror import NotYet

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    Handler = Callable[[Request], Awaitable[Response]]

GET: Final = ("GET", "HEAD")
POST: Final = ("POST",)

log = structlog.get_logger("http")


def route(path: str, handler: Handler, methods: tuple[str, ...] = GET) -> Route:
    """Return the route of a handler."""
    return _Route(path, Endpoint(handler, methods), methods=methods)


class _Route(Route):
    """A route that leaves it to its endpoint to refuse other methods, with a reason in JSON."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Endpoint:
    """An ASGI application that is one handler, in place of Starlette's layers around one, which take twice its time."""

    def __init__(self, handler: Handler, methods: tuple[str, ...] = GET) -> None:
        self._handler = handler
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._answer(Request(scope, receive))
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in self._methods:
            return problem(405, f"this takes {' and '.join(self._methods)}", {"Allow": ", ".join(self._methods)})
        try:
            return await self._handler(request)
        except HTTPException as error:
            return problem(error.status_code, error.detail, error.headers)
        except NotFound as error:
            return problem(404, str(error))
        except NotYet as error:
            return problem(503, str(error), {"Retry-After": RETRY_AFTER})
        except Exception as error:
            log.exception("request_failed", path=request.url.path, why=repr(error))
            return problem(500, "a mistake in the provider; its log says more")
