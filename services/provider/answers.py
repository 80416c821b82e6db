"""HTTP answers and what they are made from: JSON, problems, bodies, parameters, conditions."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.provider.time_limit import TimeLimit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

BODY_LIMIT: Final = 1_000_000
BODY_WITHIN: Final = 10.0
RETRY_AFTER: Final = "30"

_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_QUOTED: Final = re.compile(r'"[^"]*"')
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_PARTS: Final = frozenset({b"includefields", b"excludefields", b"includeelements", b"excludeelements"})
_BODY_WITHIN: Final = TimeLimit(BODY_WITHIN)
_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not answered."""

    status: int
    error: str


class _Json(Response):
    """An answer in JSON: what every answer has need not be looked for among the headers given."""

    media_type = "application/json"

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        self.raw_headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(self.body))]
        for name, value in headers.items() if headers else ():
            self.raw_headers.append((name.lower().encode(), value.encode("latin-1")))


def json(answer: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in JSON."""
    return _Json(_encode(answer), status, headers)


def problem(status: int, error: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return why there is no answer."""
    return json(Problem(status, error), status, headers)


def conditional(request: Request, answer: object) -> Response:
    """Return an answer in JSON, or 304 to whoever has the same already."""
    content = _encode(answer)
    etag = f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if has_already(request, etag):
        return Response(status_code=304, headers=headers)
    return _Json(content, 200, headers)


def has_already(request: Request, etag: str) -> bool:
    """Tell whether the request says that it has the content with this ETag."""
    given = header(request, b"if-none-match")
    return bool(given) and (given.strip() == "*" or etag in _QUOTED.findall(given))


async def body_of(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """Return the body, or refuse one that is too large or does not arrive."""
    body = bytearray()
    try:
        with _BODY_WITHIN:
            is_whole = False
            while not is_whole:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise HTTPException(400, "the body ended early")
                body += message.get("body", b"")
                if len(body) > limit:
                    raise HTTPException(413, f"the body is larger than {limit} bytes")
                is_whole = not message.get("more_body", False)
    except TimeoutError as error:
        raise HTTPException(408, f"the body did not arrive within {BODY_WITHIN:.0f} s") from error
    return bytes(body)


def address_of(request: Request) -> str:
    """Return our address as whoever asks reaches it, by the Host header, or nothing when that is none."""
    host = header(request, b"host")
    return f"http://{host}" if _HOST.fullmatch(host) else ""


def header(request: Request, name: bytes) -> str:
    """Return a header by its name in lower case, or nothing, without making all of them readable."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def parameter(request: Request, name: str) -> str:
    """Return a header or, without it, a query parameter: Plex's documents allow either."""
    given = header(request, name.lower().encode())
    return given or (request.query_params.get(name, "") if request.scope["query_string"] else "")


def is_customized(request: Request) -> bool:
    """Tell whether a request may ask for parts to be left out, which few do, without looking at every name."""
    query = request.scope["query_string"].lower()
    if query and any(name in query for name in _PARTS):
        return True
    return not _PARTS.isdisjoint(dict(request.scope["headers"]))


def number(request: Request, name: str, default: int) -> int:
    """Return a number from a header or query parameter; what is no number counts as not given."""
    text = parameter(request, name)
    return int(text) if text and _NUMBER.fullmatch(text) else default
