"""Making the provider known to Plex: against a simulated one, with a real provider's manifest behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from common.errors import Rejected, Unauthorized, Unavailable
from common.guids import IDENTIFIER
from common.messages import Request
from common.paths import PathRules
from services.plex_writer.plex import Plex
from services.plex_writer.register import GROUPS, PROVIDERS, Register, folders_of
from tests.provider.installation import Installation
from tests.simulators.plex_process import TOKEN, Running, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from common.answers import Registration

PATHS = PathRules.parse("/data=>/media/Films; /more=>Z:\\films")


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a running provider, which needs no broker for its manifest."""
    with Installation(tmp_path_factory.mktemp("provider")) as made:
        made.start()
        yield str(made.http.base_url).rstrip("/")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    """Give a Plex of its own."""
    with running(tmp_path, "--library", "Old=/media/Old") as started:
        yield started


@pytest_asyncio.fixture
async def plex(server: Running) -> AsyncIterator[Plex]:
    """Give the writer's client of it."""
    async with Plex(server.url, TOKEN, connect_timeout=5, read_timeout=30) as client:
        yield client


def did(answer: Registration) -> list[bool]:
    return [step.did for step in answer.steps]


def libraries(server: Running) -> dict[str, tuple[str, str, list[str]]]:
    """Return agent, group and folders of every library."""
    return {
        one.attrib["title"]: (
            one.attrib["agent"],
            one.attrib["metadataAgentProviderGroupId"],
            [at.attrib["path"] for at in one.iter("Location")],
        )
        for one in server.xml("/library/sections").iter("Directory")
    }


def writes(server: Running) -> int:
    """Return how many requests changed something, or tried to."""
    counted: dict[str, int] = server.told("counts")["kinds"]
    return sum(number for kind, number in counted.items() if not kind.startswith("GET"))


@pytest.mark.asyncio
async def test_it_makes_what_is_missing_once_and_only_when_that_is_confirmed(
    plex: Plex, server: Running, provider: str
) -> None:
    register = Register(plex, provider, PATHS)
    dry = await register.on_register(Request(library="Scenes"))
    assert did(dry) == [False, False, False]
    assert not list(server.xml(PROVIDERS))
    made = await register.on_register(Request(library="Scenes", confirm=True))
    assert did(made) == [True, True, True], made
    assert made.clicks == ()
    (known,) = server.xml(PROVIDERS)
    assert (known.attrib["uri"], known.attrib["identifier"]) == (provider, IDENTIFIER)
    (group,) = server.xml(GROUPS)
    assert libraries(server)["Scenes"] == (IDENTIFIER, group.attrib["id"], ["/media/Films", "Z:\\films"])
    before = writes(server)
    again = await register.on_register(Request(library="scenes", confirm=True))
    assert did(again) == [True, True, True]
    assert all("already" in step.answer for step in again.steps)
    assert writes(server) == before


@pytest.mark.asyncio
async def test_a_library_that_is_there_is_switched_over_and_a_person_told_to_refresh(
    plex: Plex, server: Running, provider: str
) -> None:
    answer = await Register(plex, provider, PATHS).on_register(Request(library="Old", confirm=True))
    assert did(answer) == [True, True, True]
    assert libraries(server)["Old"] == (IDENTIFIER, "1", ["/media/Old"])
    assert "Refresh All Metadata of the library Old" in answer.clicks[0]


@pytest.mark.asyncio
async def test_without_a_library_only_provider_and_agent_are_made(plex: Plex, server: Running, provider: str) -> None:
    answer = await Register(plex, provider, PATHS).on_register(Request(confirm=True))
    assert did(answer) == [True, True]
    assert list(libraries(server)) == ["Old"]


@pytest.mark.asyncio
async def test_a_provider_that_has_moved_is_told_its_new_address(plex: Plex, server: Running, provider: str) -> None:
    moved = provider.replace("127.0.0.1", "localhost")
    await Register(plex, moved, PATHS).on_register(Request(confirm=True))
    answer = await Register(plex, provider, PATHS).on_register(Request(confirm=True))
    assert did(answer) == [True, True]
    (known,) = server.xml(PROVIDERS)
    assert known.attrib["uri"] == provider


@pytest.mark.asyncio
async def test_a_provider_that_plex_cannot_read_stops_it_there(plex: Plex, server: Running) -> None:
    answer = await Register(plex, "http://127.0.0.1:1", PATHS).on_register(Request(library="Scenes", confirm=True))
    assert did(answer) == [False, False, False]
    assert "400" in answer.steps[0].answer
    assert any("http://127.0.0.1:1" in click for click in answer.clicks)
    assert "Scenes" not in libraries(server)


@pytest.mark.asyncio
async def test_a_plex_without_these_calls_is_explained_and_clicked(plex: Plex, server: Running, provider: str) -> None:
    for kind in ("GET /media/providers/metadata", "GET /media/providers/metadata/group"):
        server.control("fault", kind="status", status=404, match=kind)
    answer = await Register(plex, provider, PathRules()).on_register(Request(library="Scenes", confirm=True))
    assert did(answer) == [False, False, False]
    assert "1.43" in answer.steps[0].answer
    assert any("Add Provider" in click for click in answer.clicks)
    assert any("Add Agent" in click for click in answer.clicks)
    assert any("add a library" in click for click in answer.clicks)


@pytest.mark.asyncio
async def test_no_address_a_bad_token_and_a_plex_that_is_away_are_errors(
    plex: Plex, server: Running, provider: str
) -> None:
    with pytest.raises(Rejected, match="S2P_PROVIDER_URL"):
        await Register(plex, "", PATHS).on_register(Request())
    async with Plex(server.url, "wrong", connect_timeout=5, read_timeout=5) as stranger:
        with pytest.raises(Unauthorized):
            await Register(stranger, provider, PATHS).on_register(Request(confirm=True))
    async with Plex("http://127.0.0.1:1", TOKEN, connect_timeout=5, read_timeout=5) as nobody:
        with pytest.raises(Unavailable):
            await Register(nobody, provider, PATHS).on_register(Request(confirm=True))


def test_only_pairs_of_folders_name_folders() -> None:
    regex = {
        "stash": "/a/(?P<n>[^/]+)",
        "plex": "/b/(?P<n>[^/]+)",
        "stash_as": "/a/{n}",
        "plex_as": "/b/{n}",
        "example": "/a/x",
    }
    assert list(folders_of(PathRules.parse([regex, "/data=>/media"]))) == ["/media"]
