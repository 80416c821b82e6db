"""Stash over HTTP: what each way of failing means, against servers that fail so."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from pydantic import SecretStr

from common.errors import Incompatible, NotFound, Rejected, Unauthorized, Unavailable
from common.stash import ANSWER_LIMIT, Failed, Query, Stash, TooMuch, data_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

QUERY = Query("test/Query", "query Query { x }", "Query")
HEADERS = {"Date": "Sat, 10 Jan 2026 12:00:00 GMT"}


class Data(msgspec.Struct):
    """The answer that the tests ask for."""

    x: int


class Server:
    """A bare HTTP server that answers with what it is told, one answer a request, the last one again and again."""

    def __init__(self, *answers: bytes, delay: float = 0.0) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.handlers: set[asyncio.Task[None] | None] = set()
        self.delay = delay
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close."""
        self.handlers.add(asyncio.current_task())
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
        self.requests.append(head + await reader.readexactly(length))
        await asyncio.sleep(self.delay)
        writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def http(status: int, body: bytes, **headers: str) -> bytes:
    """Return an HTTP answer."""
    given = {**HEADERS, "Content-Length": str(len(body)), "Connection": "close", **headers}
    head = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in given.items()), "", ""]
    return "\r\n".join(head).encode() + body


def graphql(data: Any = None, *errors: dict[str, Any], status: int = 200) -> bytes:
    """Return a GraphQL answer."""
    return http(status, json.dumps({"data": data, **({"errors": list(errors)} if errors else {})}).encode())


@asynccontextmanager
async def stash(server: Server, **options: Any) -> AsyncIterator[Stash]:
    """Serve, and open a Stash on it."""
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with listening, Stash(server.url, options.pop("api_key", None), **options) as opened:
        yield opened
    await asyncio.gather(*(handler for handler in server.handlers if handler))


@pytest.mark.asyncio
async def test_an_answer_comes_with_stashs_clock() -> None:
    async with stash(Server(graphql({"x": 5}))) as opened:
        answer = await opened.ask(QUERY, Data, {"a": 1})
        assert answer.data == Data(5)
        assert answer.date == dt.datetime(2026, 1, 10, 12, tzinfo=dt.UTC)
        assert opened.requests == 1


@pytest.mark.asyncio
async def test_without_a_date_our_own_clock_has_to_do() -> None:
    async with stash(Server(http(200, b'{"data":{"x":5}}', Date="today"))) as opened:
        answer = await opened.ask(QUERY, Data)
        assert abs(answer.date - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)


