"""The HTTP routes: the public ones behind access check and faults, the control API beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from simulators.stash import chapters, control, images, recording
from simulators.stash.engine import encode
from simulators.stash.mishaps import Mishaps

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from simulators.stash.server import Stash

ANY = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class Guard:
    """Lets a request through to `app` if Stash's access check does; only /healthz is open to all."""

    def __init__(self, stash: Stash, app: ASGIApp) -> None:
        self.stash = stash
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        refusal = None if request.url.path == "/healthz" else self.stash.access.refusal(request)
        await (refusal or self.app)(scope, receive, send)


def base_url(request: Request) -> str:
    """Return the base of every URL in the answer: what the client, or its proxy, says it asked."""
    scheme = "https" if "https" in {request.url.scheme, request.headers.get("X-Forwarded-Proto")} else "http"
    return f"{scheme}://{request.headers.get('Host', '')}{request.headers.get('X-Forwarded-Prefix', '').rstrip('/')}"


def _graphql(stash: Stash) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            asked = await _asked(request)
        except ValueError as error:
            return _bytes(
                request, 400, _encoded(request, _unreadable(f"json request body could not be decoded: {error}"))
            )
        if asked is None:
            return PlainTextResponse(_unreadable("transport not supported"), 400)
        return _executed(stash, request, asked)

    return endpoint


async def _asked(request: Request) -> dict[str, Any] | None:
    """Return the request in a POST's JSON or a GET's query, None where it is neither."""
    if request.method == "GET":
        given: dict[str, Any] = dict(request.query_params)
        return {**given, "variables": json.loads(given.get("variables") or "null")}
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        return None
    asked = json.loads(await request.body())
    if not isinstance(asked, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for all that is not a request
    return asked


def _executed(stash: Stash, request: Request, asked: dict[str, Any]) -> Response:
    base = base_url(request)
    key = recording.key_of(asked, base, zipped=_zips(request)) if stash.recording.on else None
    kept = stash.recording.get(key, stash.state()) if key else None
    if kept is not None:
        return _bytes(request, 200, kept)
    answer = stash.graphql(asked, base)
    body = _encoded(request, answer.body)
    if key and answer.status == 200:
        stash.recording.put(key, body)
    return _bytes(request, answer.status, body)


def _encoded(request: Request, body: bytes) -> bytes:
    return recording.compress(body) if _zips(request) else body


def _zips(request: Request) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")


def _bytes(request: Request, status: int, body: bytes) -> Response:
    """Answer with a body that is zipped already where the client takes that."""
    zipped = {"Content-Encoding": "gzip"} if _zips(request) else {}
    headers = {"Cache-Control": "no-store", "Vary": "Origin", "X-Content-Type-Options": "nosniff", **zipped}
    return Response(body, status, headers, media_type="application/json")


def _unreadable(message: str) -> bytes:
    return encode({"errors": [{"message": message}], "data": None})


def _login(stash: Stash) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        if request.method == "GET":
            target = request.query_params.get("returnURL", "/")
            return HTMLResponse("<h1>Login</h1>") if stash.access.password else RedirectResponse(target, 302)
        form = parse_qs((await request.body()).decode())
        given = tuple(form.get(name, [""])[0] for name in ("username", "password"))
        if given != (stash.access.username, stash.access.password):
            return PlainTextResponse("Username or password is invalid\n", 401)
        response = Response(status_code=200)
        response.set_cookie("session", stash.access.new_session(), max_age=3600, httponly=False, samesite="lax")
        return response

    return endpoint


async def _health(_request: Request) -> Response:
    return PlainTextResponse(".")


async def _page(_request: Request) -> Response:
    return HTMLResponse("<!doctype html><html><head><title>Stash</title></head><body></body></html>")


def _of_row(path: str, respond: Callable[[Request], Response]) -> Route:
    """Return a route that only GET may take: Starlette adds HEAD by itself, Stash answers it with 405."""

    async def endpoint(request: Request) -> Response:
        return respond(request) if request.method == "GET" else Response(status_code=405)

    return Route(path, endpoint, methods=["GET", "POST", "HEAD"])


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
            Route("/graphql", _graphql(stash), methods=ANY),
            Route("/login", _login(stash), methods=["GET", "POST"]),
            *_row_routes(stash),
            Route("/{path:path}", _page, methods=ANY),
        ]
    )
    outside = Mishaps(stash, Guard(stash, public))
    return Starlette(routes=[Mount("/control", routes=control.routes(stash)), Mount("/", app=outside)])
