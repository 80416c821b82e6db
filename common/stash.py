"""Asks Stash over GraphQL and for pictures, and tells Stash's ways of failing apart.

Unavailable
├── TooMuch         the answer took too long or was too large: ask for less
├── Failed          GraphQL `errors`: Stash itself is unwell, or one row of the answer is
├── NotReady        Stash waits for its setup or a migration
└── Unauthorized    Stash wants another API key, or none at all (common.errors)
Incompatible        the query does not fit this Stash's schema (common.errors)

The API key travels in a header only (Stash also takes it in URLs, which end up in logs), and redirects are never
followed: to a client without a valid key Stash answers some paths with 302 to its login page (Stash source v0.30).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import random
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Generic, NamedTuple, Self, TypeVar

import httpx
import msgspec

from common.errors import Incompatible, NotFound, Rejected, Unauthorized, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import SecretStr

T = TypeVar("T")

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 60.0
ANSWER_LIMIT = 64 * 1024 * 1024
LOCKED = "database is locked"
LOCKED_TRIES = 5
INVALID = ("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED")
_MD5 = re.compile(r'(?:W/)?"([0-9a-f]{32})"')
_UNKNOWN_FIELD = re.compile(r'Cannot query field "(\w+)" on type "(\w+)"')


class TooMuch(Unavailable):
    """An answer took too long or grew too large; the same question for fewer rows may do."""


class Failed(Unavailable):
    """Stash answered with GraphQL errors; whatever data came with them is not to be trusted."""


class NotReady(Unavailable):
    """Stash runs, but waits for its setup or a migration of its database."""


class Query(NamedTuple):
    """One operation of a GraphQL document; `name` is how people find it."""

    name: str
    text: str
    operation: str


class Answer(NamedTuple, Generic[T]):
    """The data of an answer, and Stash's own clock: the Date header that came with it."""

    data: T
    date: dt.datetime


class Fetched(NamedTuple):
    """A picture as Stash sends it; the ETag is empty for a cover from before Stash kept them in its database."""

    content: bytes
    etag: str


class _Extensions(msgspec.Struct):
    code: str = ""


class _Error(msgspec.Struct):
    message: str = "no message"
    extensions: _Extensions | None = None


