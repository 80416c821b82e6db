"""The Plex client against a simulated server: what it reads, and what each reading costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common.errors import NotFound
from services.plex_writer import plan
from services.plex_writer.plan import Entry
from services.plex_writer.plex import Plex, Section, listable
from tests.simulators.plex_process import TOKEN, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server with two libraries and 2,345 items in the second one."""
    folder = tmp_path_factory.mktemp("large")
    with running(folder, "--library", "Movies=/media", "--library", "Large=/large") as started:
        files = [f"/large/{n % 7}/{n}.mp4" for n in range(2345)]
        started.control("files", section="2", files=files)
        started.control("scan", section="2")
        yield started


def asked(server: Running) -> dict[str, int]:
    """Return how often the server was asked what, by kind."""
    counts: dict[str, int] = server.told("counts")["kinds"]
    return counts


@pytest.mark.asyncio
async def test_connecting_is_one_request_and_tells_which_server_it_is(plex: Plex, server: Running) -> None:
    facts = await plex.connect()
    assert facts.name == "Simulated Plex"
    assert facts.version.startswith("1.43")
    assert facts.machine
    assert (plex.requests, asked(server)) == (1, {"GET /": 1})


@pytest.mark.asyncio
async def test_connecting_anew_is_possible_at_any_time(plex: Plex) -> None:
    assert await plex.connect() == await plex.connect()
    assert await plex.sections()


@pytest.mark.asyncio
async def test_the_first_request_connects_by_itself(plex: Plex, server: Running) -> None:
    assert [section.title for section in await plex.sections()] == ["Movies"]
    assert plex.requests == sum(asked(server).values()) == 2


@pytest.mark.asyncio
async def test_a_probe_is_two_requests_and_reads_the_library(plex: Plex, server: Running) -> None:
    await plex.connect()
    server.control("reset-counts")
    await plex.probe("1")
    assert asked(server) == {"GET /identity": 1, "GET /library/sections/{section}/all": 1}
    await plex.probe(None)
    assert asked(server)["GET /library/sections"] == 1
    with pytest.raises(NotFound):
        await plex.probe("99")


@pytest.mark.asyncio
async def test_sections_have_their_folders_and_tell_when_they_changed(large: Running) -> None:
    async with Plex(large.url, TOKEN, connect_timeout=2, read_timeout=5) as plex:
        movies, many = await plex.sections()
        assert (movies.id, movies.title, movies.locations) == ("1", "Movies", ("/media",))
        assert (many.id, many.title, many.locations) == ("2", "Large", ("/large",))
        large.make("new.mp4")
        again = {section.id: section.changed for section in await plex.sections()}
        assert again["1"] != movies.changed
        assert again["2"] == many.changed


@pytest.mark.asyncio
async def test_a_library_is_listed_a_thousand_items_a_request(large: Running) -> None:
    async with Plex(large.url, TOKEN, connect_timeout=2, read_timeout=5) as plex:
        await plex.connect()
        before = plex.requests
        seen: dict[str, tuple[str, ...]] = {}
        total = 1
        while len(seen) < total:
            items, total = await plex.page("2", len(seen))
            seen |= {item.rating_key: item.paths for item in items}
        assert (len(seen), total, plex.requests - before) == (2345, 2345, 3)
        assert set(seen.values()) == {(f"/large/{n % 7}/{n}.mp4",) for n in range(2345)}
        assert await plex.page("2", 5000) == ([], 2345)


@pytest.mark.asyncio
async def test_a_page_may_be_of_what_changed_since(plex: Plex, server: Running) -> None:
    (key,) = server.make("since.mp4")
    at = server.truth(key)["updatedAt"]
    assert key in {item.rating_key for item in (await plex.page("1", 0, at - 1))[0]}
    assert await plex.page("1", 0, at + 1000) == ([], 0)


@pytest.mark.asyncio
async def test_an_empty_library_has_an_empty_page(tmp_path: Path) -> None:
    with running(tmp_path) as empty:
        async with Plex(empty.url, TOKEN, connect_timeout=2, read_timeout=5) as plex:
            assert await plex.page("1", 0) == ([], 0)


