"""The judge: unmodified python-plexapi does with the simulator all that a metadata writer does with Plex."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from plexapi.server import PlexServer

from tests.simulators.plex_process import TOKEN, Running, running, soon

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def plex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("plex")) as started:
        yield started


@pytest.fixture
def server(plex: Running) -> Iterator[Any]:
    with requests.Session() as session:
        session.trust_env = False
        yield PlexServer(plex.url, TOKEN, session=session)  # type: ignore[no-untyped-call] # plexapi has no types


def movie(plex: Running, server: Any, name: str = "movie.mp4") -> Any:
    return server.fetchItem(int(plex.make(name)[0]))


def test_connect_tells_who_the_server_is(server: Any) -> None:
    assert server.friendlyName == "Simulated Plex"
    assert server.identity().machineIdentifier == server.machineIdentifier
    assert server.version.startswith("1.43.1")
    assert [section.title for section in server.library.sections()] == ["Movies"]


def test_a_wrong_token_is_unauthorized(plex: Running) -> None:
    with requests.Session() as session, pytest.raises(Unauthorized):
        PlexServer(plex.url, "wrong", session=session)  # type: ignore[no-untyped-call] # plexapi has no types


def test_a_listing_goes_through_all_pages(plex: Running, server: Any) -> None:
    made = set(plex.make(*(f"page {n}.mp4" for n in range(25))))
    section = server.library.section("Movies")
    listed = {str(item.ratingKey) for item in section.all(container_size=10)}
    assert made <= listed
    assert section.totalSize == len(listed)


def test_search_filters_sorts_and_limits(plex: Running, server: Any) -> None:
    plex.make("Zebra walks.mp4", "Zebra runs.mp4")
    section = server.library.section("Movies")
    assert [item.title for item in section.search(title="zebra", sort="titleSort:desc")] == [
        "Zebra walks",
        "Zebra runs",
    ]
    assert len(section.search(title="zebra", limit=1)) == 1
    assert section.recentlyAdded(maxresults=3)


def test_items_are_fetched_by_key_and_by_several_keys(plex: Running, server: Any) -> None:
    first, second = plex.make("one.mp4", "two.mp4")
    assert [str(item.ratingKey) for item in server.fetchItems([int(first), int(second)])] == [first, second]
    with pytest.raises(NotFound):
        server.fetchItem(999_999)


def test_one_put_edits_many_fields_and_locks_them(plex: Running, server: Any) -> None:
    item = movie(plex, server)
    item.batchEdits().editTitle('A "T" & more').editSortTitle("Sort").editSummary("two\nlines").editStudio("Acme")
    item.editOriginallyAvailable("2021-03-04").editTagline("Tag").editContentRating("XXX").editCriticRating(7.5)
    item.addGenre(["Drama", "Comma, Inc"]).addLabel("Label").addCollection("Box")
    item.addDirector("D").addWriter("W").addProducer("P").addCountry("C").saveEdits()
    item.reload()
    assert (item.title, item.titleSort, item.summary, item.studio) == ('A "T" & more', "Sort", "two\nlines", "Acme")
    assert (item.originallyAvailableAt.year, item.year, item.rating) == (2021, 2021, 7.5)
    assert [genre.tag for genre in item.genres] == ["Drama", "Comma, Inc"]
    lists = (item.labels, item.collections, item.directors, item.writers, item.producers, item.countries)
    assert [[tag.tag for tag in tags] for tags in lists] == [["Label"], ["Box"], ["D"], ["W"], ["P"], ["C"]]
    assert item.isLocked("title")
    assert item.isLocked("genre")


def test_a_removed_tag_with_a_comma_is_the_one_that_goes(plex: Running, server: Any) -> None:
    item = movie(plex, server)
    item.addGenre(["Comma, Inc", "Inc", "100%"])
    item.reload()
    item.removeGenre(["Comma, Inc", "100%"], locked=False)
    item.reload()
    assert [genre.tag for genre in item.genres] == ["Inc"]
    assert not item.isLocked("genre")


def test_a_tag_added_to_a_listed_item_loses_what_the_listing_left_out(plex: Running, server: Any) -> None:
    """Not to be relied on: this is the trap that the light listing sets for plexapi."""
    plex.control("settings", tag_mode="replace")
    item = movie(plex, server, "trapped.mp4")
    item.addGenre(["A", "B", "C"])
    (listed,) = server.library.section("Movies").search(title="trapped")
    listed.addGenre("D")
    assert plex.truth(str(item.ratingKey))["genres"] == ["A", "B", "D"]
    plex.control("settings", tag_mode="add")


def test_actors_have_roles_and_one_picture_for_the_server(plex: Running, server: Any) -> None:
    first, second = movie(plex, server), movie(plex, server)
    for item, role in ((first, "Herself"), (second, "A stranger")):
        item.edit(**{"actor[0].tag.tag": "Ann", "actor[0].tagging.text": role, "actor.locked": 1})
    second.edit(**{"actor[0].tag.tag": "Ann", "actor[0].tag.thumb": "http://provider/ann.jpg"})
    first.reload()
    second.reload()
    assert (first.roles[0].role, second.roles[0].role) == ("Herself", "A stranger")
    assert first.roles[0].thumb == second.roles[0].thumb == "http://provider/ann.jpg"


def test_many_items_are_edited_at_once(plex: Running, server: Any) -> None:
    keys = plex.make("m1.mp4", "m2.mp4")
    section = server.library.section("Movies")
    section.batchMultiEdits(server.fetchItems([int(key) for key in keys]))
    section.addCollection("Multi").saveMultiEdits()
    assert all(plex.truth(key)["collections"] == ["Multi"] for key in keys)


def test_posters_are_uploaded_listed_and_selected(plex: Running, server: Any) -> None:
    item = movie(plex, server)
    item.uploadPoster(filepath=io.BytesIO(b"first"))
    item.uploadPoster(filepath=io.BytesIO(b"second"))
    first, second = item.posters()
    assert (first.selected, second.selected) == (None, True)
    first.select()
    assert plex.truth(str(item.ratingKey))["poster"] == first.ratingKey
    item.uploadArt(filepath=io.BytesIO(b"art"))
    assert [art.selected for art in item.arts()] == [True]
    item.lockPoster()
    item.reload()
    assert item.isLocked("thumb")
    assert requests.get(item.thumbUrl, timeout=5).content == b"first"


def test_stars_are_given_and_taken_back_without_a_lock(plex: Running, server: Any) -> None:
    item = movie(plex, server)
    item.rate(7.0)
    item.reload()
    assert item.userRating == 7.0
    assert not item.isLocked("userRating")
    item.rate()
    item.reload()
    assert item.userRating is None


def test_scans_and_upkeep_answer_at_once(plex: Running, server: Any) -> None:
    section = server.library.section("Movies")
    plex.control("files", section="1", files=["/media/late/late.mp4"])
    section.update(path="/media/late")
    soon(lambda: section.search(title="late"))
    item = movie(plex, server)
    item.refresh()
    item.analyze()
    section.emptyTrash()
    section.refresh()
    section.cancelUpdate()
    server.library.update()
    assert server.activities is not None
    assert server.settings.get("autoEmptyTrash").value is True
    assert {setting.id for setting in section.settings()} >= {"includeAdult"}


def test_collections_live_from_their_members(plex: Running, server: Any) -> None:
    first, second = server.fetchItems([int(key) for key in plex.make("c1.mp4", "c2.mp4")])
    section = server.library.section("Movies")
    made = section.createCollection("Shelf", items=[first])
    made.addItems(second)
    assert {item.ratingKey for item in section.collection("Shelf").items()} == {first.ratingKey, second.ratingKey}
    made.editSummary("What is on it").editTitle("Board")
    made.uploadPoster(filepath=io.BytesIO(b"shelf"))
    made.reload()
    assert (made.title, made.summary, made.childCount, made.isLocked("summary")) == ("Board", "What is on it", 2, True)
    assert plex.truth(str(first.ratingKey))["collections"] == ["Board"]
    made.removeItems(first)
    made.delete()
    assert plex.truth(str(second.ratingKey))["collections"] == []
    with pytest.raises(NotFound):
        section.collection("Board")


def test_a_collection_given_the_name_of_another_joins_it(plex: Running, server: Any) -> None:
    first, second = server.fetchItems([int(key) for key in plex.make("j1.mp4", "j2.mp4")])
    section = server.library.section("Movies")
    section.createCollection("One", items=[first]).editTitle("Two")
    section.createCollection("Three", items=[second]).editTitle("Two")
    assert {item.ratingKey for item in section.collection("Two").items()} == {first.ratingKey, second.ratingKey}
    assert plex.truth(str(second.ratingKey))["collections"] == ["Two"]


def test_the_alert_listener_hears_of_edits(plex: Running, server: Any) -> None:
    pytest.importorskip("websocket", reason="plexapi's listener needs websocket-client")
    item = movie(plex, server)
    heard: list[dict[str, Any]] = []
    listener = server.startAlertListener(heard.append)
    soon(lambda: plex.told("counts")["listeners"])
    item.editTitle("Told")
    soon(lambda: any(note["type"] == "timeline" for note in heard))
    listener.stop()
    listener.join(5)


def test_an_item_without_a_provider_has_no_matches(plex: Running, server: Any) -> None:
    item = movie(plex, server)
    assert item.matches() == []
    item.unmatch()
    item.reload()
    assert item.guid == f"local://{item.ratingKey}"


def test_items_are_merged_split_and_deleted(plex: Running, server: Any) -> None:
    first, second = server.fetchItems([int(key) for key in plex.make("v1.mp4", "v2.mp4")])
    first.merge([second.ratingKey])
    first.reload()
    assert len(first.media) == 2
    first.split()
    first.reload()
    assert len(first.media) == 1
    first.delete()
    with pytest.raises(NotFound):
        first.reload()


def test_what_plex_refuses_arrives_as_plexapi_names_it(plex: Running, server: Any) -> None:
    item = movie(plex, server)
    with pytest.raises(BadRequest, match=r"\(500\)"):
        server.fetchItems("/library/sections/1/all?file=movie.mp4")
    plex.control("fault", kind="maintenance", count=1)
    with pytest.raises(BadRequest, match=r"\(503\) service_unavailable.*title=\"Maintenance\""):
        item.reload()