@pytest.mark.asyncio
async def test_the_key_is_in_a_header_and_nowhere_else() -> None:
    server = Server(graphql({"x": 5}), http(401, b""))
    async with stash(server, api_key=SecretStr("the-secret")) as opened:
        await opened.ask(QUERY, Data)
        with pytest.raises(Unauthorized) as refused:
            await opened.ask(QUERY, Data)
    first = server.requests[0]
    assert b"apikey: the-secret" in first.lower()
    assert first.count(b"the-secret") == 1
    assert b"x-forwarded-for" not in first.lower()
    assert "the-secret" not in str(refused.value)
    assert b"the-secret" not in first.split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("answer", "failure", "text"),
    [
        (http(401, b""), Unauthorized, "S2P_STASH_API_KEY"),
        (http(403, b""), Unauthorized, "locks itself"),
        (http(302, b"", Location="/login?returnURL=x"), Unauthorized, "/login; set"),
        (http(301, b"", Location="https://example.com/graphql"), Unavailable, "https://example.com/graphql"),
        (http(500, b"oops"), Unavailable, "HTTP 500"),
        (http(404, b"oops"), Unavailable, "HTTP 404"),
        (http(200, b"<html>"), Unavailable, "not JSON"),
        (http(200, b'{"data":{"x"'), Unavailable, "not JSON"),
        (http(200, b"[]"), Unavailable, "not JSON"),
        (graphql(), Failed, "without data"),
        (graphql({"x": 5}, {"message": "boom"}), Failed, "boom"),
        (graphql({"x": "five"}), Failed, "shape"),
        (graphql({}), Failed, "shape"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
@pytest.mark.asyncio
async def test_what_an_answer_means(answer: bytes, failure: type[Exception], text: str) -> None:
    async with stash(Server(answer)) as opened:
        with pytest.raises(failure, match=text):
            await opened.ask(QUERY, Data)
        assert opened.requests == 1


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.asyncio
async def test_a_field_that_the_schema_lacks_is_named(status: int) -> None:
    error = {
        "message": 'Cannot query field "urls" on type "Scene".',
        "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
    }
    async with stash(Server(graphql(None, error, status=status))) as opened:
        with pytest.raises(Incompatible) as refused:
            await opened.ask(QUERY, Data)
    assert str(refused.value) == "test/Query: Scene.urls"


@pytest.mark.asyncio
async def test_a_locked_database_is_asked_again() -> None:
    locked = graphql(None, {"message": "database is locked"})
    async with stash(Server(locked, locked, graphql({"x": 5}))) as opened:
        assert (await opened.ask(QUERY, Data)).data.x == 5
        assert opened.requests == 3


@pytest.mark.asyncio
async def test_a_database_that_stays_locked_is_unavailable() -> None:
    async with stash(Server(graphql(None, {"message": "database is locked"}))) as opened:
        with pytest.raises(Unavailable, match="locked"):
            await opened.ask(QUERY, Data)
        assert opened.requests == 5


@pytest.mark.asyncio
async def test_an_answer_that_takes_too_long_is_too_much() -> None:
    async with stash(Server(graphql({"x": 5}), delay=0.5), read_timeout=0.1) as opened:
        with pytest.raises(TooMuch, match="in time"):
            await opened.ask(QUERY, Data)


@pytest.mark.asyncio
async def test_an_answer_that_is_too_large_is_too_much() -> None:
    body = b'{"data":{"x":5,"pad":"' + b"x" * ANSWER_LIMIT + b'"}}'
    async with stash(Server(http(200, body))) as opened:
        with pytest.raises(TooMuch, match="larger"):
            await opened.ask(QUERY, Data)


@pytest.mark.asyncio
async def test_a_stash_that_is_not_there_is_unavailable_and_not_too_much() -> None:
    async with stash(Server(b"")) as opened:
        with pytest.raises(Unavailable, match="can't be reached") as failure:
            await opened.ask(QUERY, Data)
    assert not isinstance(failure.value, TooMuch)
    async with Stash("http://127.0.0.1:9", None) as nowhere:
        with pytest.raises(Unavailable, match="can't be reached"):
            await nowhere.ask(QUERY, Data)


@pytest.mark.parametrize("status", [200, 302, 401, 404, 422, 500])
def test_no_content_makes_it_fail_otherwise(status: int) -> None:
    for content in (b"", b"null", b"[1]", b'{"errors":5}', b'{"errors":[{}]}', b'{"data":null}', b"\xff\xfe"):
        with pytest.raises((Unavailable, Incompatible)):
            data_of(QUERY, status, {}, content)


@pytest.mark.asyncio
async def test_a_picture_comes_with_its_etag_and_is_asked_for_on_condition() -> None:
    server = Server(http(200, b"picture", ETag='"m"'), http(304, b""))
    async with stash(server, api_key=SecretStr("k")) as opened:
        assert await opened.picture("/scene/1/screenshot", limit=100) == (b"picture", '"m"')
        assert await opened.picture("/scene/1/screenshot", limit=100, etag='"m"') is None
    assert server.requests[0].startswith(b"GET /scene/1/screenshot HTTP/1.1")
    assert b"apikey: k" in server.requests[0].lower()
    assert b'if-none-match: "m"' in server.requests[1].lower()


@pytest.mark.asyncio
@pytest.mark.parametrize("weak", ["", "W/"])
async def test_half_a_picture_is_found_out_by_its_md5(weak: str) -> None:
    etag = f'{weak}"{hashlib.md5(b"picture", usedforsecurity=False).hexdigest()}"'
    server = Server(http(200, b"pict", ETag=etag), http(200, b"picture", ETag=etag))
    async with stash(server) as opened:
        with pytest.raises(Unavailable, match="incomplete"):
            await opened.picture("/scene/1/screenshot", limit=100)
        assert await opened.picture("/scene/1/screenshot", limit=100) == (b"picture", etag)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http(404, b""), NotFound),
        (http(401, b""), Unauthorized),
        (http(403, b""), Unauthorized),
        (http(302, b"", Location="/login?returnURL=x"), Unauthorized),
        (http(301, b"", Location="https://x"), Unavailable),
        (http(500, b""), Unavailable),
        (http(200, b"x" * 101), Rejected),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nhalf", Unavailable),
        (b"", Unavailable),
    ],
)
async def test_a_picture_that_does_not_come_says_whose_fault_it_is(answer: bytes, kind: type[Exception]) -> None:
    async with stash(Server(answer)) as opened:
        with pytest.raises(kind) as caught:
            await opened.picture("/scene/1/screenshot", limit=100)
        assert type(caught.value) is kind


@pytest.mark.asyncio
async def test_a_picture_that_takes_too_long_is_told_from_a_stash_that_is_away() -> None:
    async with stash(Server(http(200, b""), delay=0.5), read_timeout=0.05) as opened:
        with pytest.raises(TooMuch):
            await opened.picture("/scene/1/screenshot", limit=100)
