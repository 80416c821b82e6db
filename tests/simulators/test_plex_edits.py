"""Edits: the query is read as Plex reads it, tags join or replace, and values are kept as sent or tidied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.plex import edits, values
from simulators.plex.listing import pairs_of
from simulators.plex.model import MOVIE, Item, sort_title
from simulators.plex.settings import Settings
from simulators.plex.store import Library
from simulators.plex.truth import view
from tests.simulators.plex_process import ALL, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=5, unique=True)


@pytest.fixture(scope="module")
def plex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("plex")) as started:
        yield started


@pytest.fixture(autouse=True)
def as_sent(plex: Running) -> Iterator[None]:
    yield
    plex.control("settings", tag_mode="add", normalise=False)


def edited(*queries: str, **settings: Any) -> Item:
    library = Library()
    section = library.add_section("Movies", ["/media"], "none")
    item = Item(library.new_key(), section.key, MOVIE, "local://1", {"title": "The file"}, added_at=1, updated_at=1)
    library.add(item)
    for query in queries:
        edits.apply(edits.parse(pairs_of(query)), item, library, Settings(**settings))
    return item


def genres(item: Item) -> list[str]:
    found: list[str] = view(item, ["genres"])["genres"]
    return found


@given(NAMES)
def test_names_quoted_before_the_join_are_removed_whole(names: list[str]) -> None:
    tags = urlencode({f"genre[{n}].tag.tag": name for n, name in enumerate(names)})
    gone = urlencode({"genre[].tag.tag-": ",".join(quote(name) for name in names[1:])})
    assert genres(edited(tags, gone)) == names[:1]


@given(NAMES)
def test_tags_arrive_in_the_order_of_their_numbers(names: list[str]) -> None:
    shuffled = list(enumerate(names))[::-1]
    assert genres(edited(urlencode({f"genre[{n}].tag.tag": name for n, name in shuffled}))) == names


@pytest.mark.parametrize(
    ("mode", "query", "after"),
    [
        ("add", "genre[0].tag.tag=C", ["A", "B", "C"]),
        ("replace", "genre[0].tag.tag=C", ["C"]),
        ("add", "genre[0].tag.tag=B&genre[1].tag.tag=C&genre[].tag.tag-=A", ["B", "C"]),
        ("replace", "genre[0].tag.tag=B&genre[1].tag.tag=C&genre[].tag.tag-=A", ["B", "C"]),
        ("add", "genre[].tag.tag-=A", ["B"]),
        ("replace", "genre[].tag.tag-=A", ["B"]),
        ("add", "genre[].tag=", []),
        ("replace", "genre[].tag=&genre[0].tag.tag=C", ["C"]),
        ("replace", "genre.locked=1", ["A", "B"]),
    ],
)
def test_tags_join_or_take_the_place_of_the_present_ones(mode: str, query: str, after: list[str]) -> None:
    assert genres(edited("genre[0].tag.tag=A&genre[1].tag.tag=B", query, tag_mode=mode)) == after


def test_locks_are_set_and_taken_away_one_by_one() -> None:
    item = edited("title.value=T&title.locked=1&summary.locked=1&thumb.locked=1", "summary.locked=0")
    assert sorted(item.locks) == ["thumb", "title"]


def test_an_empty_value_clears_a_field() -> None:
    assert edited("studio.value=Acme&rating.value=8", "studio.value=&rating.value=").fields == {"title": "The file"}


def test_the_year_follows_the_date_and_the_sort_title_the_title() -> None:
    item = edited("title.value=The Cat&originallyAvailableAt.value=2019-05-06")
    assert (item.fields["year"], item.title_sort) == (2019, "Cat")
    assert sort_title("Theory") == "Theory"


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("title", "  spaced  ", "spaced"),
        ("summary", "a\r\nb", "a\nb"),
        ("originallyAvailableAt", "2020-1-2", "2020-01-02"),
        ("originallyAvailableAt", "2020-01-02T10:00:00", "2020-01-02"),
        ("originallyAvailableAt", "2020-13-45", ""),
        ("rating", "7", 7.0),
        ("rating", "good", None),
    ],
)
def test_normalised_values(name: str, sent: str, kept: object) -> None:
    assert values.stored(name, sent, normalise=True) == kept


@given(st.text())
def test_what_is_normalised_stays_as_it_is(text: str) -> None:
    once = values.stored("title", text, normalise=True)
    assert values.stored("title", str(once), normalise=True) == once


def test_with_normalisation_a_tag_keeps_the_case_it_first_had(plex: Running) -> None:
    plex.control("settings", normalise=True)
    first, second = plex.make("a.mp4", "b.mp4")
    plex.put(first, "genre[0].tag.tag=Big City&label[0].tag.tag=mine")
    plex.put(second, "genre[0].tag.tag=+BIG  city+")
    assert plex.truth(second)["genres"] == ["Big City"]
    assert plex.truth(first)["labels"] == ["Mine"]


def test_values_are_kept_as_sent_otherwise(plex: Running) -> None:
    key = plex.make("a.mp4")[0]
    plex.put(key, "title.value=+spaced+&genre[0].tag.tag=x&genre[1].tag.tag=X")
    assert (plex.truth(key)["title"], plex.truth(key)["genres"]) == (" spaced ", ["x", "X"])


def test_the_tag_mode_is_switched_while_it_runs(plex: Running) -> None:
    key = plex.make("a.mp4")[0]
    plex.put(key, "genre[0].tag.tag=A")
    plex.control("settings", tag_mode="replace")
    plex.put(key, "genre[0].tag.tag=B")
    assert plex.truth(key)["genres"] == ["B"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ALL}?type=1&title.value=x", 400),
        (f"{ALL}?id=1&title.value=x", 400),
        (f"{ALL}?type=1&id=999999&title.value=x", 404),
        ("/library/sections/99/all?type=1&id=1&title.value=x", 404),
        ("/library/metadata/999999?title.value=x", 404),
        ("/:/rate?key=999999&identifier=com.plexapp.plugins.library&rating=5", 404),
    ],
)
def test_edits_of_nothing_are_refused(plex: Running, path: str, status: int) -> None:
    assert plex.http.put(path).status_code == status


def test_an_edit_is_answered_with_an_empty_page_and_seen_as_a_new_time(plex: Running) -> None:
    key = plex.make("a.mp4")[0]
    before = plex.told("items", ratingKey=key)[0]["updatedAt"]
    answer = plex.put(key, "title.value=New")
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (200, "text/html", "")
    assert plex.truth(key)["updatedAt"] >= before
    assert plex.http.put(f"/library/metadata/{key}?title.value=Old+way").status_code == 200
    assert plex.truth(key)["title"] == "Old way"
