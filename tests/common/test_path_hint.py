"""The prefix pair that is proposed, by tables and as a property over paths made from a pair."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.path_hint import by_name, propose
from common.paths import PathRules


def proposed(stash: list[str], plex: list[str]) -> str | None:
    pair = propose(stash, by_name(plex, stash))
    return pair.rule if pair else None


@pytest.mark.parametrize(
    ("stash", "plex", "rule"),
    [
        (["/data/a/x.mp4"], ["/media/a/x.mp4"], "/data=>/media"),
        (["/data/x.mp4", "/data/y.mp4"], ["/media/films/x.mp4", "/media/films/y.mp4"], "/data=>/media/films"),
        (["/data/x.mp4"], ["/data/x.mp4"], None),
        (["/data/x.mp4"], ["/media/z.mp4"], None),
        (["/data/X.MP4"], ["/media/x.mp4"], "/data=>/media"),
        (["D:\\films\\x.mp4"], ["/mnt/films/x.mp4"], "D:=>/mnt"),
        ([], ["/media/z.mp4"], None),
    ],
)
def test_a_pair_is_what_is_left_before_the_common_tail(stash: list[str], plex: list[str], rule: str | None) -> None:
    assert proposed(stash, plex) == rule


def test_what_most_files_say_wins_over_chance_equals() -> None:
    stash = [f"/data/s{number}/clip.mp4" for number in range(5)]
    plex = [f"/media/s{number}/clip.mp4" for number in range(5)] + ["/other/clip.mp4"]
    pair = propose(stash, by_name(plex, stash))
    assert pair is not None
    assert (pair.rule, pair.fits) == ("/data=>/media", 5)


FOLDER = st.text("abcdef", min_size=1, max_size=4)


@given(st.lists(FOLDER, min_size=1, max_size=3), st.lists(FOLDER, min_size=1, max_size=3), st.lists(FOLDER, max_size=3))
def test_the_rule_brings_the_file_to_where_plex_has_it(left: list[str], right: list[str], inside: list[str]) -> None:
    stash = "/" + "/".join([*left, *inside, "x.mp4"])
    plex = "/" + "/".join([*right, *inside, "x.mp4"])
    rule = proposed([stash], [plex])
    assert PathRules.parse(rule or "").to_plex(stash) == plex
