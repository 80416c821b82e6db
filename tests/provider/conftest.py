"""A provider without scenes for each test that changes something, and one with scenes for those that only ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common.messages import Group, Performer, Studio, Tag
from tests.provider.given import scene
from tests.provider.installation import Installation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from common.messages import Scene

SECRET = "the-secret-of-a-test"


def scenes() -> list[Scene]:
    """Return what the shared provider knows."""
    whole = scene(
        1,
        "/data/Studio/One/first.mp4",
        title="The first",
        date="2023-04-05",
        studio=Studio(id=1, name="Studio"),
        performers=(Performer(id=1, name="Ann", image="/performer/1/image?t=5"),),
        tags=(Tag(id=1, name="Outdoor"),),
        groups=(Group(id=7, name="Saga"),),
        cover="/scene/1/screenshot",
        code="ABC-17",
    )
    box = Studio(id=2, name="Box")
    same_name = [scene(number, f"/data/Disc {number}/film.mp4", studio=box) for number in range(2, 32)]
    return [whole, *same_name, scene(50, "/data/Bare/bare.mp4", details="")]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Give a running broker; the provider is not started yet."""
    with Installation(tmp_path, S2P_PATHS="/data=>/media/Films") as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Give a ready provider that the tests of a module only ask."""
    folder = tmp_path_factory.mktemp("shared")
    with Installation(
        folder, S2P_PATHS="/data=>/media/Films", S2P_STASH_URL="http://127.0.0.1:1", S2P_HOOK_SECRET=SECRET
    ) as made:
        made.ready(*scenes())
        yield made
        assert made.provider.alive
        assert made.provider.stop() == 0
        assert "Traceback" not in made.provider.log.read_text()
