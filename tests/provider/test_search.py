"""What a person may mean who looks for a match by hand."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given as vary
from hypothesis import settings
from hypothesis import strategies as st

from common.messages import Named, Performer, Scene, Studio
from services.provider.match import PROPOSALS, Hit, Query
from services.provider.search import HIGHEST, LOWEST, MOST_WORDS, STEP, look_through, merged, rank, wish_of, words
from tests.provider.given import catalog, options, scene

SEA = scene(
    1,
    title="Two by the Sea",
    date="2021-05-06",
    code="ABC-123",
    studio=Studio(id=1, name="Harbour", parent=Named(id=2, name="Coast Films")),
    performers=(Performer(id=1, name="Zoé Lindqvist"),),
)
OTHERS = [
    scene(2, title="Two by the Sea, the second part", date="2023-01-01"),
    scene(3, title="Sea"),
    scene(4, "/data/x/two by the sea.mp4", title="Mountains"),
    scene(5, title="Nothing alike"),
]


def found(*scenes: Scene, **asked: object) -> list[int]:
    """Return the ids of the scenes that a search proposes, best first."""
    hits: list[Hit] = []
    query = Query(type=1, manual=True, **asked)  # type: ignore[arg-type] # as the tests give them
    for _ in look_through(catalog(scenes), options(), wish_of(query), hits):
        pass
    assert all(LOWEST <= hit.score <= HIGHEST <= 70 for hit in hits)
    return [hit.scene.id for hit in hits]


@pytest.mark.parametrize(
    "asked",
    [
        {"title": "Two by the Sea"},
        {"title": "two BY the sea", "year": 2021},
        {"title": "two by the sea 2021", "year": "2021"},
        {"title": "ABC-123"},
        {"title": "abc123"},
        {"title": "abc 123"},
        {"title": "Zoe\u0301 Lindqvist"},
        {"title": "harbour lindqvist"},
        {"title": "coast sea"},
        {"filename": "/new/place/Two.by.the.Sea.mkv"},
    ],
)
def test_the_scene_that_fits_best_comes_first(asked: dict[str, object]) -> None:
    assert found(SEA, *OTHERS, **asked)[0] == 1


def test_a_year_decides_between_equal_titles() -> None:
    twins = [scene(1, title="The Sea", date="2020-01-01"), scene(2, title="The Sea", date="2021-01-01")]
    assert found(*twins, title="The Sea", year=2021) == [2, 1]
    assert found(*twins, title="The Sea", year=2020) == [1, 2]


def test_less_than_half_of_the_words_is_no_proposal() -> None:
    assert found(SEA, title="sea horses gallop far") == []
    assert found(SEA, title="the sea horses gallop") == [1]
    assert found(SEA) == []


def test_a_scene_that_a_filter_excludes_is_not_proposed() -> None:
    assert found(scene(1, title="The Sea", details=""), title="The Sea") == []


def test_there_are_never_more_than_fifty_and_a_search_that_is_cut_short_gives_what_it_has() -> None:
    made = catalog(scene(number, title="The Sea") for number in range(1, 3 * STEP))
    hits: list[Hit] = []
    for _ in look_through(made, options(), wish_of(Query(type=1, title="the sea")), hits):
        assert not hits
    assert len(hits) == PROPOSALS
    hits.clear()
    looking = look_through(made, options(), wish_of(Query(type=1, title="the sea")), hits)
    with contextlib.closing(looking):
        next(looking)
    assert len(hits) == PROPOSALS
    assert all(hit.scene.id <= STEP for hit in hits)


def test_of_two_reasons_for_a_scene_the_better_one_counts() -> None:
    first, second = Hit(SEA, 60), Hit(OTHERS[0], 50)
    assert merged([first, second], [Hit(OTHERS[0], 65)]) == [Hit(OTHERS[0], 65), first]


def test_a_long_title_is_cut_to_its_first_words() -> None:
    assert len(wish_of(Query(type=1, title=" ".join(map(str, range(100))))).words) == MOST_WORDS


@vary(st.text(max_size=60), st.text(max_size=60), st.integers(1800, 2100) | st.none() | st.text(max_size=4))
@settings(deadline=None)
def test_any_text_is_ranked_within_bounds(title: str, asked: str, year: object) -> None:
    wish = wish_of(Query(type=1, title=asked, year=year))
    score = rank(scene(1, title=title), wish)
    assert score == 0 or LOWEST <= score <= HIGHEST
    if words(asked) and set(words(asked)) <= set(words(title)):
        assert score > 0
