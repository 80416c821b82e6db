"""The HTTP routes: the public ones behind faults and access check, the control API beside them."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from simulators.stash import chapters, control, graphql_http, images
from simulators.stash.mishaps import Mishaps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from simulators.stash.server import Stash

ANY = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PAGE = "<!doctype html><html><head><title>{}</title></head><body></body></html>"
ROUTED = ("/scene/", "/performer/", "/studio/", "/tag/", "/group/")


class Guard:
    """Lets a request through to `app` if Stash's access check does; only /healthz is open to all."""

    def __init__(self, stash: Stash, app: ASGIApp) -> None:
        self.stash = stash
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        if request.url.path == "/healthz":
            await self.app(scope, receive, send)
            return
        refusal = self.stash.access.refusal(request)
        headers = {"Vary": "Origin"} if refusal else {"Vary": "Origin", "X-Content-Type-Options": "nosniff"}
        if "Origin" in request.headers:
            headers["Access-Control-Allow-Origin"] = "*"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        # Stash strips a slash at the end, but only after the access check (source v0.30)
        inside = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await (refusal or self.app)(inside, receive, send_with_headers)


def _login(stash: Stash) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.method == "GET":
            target = request.query_params.get("returnURL", "/")
            return HTMLResponse(PAGE.format("Login")) if stash.access.password else RedirectResponse(target, 302)
        form = parse_qs((await request.body()).decode())
        given = tuple(form.get(name, [""])[0] for name in ("username", "password"))
        if given != (stash.access.username, stash.access.password):
            return PlainTextResponse("Username or password is invalid\n", 401)
        response = Response(status_code=200)
        response.set_cookie("session", stash.access.new_session(), max_age=3600, samesite="lax")
        return response

    return endpoint


async def _health(_request: Request) -> Response:
    return Response(b".", headers={"Content-Type": "text/plain"})


async def _page(request: Request) -> Response:
    """Answer with the web interface: every path that is nothing else is one of its pages."""
    path = request.url.path
    if path.startswith(ROUTED) or PurePosixPath(path).suffix:
        return PlainTextResponse("404 page not found\n", 404)
    return HTMLResponse(PAGE.format("Stash"))


def _of_row(path: str, respond: Callable[[Request], Response]) -> Route:
    """Return a route that only GET may take."""

    async def endpoint(request: Request) -> Response:
        return respond(request) if request.method == "GET" else Response(status_code=405, headers={"Allow": "GET"})

    return Route(path, endpoint, methods=ANY)


def _row_routes(stash: Stash) -> list[Route]:
    """Return the routes of what belongs to one scene, performer and so on."""

    def image(find: images.Find) -> Callable[[Request], Response]:
        return lambda request: images.respond(request, stash.db, find)

    return [
        *(_of_row(path, image(find)) for path, find in images.ROUTES.items()),
        _of_row("/scene/{id}/vtt/chapter", lambda request: chapters.respond(stash.db, request.path_params["id"])),
    ]


def build(stash: Stash) -> Starlette:
    """Return the whole application over one simulated Stash."""
    public = Starlette(
        routes=[
            Route("/healthz", _health),
            Route("/graphql", graphql_http.endpoint(stash), methods=ANY),
            Route("/login", _login(stash), methods=["GET", "POST"]),
            *_row_routes(stash),
            Route("/{path:path}", _page, methods=ANY),
        ]
    )
    outside = Mishaps(stash, Guard(stash, public))
    return Starlette(routes=[Mount("/control", routes=control.routes(stash)), Mount("/", app=outside)])
