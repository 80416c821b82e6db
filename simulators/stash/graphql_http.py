"""GraphQL over HTTP: which requests are taken, and in which content type they are answered.

From v0.29 on the server negotiates: to a client that accepts anything it answers `application/graphql-response+json`,
never zipped and with 400 for what is invalid; one that asks for `application/json` gets that, zipped, with 422
(gqlgen 0.17.73, recorded from v0.30.1).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse, Response

from simulators.stash import recording
from simulators.stash.engine import encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from simulators.stash.server import Stash

JSON, GRAPHQL = "application/json", "application/graphql-response+json"
TAKEN = {JSON: JSON, GRAPHQL: GRAPHQL, "*/*": GRAPHQL, "application/*": GRAPHQL}
NO_STORE = {"Cache-Control": "no-store"}


class Unreadable(ValueError):
    """A request whose body or variables can't be decoded."""


def endpoint(stash: Stash) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint /graphql of a simulated Stash."""

    async def graphql(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(headers={"Allow": "OPTIONS, GET, POST", **NO_STORE})
        if request.method == "HEAD":
            return Response(status_code=405, headers=NO_STORE)
        if not _is_taken(request):
            return PlainTextResponse(_told("transport not supported"), 400, NO_STORE)
        try:
            asked = await _asked(request)
        except Unreadable as error:
            return Answering(stash, request).answer(400, _told(str(error)))
        return Answering(stash, request).executed(asked)

    return graphql


def _is_taken(request: Request) -> bool:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    return request.method == "GET" or (request.method == "POST" and kind == JSON)


async def _asked(request: Request) -> dict[str, Any]:
    """Return the request in a POST's body or in a GET's query."""
    if request.method == "GET":
        given: dict[str, Any] = dict(request.query_params)
        try:
            return {**given, "variables": json.loads(given.get("variables") or "null")}
        except ValueError as error:
            raise Unreadable("variables could not be decoded") from error
    try:
        asked = json.loads(await request.body())
    except ValueError as error:
        raise Unreadable(f"json request body could not be decoded: {error}") from error
    if not isinstance(asked, dict):
        raise Unreadable("json request body could not be decoded: not an object")
    return asked


def _told(message: str) -> bytes:
    return encode({"errors": [{"message": message}], "data": None})


def base_url(request: Request) -> str:
    """Return the base of every URL in the answer: what the client, or its proxy, says it asked."""
    scheme = "https" if "https" in {request.url.scheme, request.headers.get("X-Forwarded-Proto")} else "http"
    return f"{scheme}://{request.headers.get('Host', '')}{request.headers.get('X-Forwarded-Prefix', '').rstrip('/')}"


def content_type(accept: str) -> str:
    """Return the content type for an Accept header: the first that is known decides, whatever its weight."""
    named = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return next((TAKEN[one] for one in named if one in TAKEN), GRAPHQL) if accept else JSON


class Answering:
    """How one request is to be answered: its content type, and whether zipped."""

    def __init__(self, stash: Stash, request: Request) -> None:
        self.stash = stash
        self.base = base_url(request)
        self.kind = content_type(request.headers.get("Accept", "")) if stash.negotiates else JSON
        self.zipped = self.kind == JSON and "gzip" in request.headers.get("Accept-Encoding", "")

    def executed(self, asked: dict[str, Any]) -> Response:
        """Execute a request, or answer it as recorded."""
        keeps = self.stash.recording
        key = recording.key_of(asked, self.base, zipped=self.zipped) if keeps.on else None
        kept = keeps.get(key, self.stash.state()) if key else None
        if kept is not None:
            return self._encoded(200, kept)
        status, body = self.stash.graphql(asked, self.base)
        body = recording.compress(body) if self.zipped else body
        if key and status == 200:
            keeps.put(key, body)
        return self._encoded(400 if self.kind == GRAPHQL and status == 422 else status, body)

    def answer(self, status: int, body: bytes) -> Response:
        """Answer with a body of our own."""
        return self._encoded(status, recording.compress(body) if self.zipped else body)

    def _encoded(self, status: int, body: bytes) -> Response:
        zipped = {"Content-Encoding": "gzip"} if self.zipped else {}
        return Response(body, status, {**NO_STORE, **zipped}, media_type=self.kind)
