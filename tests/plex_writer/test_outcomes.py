"""Our own table against a real Mosquitto: what an audit gives back, takes up, and takes away."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from common import messages
from common.bus import Broker as Address
from common.bus import Bus
from common.messages import Stamp
from common.service import Undecoded
from common.table import Reader, Table
from common.tally import Counted
from services.plex_writer.outcomes import Outcomes
from tests.plex_writer.test_settle import SYNCED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio

PREFIX = "x/plex/plex/scene"


def row(scene_id: int) -> bytes:
    """Return an outcome of this scene."""
    return messages.encode(msgspec.structs.replace(SYNCED, id=scene_id))


@asynccontextmanager
async def outcomes(address: Address, rows: int, told: int) -> AsyncIterator[tuple[Outcomes, Table]]:
    """Give a table of so many rows, loaded, of which its owner had told another number."""
    async with Bus(address, "owner") as bus, Bus(address, "reader") as reading:
        table = Table(PREFIX, Reader(reading, "x/selftest/owner/end"), bus)
        await bus.wait_connected()
        for scene_id in range(1, rows + 1):
            await (await table.put(scene_id, row(scene_id)))

        async def counted() -> Counted:
            return Counted(Stamp(1, rows), told, loading=False)

        ours = Outcomes(table, Undecoded())
        await ours.load(counted)
        yield ours, table


async def retained(table: Table) -> dict[int, bytes]:
    """Return what the broker has."""
    found: dict[int, bytes] = {}
    await table.load(found.__setitem__)
    return found


async def test_an_audit_gives_back_what_is_missing_and_takes_away_what_came_back(address: Address) -> None:
    async with outcomes(address, 3, told=3) as (ours, table):
        before = ours.stamp
        await (await table.delete(1))
        await (await table.put(2, b"older"))
        await (await table.put(9, row(9)))
        assert await ours.audit() == 3
        assert await retained(table) == {1: row(1), 2: row(2), 3: row(3)}
        assert ours.stamp > before
        assert await ours.audit() == 0


async def test_what_a_load_left_out_is_taken_up_and_not_taken_away(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that leaves rows out need not leave out the same ones the next time."""
    monkeypatch.setattr("common.table.QUIET", 0.1)
    async with outcomes(address, 3, told=5) as (ours, table):
        await (await table.put(4, row(4)))
        assert 4 not in ours
        await ours.audit()
        assert 4 in ours
        assert set(await retained(table)) == {1, 2, 3, 4}
