"""Which of the items read are a scene's: a pin, then the path, then the content, and never the name alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Stamp
from common.paths import key
from services.plex_writer.match import STRENGTH, Claim, Index, Verdict, decide
from services.plex_writer.plan import Current


def item(rating_key: str, *paths: str, section: str = "1") -> Current:
    return Current(rating_key=rating_key, section=section, paths=paths)


def found(verdict: Verdict) -> dict[str, str]:
    return {current.rating_key: how for current, how in verdict.found}


A, B = item("1", "/m/a.mp4"), item("2", "/m/x/a.mp4")
HASHES = {"1": frozenset({"aa"}), "2": frozenset({"bb", "cc"})}


@pytest.mark.parametrize(
    ("there", "asked", "verdict", "tied"),
    [
        ([A, B], (["/m/a.mp4"], ["bb"], None), {"1": "path"}, []),
        ([A, B], (["/m/a.mp4"], [], "2"), {"2": "pin"}, []),
        ([A, B], (["/m/a.mp4"], [], "9"), {}, []),
        ([A, B], ([], ["CC"], None), {"2": "hash"}, []),
        ([A, B], (["/n/a.mp4"], [""], None), {}, []),
        ([A, B], (["/n/a.mp4"], ["dd"], None), {}, []),
        ([A, B], (["/n/a.mp4"], ["aa", "bb"], None), {}, ["1", "2"]),
        ([A, item("2", section="2")], ([], ["aa", "bb"], None), {"1": "hash", "2": "hash"}, []),
        ([A, item("3", "/m/a.mp4", section="2"), B], (["/m/a.mp4"], [], None), {"1": "path", "3": "path"}, []),
        ([item("1", "/m/z.mp4", "/m/a.mp4")], (["/m/b.mp4", "/m/a.mp4"], [], None), {"1": "path"}, []),
        ([], (["/m/a.mp4"], ["aa"], "1"), {}, []),
    ],
)
def test_what_decides(
    there: list[Current], asked: tuple[list[str], list[str], str | None], verdict: dict[str, str], tied: list[str]
) -> None:
    """Asked for are paths, hashes and a pin."""
    paths, oshashes, pinned = asked
    decided = decide(there, paths=paths, oshashes=oshashes, hashes=HASHES, pinned=pinned, key=key)
    assert (found(decided), [one.rating_key for one in decided.tied]) == (verdict, tied)


folders = st.sampled_from(["/m", "/m/x", "/n"])
files = st.tuples(folders, st.sampled_from(["a.mp4", "b.mp4"])).map("/".join)
digests = st.sampled_from(["", "aa", "bb"])
items = st.lists(
    st.builds(
        lambda number, paths, section: item(str(number), *paths, section=section),
        st.integers(1, 9),
        st.lists(files, max_size=2),
        st.sampled_from(["1", "2"]),
    ),
    unique_by=lambda one: one.rating_key,
    max_size=4,
)


@given(items, st.lists(files, max_size=2), st.lists(digests, max_size=2), st.data())
def test_no_item_is_a_scene_s_without_its_path_or_its_content(
    there: list[Current], paths: list[str], oshashes: list[str], data: st.DataObject
) -> None:
    hashes = {one.rating_key: frozenset({data.draw(digests)} - {""}) for one in there}
    decided = decide(there, paths=paths, oshashes=oshashes, hashes=hashes, key=key)
    for current, how in decided.found:
        agrees = set(current.paths) & set(paths) if how == "path" else hashes[current.rating_key] & set(oshashes)
        assert agrees
    assert not (decided.found and decided.tied)


def test_the_stronger_claim_wins_then_the_newer_scene() -> None:
    old, new = Stamp(1, 1), Stamp(2, 1)
    claims = [
        Claim(STRENGTH["pin"], old, 4),
        Claim(STRENGTH["path"], new, 3),
        Claim(STRENGTH["path"], old, 2),
        Claim(STRENGTH["hash"], new, 1),
    ]
    assert sorted(claims) == [*reversed(claims)]


def test_files_of_a_name_are_near_and_matches_are_remembered_until_the_item_is_gone() -> None:
    index = Index(key)
    index.put("10", ["/m/a.mp4"])
    index.put("9", ["/n/a.mp4", "/n/b.mp4"])
    index.match("9", 17)
    index.match("10", 17)
    assert index.near(["/elsewhere/a.mp4"]) == ["9", "10"]
    assert index.near(["/elsewhere/A.mp4", "/x/a.mp"]) == []
    assert index.of_scene(17) == ["9", "10"]
    index.match("10", 18)
    index.keep({"10"})
    assert (index.near(["b.mp4"]), index.of_scene(17), index.of_scene(18)) == ([], [], ["10"])