@pytest.mark.asyncio
async def test_an_item_is_read_with_everything_that_a_plan_looks_at(plex: Plex, server: Running) -> None:
    (key,) = server.make("whole & odd.mp4")
    actors = [{"tag": f"Actor {n}", "role": "Herself", "thumb": f"http://x/{n}"} for n in range(5)]
    server.control(
        "person",
        ratingKey=key,
        title='<"T"> & more',
        summary="one\ntwo\t\r\nthree",
        originallyAvailableAt="2024-05-06",
        studio="Zo\u00eb",
        titleSort="zz",
        tagline="t",
        contentRating="XXX",
        userRating=8.0,
        directors=["D"],
        collections=["C1", "C2"],
        genres=["a, b", "c & d", "\u65e5\u672c", "x", "y"],
        actors=actors,
        lock=["title", "genres", "tagline"],
    )
    current = (await plex.details([key]))[key]
    assert (current.rating_key, current.section) == (key, "1")
    assert current.scalars == {
        "title": '<"T"> & more',
        "summary": "one\ntwo\t\r\nthree",
        "date": "2024-05-06",
        "studio": "Zo\u00eb",
        "sort_title": "zz",
        "tagline": "t",
        "content_rating": "XXX",
        "rating": "8",
    }
    assert [entry.name for entry in (*current.lists["director"], *current.lists["collections"])] == ["D", "C1", "C2"]
    assert [entry.name for entry in current.lists["tags"]] == ["a, b", "c & d", "\u65e5\u672c", "x", "y"]
    assert current.lists["performers"] == tuple(Entry(one["tag"], one["role"], one["thumb"]) for one in actors)
    assert current.locked == {"title", "tags", "tagline"}
    assert current.paths == (server.truth(key)["files"][0],)
    assert current.guid == f"local://{key}"


@pytest.mark.asyncio
async def test_an_item_without_metadata_has_empty_fields(plex: Plex, server: Running) -> None:
    (key,) = server.make("bare.mp4")
    current = (await plex.details([key]))[key]
    assert current.scalars == dict.fromkeys(plan.SCALARS, "") | {"title": "bare"}
    assert current.lists == dict.fromkeys(plan.LISTS, ())
    assert current.locked == frozenset()


@pytest.mark.asyncio
async def test_an_item_with_two_files_has_both_paths(plex: Plex, server: Running) -> None:
    keys = server.make("v1.mp4", "v2.mp4")
    server.control("merge", ratingKeys=keys)
    current = (await plex.details(keys[:1]))[keys[0]]
    assert sorted(path.rpartition("/")[2] for path in current.paths) == ["v1.mp4", "v2.mp4"]


@pytest.mark.asyncio
async def test_many_items_are_read_in_one_request_and_one_that_is_gone_is_missing(plex: Plex, server: Running) -> None:
    keys = server.make(*(f"{n}.mp4" for n in range(30)))
    server.control("remove", ratingKey=keys[7])
    await plex.connect()
    before = plex.requests
    found = await plex.details(keys)
    assert list(found) == [key for key in keys if key != keys[7]]
    assert plex.requests - before == 1
    assert all(current.rating_key == key for key, current in found.items())


@pytest.mark.asyncio
async def test_a_server_that_refuses_all_for_one_that_is_gone_is_asked_by_halves(plex: Plex, server: Running) -> None:
    """Whether PMS answers 404 for the whole request is not known; both ways give the same."""
    keys = server.make(*(f"{n}.mp4" for n in range(8)))
    gone = keys[5]
    server.control("fault", kind="status", status=404, match="GET /library/metadata/*", ratingKey=gone)
    await plex.connect()
    before = plex.requests
    assert set(await plex.details(keys)) == set(keys) - {gone}
    assert plex.requests - before <= 7


@pytest.mark.asyncio
async def test_items_that_are_all_gone_are_no_failure(plex: Plex, server: Running) -> None:
    keys = server.make("a.mp4", "b.mp4", "c.mp4")
    for key in keys:
        server.control("remove", ratingKey=key)
    assert await plex.details(keys) == {}
    assert await plex.details(keys[:1]) == {}


@pytest.mark.asyncio
async def test_nothing_is_asked_for_no_items(plex: Plex) -> None:
    assert await plex.details([]) == {}
    assert plex.requests == 0


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ((), ["Movies", "Clips", "2"]),
        (("movies",), ["Movies"]),
        (("Clips", "MOVIES"), ["Movies", "Clips"]),
        (("1",), ["Movies"]),
        (("2",), ["Clips", "2"]),
        (("none",), []),
    ],
)
def test_libraries_take_part_by_title_or_id(wanted: tuple[str, ...], titles: list[str]) -> None:
    sections = [
        Section(id=str(n), title=title, agent="", locations=(), changed="")
        for n, title in enumerate(["Movies", "Clips", "2"], 1)
    ]
    assert [section.title for section in listable(sections, wanted)] == titles