class _Body(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[_Error] | None = None


class Stash:
    """A connection to one Stash; use it with `async with`. `requests` counts what was sent."""

    def __init__(self, url: str, api_key: SecretStr | None, *, read_timeout: float = READ_TIMEOUT) -> None:
        self.url = url
        self.requests = 0
        self._client: httpx.AsyncClient | None = None
        self._headers = {"ApiKey": api_key.get_secret_value()} if api_key else {}
        self._timeout = httpx.Timeout(read_timeout, connect=CONNECT_TIMEOUT)

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(
            headers=self._headers, timeout=self._timeout, follow_redirects=False, trust_env=False
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def ask(self, query: Query, kind: type[T], variables: Mapping[str, object] | None = None) -> Answer[T]:
        """Return what Stash answers, as `kind`.

        Raises Incompatible, or Unavailable and its kinds as the module says; a locked database is tried again first.
        """
        for attempt in range(LOCKED_TRIES):
            try:
                return await self._ask(query, kind, variables or {})
            except Failed as error:
                if LOCKED not in str(error) or attempt == LOCKED_TRIES - 1:
                    raise
            # Stash gives up on its own lock after 50 ms (Stash source v0.30)
            await asyncio.sleep(random.uniform(0.05, 0.2 * 2**attempt))  # noqa: S311 - no secret depends on it
        raise AssertionError("unreachable")

    async def picture(self, path: str, *, limit: int, etag: str = "") -> Fetched | None:
        """Return what Stash has at a picture's path, or None when it still has what it sent with `etag`.

        What comes may be a placeholder in place of a picture. Raises NotFound, Rejected when it is larger than `limit`
        bytes, or Unavailable, also for half a picture, of which TooMuch when it takes too long.
        """
        self.requests += 1
        headers = {"If-None-Match": etag} if etag else {}
        try:
            async with self._opened().stream("GET", f"{self.url}{path}", headers=headers) as response:
                if response.status_code == 304:
                    return None
                _check_picture(path, response.status_code, response.headers)
                content, given = await _picture(path, response, limit), response.headers.get("etag", "")
                _check_whole(path, content, given)
                return Fetched(content, given)
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise TooMuch(f"{path}: Stash did not answer in time") from error
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    async def _ask(self, query: Query, kind: type[T], variables: Mapping[str, object]) -> Answer[T]:
        question = {"query": query.text, "operationName": query.operation, "variables": variables}
        response, content = await self._post(query, msgspec.json.encode(question))
        raw = data_of(query, response.status_code, response.headers, content)
        try:
            data = msgspec.json.decode(raw, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Failed(f"{query.name}: Stash's answer has not the shape that was asked for: {error}") from error
        return Answer(data, _date(response.headers))

    async def _post(self, query: Query, body: bytes) -> tuple[httpx.Response, bytes]:
        self.requests += 1
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        try:
            async with self._opened().stream("POST", f"{self.url}/graphql", content=body, headers=headers) as response:
                return response, await _read(query, response)
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise TooMuch(f"{query.name}: Stash did not answer in time") from error
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            raise RuntimeError("use Stash with `async with`")
        return self._client

    def _unreachable(self, error: httpx.HTTPError) -> Unavailable:
        reason = str(error) or type(error).__name__
        return Unavailable(f"Stash at {self.url} can't be reached: {reason}")


async def _read(query: Query, response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > ANSWER_LIMIT:
            raise TooMuch(f"{query.name}: Stash's answer is larger than {ANSWER_LIMIT} bytes")
    return bytes(content)


async def _picture(path: str, response: httpx.Response, limit: int) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > limit:
            raise Rejected(f"{path}: the picture in Stash is larger than {limit} bytes")
    return bytes(content)


def _check_picture(path: str, status: int, headers: Mapping[str, str]) -> None:
    if status in (401, 403):
        raise _refused(status)
    if 300 <= status < 400:
        raise _redirected(status, headers)
    if status == 404:
        raise NotFound(f"{path}: Stash has no such thing")
    if status != 200:
        raise Unavailable(f"{path}: Stash answered HTTP {status}")
    # Stash calls no picture of its own a page or JSON (it sniffs, and takes any text for SVG): somebody else answers
    if headers.get("content-type", "").partition(";")[0].strip() in {"text/html", "application/json"}:
        raise Unavailable(f"{path}: the answer is {headers['content-type']}, as of a proxy or of a Stash in trouble")


def _check_whole(path: str, content: bytes, etag: str) -> None:
    """Hold a picture against the MD5 that Stash has for an ETag (Stash source v0.30); a proxy's own proves nothing."""
    digest = _MD5.fullmatch(etag)
    if digest and hashlib.md5(content, usedforsecurity=False).hexdigest() != digest[1]:
        raise Unavailable(f"{path}: the picture came incomplete; its MD5 is not the one that Stash names")


def data_of(query: Query, status: int, headers: Mapping[str, str], content: bytes) -> msgspec.Raw:
    """Return the `data` of an answer to `query`, or raise what its status and content mean."""
    if status in (401, 403):
        raise _refused(status)
    if 300 <= status < 400:
        raise _redirected(status, headers)
    body = _body(content)
    errors = (body.errors if body else None) or []
    if status == 422 or any(error.extensions and error.extensions.code in INVALID for error in errors):
        raise Incompatible(f"{query.name}: {', '.join(_lacks(error) for error in errors) or 'refused (HTTP 422)'}")
    if status != 200:
        raise Unavailable(f"{query.name}: Stash answered HTTP {status}")
    if body is None:
        raise Unavailable(f"{query.name}: the answer is not JSON; is S2P_STASH_URL the address of Stash?")
    if errors or bytes(body.data) == b"null":
        raise Failed(f"{query.name}: {'; '.join(error.message for error in errors[:3]) or 'an answer without data'}")
    return body.data


def _refused(status: int) -> Unauthorized:
    return Unauthorized(
        f"Stash refuses us (HTTP {status}); nothing is read until S2P_STASH_API_KEY is a valid key of it"
        if status == 401
        else "Stash refuses us (HTTP 403); it locks itself after access from a public address without a password"
    )


def _redirected(status: int, headers: Mapping[str, str]) -> Unavailable:
    target = headers.get("location", "").partition("?")[0]
    if status == 302:
        return Unauthorized(f"Stash sends us to {target or 'its login page'}; set S2P_STASH_API_KEY to a key of it")
    return Unavailable(
        f"Stash's address answers with a redirect (HTTP {status}) to {target}; set S2P_STASH_URL to that"
    )


def _body(content: bytes) -> _Body | None:
    try:
        return msgspec.json.decode(content, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _lacks(error: _Error) -> str:
    """Return `Type.field` where the message names them."""
    match = _UNKNOWN_FIELD.search(error.message)
    return f"{match[2]}.{match[1]}" if match else error.message


def _date(headers: Mapping[str, str]) -> dt.datetime:
    """Return Stash's clock, or ours where the answer does not tell."""
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return dt.datetime.now(dt.UTC)
    return date if date.tzinfo else date.replace(tzinfo=dt.UTC)
