"""Tables of retained topics against a real Mosquitto: complete loads, truncated loads, reads by key."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from common.bus import Broker as Address
from common.bus import Bus
from common.errors import Unavailable
from common.messages import Stamp
from common.table import Reader, Table
from common.tally import Counted, Loaded, judge
from tools.processes import Broker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

PREFIX = "x/stash/scene"


@asynccontextmanager
async def table_on(port: int) -> AsyncIterator[Table]:
    """Open a table with its two connections."""
    address = Address("127.0.0.1", port)
    async with Bus(address, "owner") as bus, Bus(address, "reader") as reading:
        await bus.wait_connected()
        await reading.wait_connected()
        yield Table(PREFIX, Reader(reading, "x/selftest/owner/end"), bus)


async def fill(table: Table, count: int) -> None:
    """Write rows 1 to count."""
    for ack in [await table.put(number, f"row {number}".encode()) for number in range(1, count + 1)]:
        await ack


async def load(table: Table) -> dict[int, bytes]:
    """Load a table into a dict."""
    rows: dict[int, bytes] = {}
    await table.load(rows.__setitem__)
    return rows


@pytest.mark.asyncio
async def test_a_load_has_every_row_and_nothing_else(broker: Broker) -> None:
    async with table_on(broker.port) as table:
        await fill(table, 3_000)
        await table._bus.publish("x/stash/info", b"not a row", retain=True)
        await table._bus.publish(f"{PREFIX}/007", b"not an id", retain=True)
        await table._bus.publish(f"{PREFIX}/seven", b"not an id", retain=True)
        assert await load(table) == {number: f"row {number}".encode() for number in range(1, 3_001)}


@pytest.mark.asyncio
async def test_an_empty_table_loads_at_once(broker: Broker) -> None:
    async with table_on(broker.port) as table:
        assert await load(table) == {}


@pytest.mark.asyncio
async def test_rows_are_read_by_key_and_absent_ones_are_missing(broker: Broker) -> None:
    async with table_on(broker.port) as table:
        await fill(table, 250)
        found = await table.read(range(1, 301))
        assert found == {number: f"row {number}".encode() for number in range(1, 251)}
        await (await table.delete(7))
        assert await table.read([7, 8]) == {8: b"row 8"}


@pytest.mark.asyncio
async def test_two_readers_of_one_connection_do_not_mix(broker: Broker) -> None:
    async with table_on(broker.port) as table:
        await fill(table, 300)
        answers = await asyncio.gather(table.read([1, 2]), load(table), table.read([3]), load(table))
        assert answers[0].keys() == {1, 2}
        assert len(answers[1]) == len(answers[3]) == 300
        assert answers[2].keys() == {3}


@pytest.mark.asyncio
async def test_a_broker_that_truncates_is_found_by_counting(tmp_path: Path) -> None:
    """With its own limits Mosquitto sends about 1,020 of 3,000 rows, and the end probe all the same."""
    with Broker(tmp_path, raised_limits=False) as broker:
        async with table_on(broker.port) as table:
            await fill(table, 3_000)
            stamp = Stamp(1, 3_000)

            async def counted() -> Counted:
                return Counted(stamp, 3_000, loading=False)

            rows: dict[int, bytes] = {}
            begun = 0

            def begin() -> Callable[[int, bytes], None]:
                nonlocal begun
                begun += 1
                rows.clear()
                return rows.__setitem__

            loaded = await table.load_counted(begin, counted)
            assert loaded.verdict == "suspect"
            assert 1_000 <= loaded.rows < 3_000
            assert begun == 2
            assert len(rows) == loaded.rows


@pytest.mark.asyncio
async def test_a_load_that_loses_its_connection_says_so(broker: Broker) -> None:
    async with table_on(broker.port) as table:
        await fill(table, 2_000)
        seen: list[int] = []

        def kill_soon(key: int, _: bytes) -> None:
            seen.append(key)
            if len(seen) == 10:
                broker.kill()

        with pytest.raises(Unavailable, match="connection to the broker was lost"):
            await table.load(kill_soon)


@pytest.mark.asyncio
async def test_access_rules_that_swallow_the_probe_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mosquitto 2.0.11 grants the subscription and then sends nothing."""
    monkeypatch.setattr("common.table.SILENCE", 0.5)
    acl = tmp_path / "acl"
    acl.write_text(f"topic readwrite {PREFIX}/#\ntopic write x/selftest/#\n")
    with Broker(tmp_path, options=f"acl_file {acl}") as broker:
        async with table_on(broker.port) as table:
            with pytest.raises(Unavailable, match=r"x/selftest/owner/end.*access rules"):
                await load(table)


OWNER = Counted(Stamp(5, 10), 100, loading=False)
LATER = Counted(Stamp(5, 11), 100, loading=False)


@pytest.mark.parametrize(
    ("rows", "counted", "before", "verdict"),
    [
        (0, None, None, "unknown"),
        (100, Counted(Stamp(5, 10), 100, loading=True), None, "unknown"),
        (5, Counted(Stamp(5, 10), 100, loading=True), None, "unknown"),
        (100, OWNER, None, "complete"),
        (101, OWNER, None, "complete"),
        (99, OWNER, None, "short"),
        (99, OWNER, Loaded(99, "short", OWNER), "suspect"),
        (99, LATER, Loaded(99, "short", OWNER), "short"),
        (100, OWNER, Loaded(99, "short", OWNER), "complete"),
        (99, OWNER, Loaded(99, "unknown", None), "short"),
    ],
)
def test_a_load_is_judged_by_the_owners_count(
    rows: int, counted: Counted | None, before: Loaded | None, verdict: str
) -> None:
    assert judge(rows, counted, before) == verdict
