"""Unmatched reports: one a file, at most one publication a minute, at most so many."""

from __future__ import annotations

from hypothesis import given as vary
from hypothesis import settings
from hypothesis import strategies as st

from common.messages import Unmatched
from common.topics import NAME
from services.provider.misses import Misses, leaf_of


def test_a_file_is_reported_at_once_and_again_only_a_minute_later_with_its_count() -> None:
    misses = Misses(pause=60.0)
    leaf = leaf_of("a/x.mp4")
    first = misses.note("a/x.mp4", Unmatched(file="/a/x.mp4", at="t0"), clock=0.0)
    assert first == {leaf: Unmatched(file="/a/x.mp4", at="t0", count=1)}
    assert misses.note("a/x.mp4", Unmatched(file="/a/x.mp4", at="t1"), clock=59.9) == {}
    assert misses.note("a/x.mp4", Unmatched(file="a/x.mp4", at="t2"), clock=60.0) == {
        leaf: Unmatched(file="a/x.mp4", at="t2", count=3)
    }
    assert misses.note("b/y.mp4", Unmatched(file="b/y.mp4", at="t2"), clock=60.0).keys() == {leaf_of("b/y.mp4")}


def test_beyond_the_limit_the_file_not_asked_for_longest_goes() -> None:
    misses = Misses(limit=2, pause=0.0)
    for key in ("a", "b", "a"):
        misses.note(key, Unmatched(file=key, at=""), clock=0.0)
    assert misses.note("c", Unmatched(file="c", at=""), clock=0.0) == {
        leaf_of("b"): None,
        leaf_of("c"): Unmatched(file="c", at="", count=1),
    }
    assert len(misses) == 2


def test_a_file_that_has_a_scene_is_no_longer_reported() -> None:
    misses = Misses()
    assert misses.settle(map(leaf_of, ["a"])) == {}
    misses.note("a", Unmatched(file="a", at=""), clock=0.0)
    assert misses.settle(map(leaf_of, ["x", "a"])) == {leaf_of("a"): None}
    assert misses.settle(map(leaf_of, ["a"])) == {}
    assert misses.note("a", Unmatched(file="a", at=""), clock=1.0)[leaf_of("a")] == Unmatched(file="a", at="", count=1)


def test_reports_that_stand_are_taken_over_up_to_the_limit() -> None:
    misses = Misses(limit=1)
    misses.adopt(leaf_of("a"), Unmatched(file="a", at="", count=5))
    misses.adopt(leaf_of("b"), Unmatched(file="b", at="", count=5))
    assert len(misses) == 1
    assert misses.note("a", Unmatched(file="a", at="t"), clock=1.0) == {
        leaf_of("a"): Unmatched(file="a", at="t", count=6)
    }
    assert misses.settle(map(leaf_of, ["a"])) == {leaf_of("a"): None}


def test_a_report_that_somebody_removed_begins_anew() -> None:
    misses = Misses()
    misses.adopt(leaf_of("a"), Unmatched(file="a", at="", count=5))
    misses.forget(leaf_of("a"))
    misses.forget(leaf_of("b"))
    assert len(misses) == 0
    assert misses.note("a", Unmatched(file="a", at=""), clock=0.0) == {
        leaf_of("a"): Unmatched(file="a", at="", count=1)
    }


def test_reports_are_found_by_the_paths_that_they_may_be_about() -> None:
    misses = Misses()
    misses.note("a/x.mp4", Unmatched(file="/a/x.mp4", at=""), clock=0.0)
    misses.adopt(leaf_of("y.mp4"), Unmatched(file="y.mp4", at=""))
    assert misses.standing(["x.mp4", "a/x.mp4", "data/a/x.mp4"]) == [(leaf_of("a/x.mp4"), "/a/x.mp4")]
    assert misses.files == [(leaf_of("a/x.mp4"), "/a/x.mp4"), (leaf_of("y.mp4"), "y.mp4")]


@vary(st.text(max_size=40))
@settings(deadline=None)
def test_a_topic_is_safe_whatever_the_file_is_called(key: str) -> None:
    assert NAME.fullmatch(leaf_of(key))
    assert "/" not in leaf_of(key)
