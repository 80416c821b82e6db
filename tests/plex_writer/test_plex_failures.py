"""The Plex client when Plex is unwell: which failure it is, and that no failure tells a title, a path or a token."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from common.errors import NotFound, Rejected, S2PError, Unauthorized, Unavailable
from services.plex_writer.plan import Current, Edit, Entry, Rewrite, Scalar
from services.plex_writer.plex import NotXml, Plex, PlexUnavailable
from tests.simulators.plex_process import TOKEN, Running, running
from tools.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Call = Callable[[Plex], Awaitable[object]]

SECRET = "Very secret maintenance startup title"
ITEM = Current(rating_key="1", section="1")
EDIT = Edit(
    scalars={"title": Scalar(value=SECRET, lock=True)},
    lists={"tags": Rewrite(entries=(Entry(SECRET),), remove=(), lock=True)},
)
CALLS: dict[str, Call] = {
    "connect": lambda plex: plex.connect(),
    "sections": lambda plex: plex.sections(),
    "page": lambda plex: plex.page("1", 0),
    "details": lambda plex: plex.details(["1"]),
    "edit": lambda plex: plex.edit(ITEM, EDIT),
    "probe": lambda plex: plex.probe("1"),
}
READS = ("connect", "sections", "page", "details", "probe")


@pytest.fixture(autouse=True)
def item(server: Running) -> None:
    """See to it that there is an item to ask for."""
    if not server.told("items"):
        server.make("first.mp4")


async def failure(plex: Plex, call: str) -> S2PError:
    """Return what a call raises, once it is clear that it tells no secret."""
    with pytest.raises(S2PError) as caught:
        await CALLS[call](plex)
    told = str(caught.value)
    for secret in (SECRET, SECRET.split()[1], TOKEN, "title.value", "http://"):
        assert secret not in told
    assert caught.value.__cause__ is None
    assert told
    return caught.value


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        ({"kind": "status", "status": 500}, PlexUnavailable, "500"),
        ({"kind": "status", "status": 500, "body": f"cannot save {SECRET}"}, PlexUnavailable, "500"),
        ({"kind": "status", "status": 502}, PlexUnavailable, "502"),
        ({"kind": "status", "status": 503}, PlexUnavailable, "503"),
        ({"kind": "status", "status": 504}, PlexUnavailable, "504"),
        ({"kind": "status", "status": 520, "body": "a proxy's own invention"}, PlexUnavailable, "520"),
        ({"kind": "status", "status": 302}, PlexUnavailable, "302"),
        ({"kind": "status", "status": 408}, PlexUnavailable, "408"),
        ({"kind": "status", "status": 429}, PlexUnavailable, "429"),
        ({"kind": "maintenance"}, PlexUnavailable, "maintenance"),
        ({"kind": "startup"}, PlexUnavailable, "starting"),
        ({"kind": "reset"}, PlexUnavailable, "no connection"),
        ({"kind": "down"}, PlexUnavailable, "no connection"),
        ({"kind": "unauthorized"}, Unauthorized, "S2P_PLEX_TOKEN"),
    ],
    ids=lambda value: str(value.get("status", value["kind"])) if isinstance(value, dict) else "",
)
@pytest.mark.asyncio
async def test_what_is_about_the_server_is_unavailable(
    plex: Plex, server: Running, fault: dict[str, Any], kind: type[S2PError], told: str
) -> None:
    for call, repeat in CALLS.items():
        server.control("fault", **fault)
        error = await failure(plex, call)
        assert type(error) is kind
        assert isinstance(error, Unavailable)
        assert told in str(error)
        server.control("fault", kind="clear")
        await repeat(plex)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.asyncio
async def test_a_server_that_hangs_is_given_up_in_time(plex: Plex, server: Running, call: str) -> None:
    server.control("fault", kind="hang")
    async with asyncio.timeout(5):
        error = await failure(plex, call)
    assert type(error) is PlexUnavailable
    assert "no answer in time" in str(error)
    server.control("fault", kind="clear")
    assert await plex.sections()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "truncated"},
        {"kind": "html"},
        {"kind": "html", "body": "<html><body>Sign in</body></html>"},
        {"kind": "html", "body": "<MediaContainer"},
        {"kind": "html", "body": " "},
        {"kind": "html", "body": '{"MediaContainer": {"size": 0}}'},
    ],
    ids=range(6),
)
@pytest.mark.asyncio
async def test_an_answer_that_is_not_plex_s_is_never_taken_for_an_empty_one(
    plex: Plex, server: Running, fault: dict[str, Any]
) -> None:
    """A proxy's sign-in page with status 200, well-formed or not, must not look like a Plex without libraries."""
    for connected in (False, True):
        for call in READS:
            server.control("fault", **fault)
            assert type(await failure(plex, call)) is NotXml
            server.control("fault", kind="clear")
            if connected:
                await plex.connect()


@pytest.mark.parametrize("status", [400, 403, 409, 413, 414, 418])
@pytest.mark.asyncio
async def test_what_is_about_one_request_is_rejected(plex: Plex, server: Running, status: int) -> None:
    await plex.connect()
    server.control("fault", kind="status", status=status)
    for call in ("edit", "details", "page", "sections"):
        error = await failure(plex, call)
        assert type(error) is Rejected
        assert str(status) in str(error)


