"""HTTP answers and what they are made from: JSON, problems, bodies, parameters, conditions."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

BODY_LIMIT: Final = 1_000_000
BODY_WITHIN: Final = 10.0
RETRY_AFTER: Final = "30"

_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PARTS: Final = re.compile(rb"(?:in|ex)clude(?:Field|Element)s", re.IGNORECASE)
_encode = msgspec.json.Encoder().encode


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not answered."""

    status: int
    error: str


def json(answer: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer in JSON."""
    return Response(_encode(answer), status, headers, media_type="application/json")


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
    return Response(content, headers=headers, media_type="application/json")


def has_already(request: Request, etag: str) -> bool:
    """Tell whether the request says that it has the content with this ETag."""
    given = request.headers.get("if-none-match", "")
    return bool(given) and (given.strip() == "*" or etag in re.findall(r'"[^"]*"', given))


async def body_of(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """Return the body, or refuse one that is too large or does not arrive."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_WITHIN):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise HTTPException(413, f"the body is larger than {limit} bytes")
    except TimeoutError as error:
        raise HTTPException(408, f"the body did not arrive within {BODY_WITHIN:.0f} s") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the body ended early") from error
    return bytes(body)


def address_of(request: Request) -> str:
    """Return our address as whoever asks reaches it, by the Host header, or nothing when that is none."""
    host = request.headers.get("host", "")
    return f"http://{host}" if _HOST.fullmatch(host) else ""


def parameter(request: Request, name: str) -> str:
    """Return a header or, without it, a query parameter: Plex's documents allow either."""
    return request.headers.get(name) or request.query_params.get(name) or ""


def is_customized(request: Request) -> bool:
    """Tell whether a request may ask for parts to be left out, which few do, without looking at every name."""
    if _PARTS.search(request.scope["query_string"]):
        return True
    return any(_PARTS.match(name) for name, _ in request.scope["headers"])


def number(request: Request, name: str, default: int) -> int:
    """Return a number from a header or query parameter; what is no number counts as not given."""
    text = parameter(request, name)
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else default
