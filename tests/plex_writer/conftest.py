"""A simulated Plex as a process of its own, and the writer's client of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from services.plex_writer.plex import Plex
from tests.simulators.plex_process import TOKEN, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one simulator for all tests of a module, with nothing in it."""
    with running(tmp_path_factory.mktemp("plex")) as started:
        yield started


@pytest.fixture
def server(simulator: Running) -> Iterator[Running]:
    """Return that simulator, well and with its counts at zero; items of other tests may be there."""
    simulator.control("reset-counts")
    yield simulator
    simulator.control("fault", kind="clear")
    simulator.control("settings", tag_mode="add", normalise=False, longest_url=0)


@pytest_asyncio.fixture
async def plex(server: Running) -> AsyncIterator[Plex]:
    """Return a client that has not connected yet and soon loses patience."""
    async with Plex(server.url, TOKEN, connect_timeout=2, read_timeout=1) as client:
        yield client