@pytest.mark.asyncio
async def test_what_is_not_there_is_not_found(plex: Plex, server: Running) -> None:
    with pytest.raises(NotFound):
        await plex.page("99", 0)
    with pytest.raises(NotFound):
        await plex.edit(Current(rating_key="999999", section="1"), EDIT)
    with pytest.raises(NotFound):
        await plex.edit(Current(rating_key="1", section="99"), EDIT)
    assert server.told("writes", since=str(10**6)) == []


@pytest.mark.parametrize("call", ["connect", "probe"])
@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.asyncio
async def test_a_server_that_is_no_plex_is_unavailable(plex: Plex, server: Running, status: int, call: str) -> None:
    """Where nobody asked for a single thing there is nothing to reject: waiting and saying so is all one can do."""
    if call == "probe":
        await plex.connect()
    server.control("fault", kind="status", status=status, match="GET /" if call == "connect" else "GET /identity")
    error = await failure(plex, call)
    assert isinstance(error, PlexUnavailable)
    assert str(status) in str(error)


@pytest.mark.asyncio
async def test_a_probe_that_may_not_read_the_library_is_unavailable(plex: Plex, server: Running) -> None:
    server.control("fault", kind="status", status=403, match="GET /library/*")
    assert isinstance(await failure(plex, "probe"), PlexUnavailable)


@pytest.mark.asyncio
async def test_another_program_that_answers_in_xml_is_no_plex(plex: Plex, server: Running) -> None:
    server.control("fault", kind="html", body="<feed><entry/></feed>", match="GET /")
    assert type(await failure(plex, "connect")) is NotXml


@pytest.mark.asyncio
async def test_a_wrong_token_is_named_and_not_told(server: Running) -> None:
    async with Plex(server.url, "wrong-token", connect_timeout=2, read_timeout=2) as plex:
        error = await failure(plex, "connect")
        assert type(error) is Unauthorized
        assert "wrong-token" not in str(error)


@pytest.mark.asyncio
async def test_the_words_of_a_title_do_not_decide_what_ails_the_server(plex: Plex, server: Running) -> None:
    """The address of a write holds the title, and a title may be about start-up maintenance."""
    await plex.connect()
    server.control("fault", kind="status", status=503, body="busy", match="PUT *")
    error = await failure(plex, "edit")
    assert not str(error).endswith(("maintenance", "starting"))


@pytest.mark.asyncio
async def test_nobody_listening_is_unavailable() -> None:
    async with Plex(f"http://127.0.0.1:{free_port()}", TOKEN, connect_timeout=1, read_timeout=1) as plex:
        error = await failure(plex, "connect")
        assert type(error) is PlexUnavailable


@pytest.mark.asyncio
async def test_a_server_that_dies_and_comes_back_is_used_again(tmp_path: Path) -> None:
    """Over the connection that was warm when it died, too."""
    with running(tmp_path) as server:
        async with Plex(server.url, TOKEN, connect_timeout=1, read_timeout=2) as plex:
            await plex.connect()
            server.control("fault", kind="down", count=2)
            assert type(await failure(plex, "sections")) is PlexUnavailable
            assert await plex.sections()
            assert await plex.connect()


@pytest.mark.asyncio
async def test_a_connection_that_was_cut_while_it_lay_idle_fails_no_question(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        async with Plex(server.url, TOKEN, connect_timeout=1, read_timeout=2) as plex:
            await plex.connect()
            server.control("fault", kind="down", count=1)
            assert await plex.sections()


@pytest.mark.asyncio
async def test_every_request_is_counted_failed_ones_too(plex: Plex, server: Running) -> None:
    await plex.connect()
    server.control("fault", kind="status", status=500, count=2)
    for call in ("details", "edit"):
        await failure(plex, call)
    await plex.sections()
    assert plex.requests == server.told("counts")["total"] == 4


@pytest.mark.asyncio
async def test_an_answer_that_comes_after_its_caller_has_gone_disturbs_nobody(plex: Plex, server: Running) -> None:
    (key,) = server.make("late.mp4")
    await plex.connect()
    server.control("fault", kind="slow", ms=300, count=1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await plex.sections()
    assert list(await plex.details([key])) == [key]


@pytest.mark.asyncio
async def test_a_closed_client_leaves_no_connection_open(server: Running) -> None:
    async with Plex(server.url, TOKEN, connect_timeout=2, read_timeout=2) as plex:
        await plex.connect()
        await plex.connect()
        await plex.sections()
    del plex
    gc.collect()


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "hang"}, {"kind": "reset"}])
@pytest.mark.asyncio
async def test_a_write_whose_answer_was_lost_may_have_happened(
    plex: Plex, server: Running, fault: dict[str, Any]
) -> None:
    (key,) = server.make("unsure.mp4")
    current = (await plex.details([key]))[key]
    server.control("fault", **fault, match="PUT *", commit=True, count=1)
    with pytest.raises(PlexUnavailable):
        await plex.edit(current, EDIT)
    assert (await plex.details([key]))[key].scalars["title"] == SECRET
