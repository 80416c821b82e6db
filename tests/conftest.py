"""Fixtures that every test may use: a real Mosquitto on a free port, with its folder thrown away afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common.bus import Broker as Address
from tools.processes import Broker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Run a broker with the product's own configuration."""
    with Broker(tmp_path) as running:
        yield running


@pytest.fixture
def address(broker: Broker) -> Address:
    """Return that broker's address for a Bus."""
    return Address("127.0.0.1", broker.port)
