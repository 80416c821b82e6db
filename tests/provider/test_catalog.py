"""The catalog finds what a list of scenes would have found, and keeps the newest row of each id."""

from __future__ import annotations

import pytest
from hypothesis import given as vary
from hypothesis import settings
from hypothesis import strategies as st

from common.errors import Undecodable
from common.messages import Scene, encode
from common.paths import PathRules
from services.provider.catalog import CANDIDATES, Catalog, Index, parts_of
from tests.provider.given import catalog, scene

FOLDERS = st.sampled_from(["a", "b", "Season 1"])
NAMES = st.sampled_from(["x.mp4", "y.mp4", "é.mkv"])
PATHS = st.builds(lambda folders, name: "/" + "/".join([*folders, name]), st.lists(FOLDERS, max_size=3), NAMES)
CHANGES = st.lists(
    st.tuples(st.integers(1, 5), st.one_of(st.none(), st.tuples(st.integers(1, 9), st.lists(PATHS, max_size=2)))),
    max_size=30,
)


def ends(scenes: dict[int, Scene], parts: tuple[str, ...]) -> dict[int, int]:
    """Count by comparing everything with everything."""
    found: dict[int, int] = {}
    for one in scenes.values():
        for file in one.files:
            own = parts_of(file.path)
            same = 0
            while same < min(len(own), len(parts)) and own[-same - 1] == parts[-same - 1]:
                same += 1
            if same > 1:
                found[one.id] = max(found.get(one.id, 0), same)
    return found


@vary(CHANGES, PATHS)
@settings(max_examples=200, deadline=None)
def test_look_ups_agree_with_a_plain_list_after_any_changes(
    changes: list[tuple[int, tuple[int, list[str]] | None]], asked: str
) -> None:
    made, plain = Catalog(PathRules()), dict[int, Scene]()
    for scene_id, row in changes:
        if row is None:
            made.remove(scene_id)
            plain.pop(scene_id, None)
            continue
        seq, paths = row
        new = scene(scene_id, *paths, seq=seq) if paths else scene(scene_id, seq=seq, files=())
        newer = scene_id not in plain or new.stamp > plain[scene_id].stamp
        assert made.put(scene_id, encode(new)) is newer
        if newer:
            plain[scene_id] = new
    assert len(made) == len(plain)
    assert sorted(made) == sorted(plain)
    assert {scene_id: made.scene(scene_id) for scene_id in made} == plain
    paths_of = {one.id: [file.path for file in one.files] for one in plain.values()}
    assert made.at(asked) == sorted(scene_id for scene_id, paths in paths_of.items() if asked in paths)
    assert made.ending(parts_of(asked)) == ends(plain, parts_of(asked))
    name = parts_of(asked)[-1]
    having = [scene_id for scene_id, paths in paths_of.items() if any(path.endswith("/" + name) for path in paths)]
    assert made.named(name, 50) == sorted(having)


def test_an_older_row_or_the_same_again_changes_nothing() -> None:
    made = catalog([scene(1, seq=5, title="new")])
    assert not made.put(1, encode(scene(1, seq=4, title="old")))
    assert not made.put(1, encode(scene(1, seq=5, title="again")))
    assert made.put(1, encode(scene(1, epoch=scene(1).epoch + 1, seq=1, title="a later epoch")))
    found = made.scene(1)
    assert found is not None
    assert found.title == "a later epoch"


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b"null", b'{"id":1}', encode(scene(1, v=2)), encode(scene(2)), b"\xff\xfe"],
)
def test_what_is_no_scene_with_this_id_is_refused_and_the_last_good_row_stays(payload: bytes) -> None:
    made = catalog([scene(1, title="good")])
    with pytest.raises(Undecodable):
        made.put(1, payload)
    found = made.scene(1)
    assert found is not None
    assert found.title == "good"


def test_a_moved_file_is_found_at_its_new_place_only() -> None:
    made = catalog([scene(1, "/data/a/x.mp4")])
    made.put(1, encode(scene(1, "/data/b/x.mp4", seq=2)))
    assert made.at("/data/a/x.mp4") == []
    assert made.at("/data/b/x.mp4") == [1]
    assert made.ending(("a", "x.mp4")) == {}
    made.remove(1)
    assert made.at("/data/b/x.mp4") == []
    assert made.named("x.mp4", 9) == []
    assert len(made) == 0
    made.remove(1)


def test_paths_of_plex_are_found_where_a_rule_renames_the_last_folder() -> None:
    made = catalog([scene(1, "/data/x.mp4")], "/data=>/media/Films")
    assert made.ending(("media", "Films", "x.mp4")) == {1: 3}
    assert made.ending(("data", "x.mp4")) == {1: 2}


def test_an_end_that_very_many_scenes_share_finds_none_but_whole_paths_still_do() -> None:
    made = catalog(scene(number, f"/data/{number}/BDMV/1.m2ts") for number in range(1, CANDIDATES + 2))
    assert made.ending(("7", "BDMV", "1.m2ts")) == {}
    assert made.at("/data/7/BDMV/1.m2ts") == [7]
    assert len(made.named("1.m2ts", 10)) == 10


@pytest.mark.parametrize(
    ("before", "after", "reborn"),
    [
        (("2024-01-01", "/a/x.mp4"), ("2024-01-01", "/b/y.mp4"), False),
        (("2024-01-01", "/a/x.mp4"), ("2025-01-01", "/a/x.mp4"), False),
        (("2024-01-01", "/a/x.mp4"), ("2025-01-01", "/b/y.mp4"), True),
    ],
    ids=["moved", "imported again", "another scene"],
)
def test_an_id_is_reborn_when_neither_creation_time_nor_any_file_is_the_same(
    before: tuple[str, str], after: tuple[str, str], *, reborn: bool
) -> None:
    made = catalog([scene(1, before[1], born=before[0])])
    made.put(1, encode(scene(1, after[1], born=after[0], seq=2)))
    assert (1 in made.reborn) is reborn
    made.remove(1)
    assert not made.reborn


@vary(st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.integers(0, 3)), max_size=40))
@settings(deadline=None)
def test_an_index_holds_exactly_what_was_added_and_not_discarded(changes: list[tuple[bool, str, int]]) -> None:
    index, plain = Index(), set[tuple[str, int]]()
    for adds, text, scene_id in changes:
        (index.add if adds else index.discard)(text, scene_id)
        (plain.add if adds else plain.discard)((text, scene_id))
    for text in "ab":
        assert sorted(index.find(text)) == sorted(scene_id for own, scene_id in plain if own == text)


def test_a_row_of_a_newer_version_is_searched_though_a_field_of_it_is_no_text() -> None:
    """What is unknown here is not looked at when a row is taken in."""
    made = catalog([])
    payload = encode(scene(1)).removesuffix(b"}") + b',"new":"\xff"}'
    assert made.put(1, payload)
    assert made.mentions(1, lambda text: "Scene number 1" in text)
