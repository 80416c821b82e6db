"""The fault proxy between a client and an echo server: each fault does what it says, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from simulators.proxy import Proxy
from simulators.proxy.faults import Bandwidth, Blackhole, Clear, Cut, Delay, HalfOpen, Refuse
from tests.waiting import until
from tools.processes import Server, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio

QUIET = 0.15


class Echo:
    """A server that sends back what it gets; `ended` says how its connections ended."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.begun = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.begun += 1
        how = "eof"
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except OSError:
            how = "reset"
        self.ended.append(how)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class Client:
    """One connection; `alive` tells whether an echo comes back."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, text: bytes) -> bytes:
        self.writer.write(text)
        async with asyncio.timeout(10):
            return await self.reader.readexactly(len(text))

    async def hears_nothing(self) -> bool:
        try:
            async with asyncio.timeout(QUIET):
                await self.reader.read(1)
        except TimeoutError:
            return True
        return False

    async def is_reset(self) -> bool:
        try:
            async with asyncio.timeout(10):
                await self.reader.read()
        except ConnectionResetError:
            return True
        return False


@pytest.fixture
def echo() -> Echo:
    return Echo()


@contextlib.asynccontextmanager
async def running(echo: Echo) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(echo.serve, "127.0.0.1")
    async with Proxy(f"127.0.0.1:{server.sockets[0].getsockname()[1]}") as proxy:
        yield proxy
    await until(lambda: len(echo.ended) == echo.begun, "the server's connections to end")
    server.close()
    await server.wait_closed()


@contextlib.asynccontextmanager
async def connected(proxy: Proxy) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    yield Client(reader, writer)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_without_a_fault_everything_passes_both_ways(echo: Echo) -> None:
    blob = bytes(range(256)) * 4_000
    async with running(echo) as proxy, connected(proxy) as client:
        assert await client.say(b"one") == b"one"
        assert await client.say(blob) == blob
        client.writer.write_eof()
        assert await client.reader.read() == b""
    assert echo.ended == ["eof"]


async def test_a_cut_resets_every_connection_and_spares_the_next(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as one, connected(proxy) as other:
        await one.say(b"a")
        await other.say(b"b")
        await proxy.apply(Cut())
        assert await one.is_reset()
        assert await other.is_reset()
        assert proxy.hits == {"cut": 2}
        async with connected(proxy) as next_one:
            assert await next_one.say(b"c") == b"c"
        await until(lambda: echo.ended == ["reset", "reset", "eof"], "the server's connections to end, each its way")


async def test_a_cut_can_wait_for_a_number_of_bytes(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as client:
        await client.say(b"before")
        await proxy.apply(Cut(after_bytes=5))
        assert await client.say(b"abc") == b"abc"
        assert proxy.hits == {}
        client.writer.write(b"defgh")
        assert await client.reader.readexactly(2) == b"de"
        assert await client.is_reset()
        assert proxy.hits == {"cut": 1}
        async with connected(proxy) as next_one:
            assert await next_one.say(b"longer than five") == b"longer than five"


async def test_refusing_is_as_if_nobody_listened_and_ends_on_the_same_port(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as client:
        await client.say(b"a")
        await proxy.apply(Refuse())
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
        assert await client.say(b"b") == b"b"
        await proxy.apply(Clear(only="refuse"))
        async with connected(proxy) as next_one:
            assert await next_one.say(b"c") == b"c"


async def test_a_black_hole_holds_everything_and_tells_nobody(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as client, connected(proxy) as leaving:
        await client.say(b"a")
        await leaving.say(b"a")
        await proxy.apply(Blackhole())
        client.writer.write(b"b")
        leaving.writer.close()
        assert await client.hears_nothing()
        assert echo.ended == []
        async with connected(proxy) as late:
            late.writer.write(b"c")
            assert await late.hears_nothing()
            await proxy.apply(Clear())
            assert await client.reader.readexactly(1) == b"b"
            assert await late.reader.readexactly(1) == b"c"
            await until(lambda: echo.ended == ["eof"], "the server to hear of the client that left")


async def test_a_black_hole_can_have_one_direction(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as client:
        await client.say(b"a")
        await proxy.apply(Blackhole(direction="down"))
        client.writer.write(b"b")
        client.writer.write_eof()
        await until(lambda: echo.ended == ["eof"], "the server to get what goes up")
        assert await client.hears_nothing()
        await proxy.apply(Clear(only="blackhole"))
        assert await client.reader.read() == b"b"


async def test_half_open_leaves_the_client_talking_to_nobody(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as client:
        await client.say(b"a")
        await proxy.apply(HalfOpen())
        await until(lambda: echo.ended == ["reset"], "the server to lose its client")
        for _ in range(3):
            client.writer.write(b"b")
            await client.writer.drain()
        assert await client.hears_nothing()
        assert proxy.state()["half_open"] == 1
        async with connected(proxy) as next_one:
            assert await next_one.say(b"c") == b"c"
            await proxy.apply(Clear())
            assert await client.is_reset()
            assert await next_one.say(b"d") == b"d"


async def test_half_open_can_leave_the_target_alone_instead(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as client:
        await client.say(b"a")
        await proxy.apply(HalfOpen(survivor="target"))
        assert await client.is_reset()
        assert echo.ended == []
        await proxy.apply(Clear())
        await until(lambda: echo.ended == ["reset"], "the server to be told")


async def test_a_delay_makes_every_answer_late_and_keeps_the_order(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as client:
        await client.say(b"a")
        await proxy.apply(Delay(ms=30, jitter_ms=20))
        began = time.monotonic()
        assert await client.say(b"b") == b"b"
        assert time.monotonic() - began >= 0.06
        text = b"".join(b"%04d" % number for number in range(20))
        for start in range(0, len(text), 4):
            client.writer.write(text[start : start + 4])
            await client.writer.drain()
        assert await client.reader.readexactly(len(text)) == text
        await proxy.apply(Clear(only="delay"))
        assert proxy.state()["armed"] == {"up": [], "down": []}


async def test_bandwidth_bounds_how_fast_bytes_come(echo: Echo) -> None:
    blob = bytes(40_000)
    async with running(echo) as proxy, connected(proxy) as client:
        await proxy.apply(Bandwidth(bytes_per_s=200_000, direction="down"))
        began = time.monotonic()
        assert await client.say(blob) == blob
        assert time.monotonic() - began >= 0.18


async def test_a_target_that_is_away_resets_the_client() -> None:
    async with Proxy(f"127.0.0.1:{free_port()}") as proxy, connected(proxy) as client:
        assert await client.is_reset()
        assert proxy.state()["links"] == 0


async def test_a_reset_by_the_client_is_a_reset_at_the_target(echo: Echo) -> None:
    async with running(echo) as proxy, connected(proxy) as client:
        await client.say(b"a")
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.writer.transport.abort()
        await until(lambda: echo.ended == ["reset"], "the server to be told")


async def test_more_connections_than_it_can_carry_are_turned_away(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.proxy.proxy.LINKS", 1)
    async with running(echo) as proxy, connected(proxy) as client:
        await client.say(b"a")
        async with connected(proxy) as second:
            assert not await second.hears_nothing()
        assert await client.say(b"b") == b"b"


async def test_closing_the_proxy_ends_what_is_open_under_any_fault(echo: Echo) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with running(echo) as proxy:
            clients = [await stack.enter_async_context(connected(proxy)) for _ in range(4)]
            for client in clients:
                await client.say(b"a")
            await proxy.apply(HalfOpen())
            clients.append(await stack.enter_async_context(connected(proxy)))
            await proxy.apply(Delay(ms=60_000))
            clients[-1].writer.write(b"b")
            await proxy.apply(Blackhole())
            await proxy.apply(Refuse())
        for client in clients:
            assert await client.is_reset()


async def test_as_a_process_it_is_controlled_over_http(tmp_path: Path, echo: Echo) -> None:
    server = await asyncio.start_server(echo.serve, "127.0.0.1")
    target = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with Server("proxy", "simulators.proxy", ["--target", target], tmp_path) as process:
        async with httpx.AsyncClient(base_url=process.facts["control"]) as http:
            client = Client(*await asyncio.open_connection("127.0.0.1", process.facts["port"]))
            assert await client.say(b"a") == b"a"
            answer = await http.post("/control", json={"kind": "delay", "ms": 1, "direction": "up"})
            assert (answer.status_code, answer.json()["armed"]) == (200, {"up": ["delay"], "down": []})
            for wrong in (
                {"kind": "dealy"},
                {"kind": "delay"},
                {"kind": "cut", "afer": 1},
                {"kind": "delay", "ms": -1},
            ):
                answer = await http.post("/control", json=wrong)
                assert answer.status_code == 400
                assert answer.json()["error"]
            await http.post("/control", json={"kind": "cut"})
            assert await client.is_reset()
            assert (await http.get("/control")).json()["hits"] == {"cut": 1}
            client.writer.close()
    await until(lambda: echo.ended == ["reset"], "the server's connection to end")
    server.close()
    await server.wait_closed()
