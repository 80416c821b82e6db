"""The index of Plex's files: whole mapped paths, in whatever way they are spelt, and never a basename."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from common.paths import PathRules, key
from services.plex_writer.match import Index, holds
from services.plex_writer.plan import Current

keys = st.sampled_from(["1", "2", "10"])
paths = st.lists(st.sampled_from(["/m/a.mp4", "/m//a.mp4", "/m/b.mp4", "/n/a.mp4", "\\m\\b.mp4"]), max_size=3)


class Machine(RuleBasedStateMachine):
    """The index beside a plain table of items and their files."""

    def __init__(self) -> None:
        super().__init__()
        self.index = Index(key)
        self.items: dict[str, list[str]] = {}

    @rule(rating_key=keys, files=paths)
    def put(self, rating_key: str, files: list[str]) -> None:
        known = {key(path) for path in self.items.get(rating_key, [])}
        new = self.index.put(rating_key, files)
        assert set(new) == {key(path) for path in files} - known
        self.items[rating_key] = files

    @rule(rating_key=keys)
    def drop(self, rating_key: str) -> None:
        self.index.drop(rating_key)
        self.items.pop(rating_key, None)

    @rule(kept=st.sets(keys))
    def keep(self, kept: set[str]) -> None:
        self.index.keep(kept)
        self.items = {rating_key: files for rating_key, files in self.items.items() if rating_key in kept}

    @invariant()
    def every_path_finds_its_items(self) -> None:
        for path in ("/m/a.mp4", "/m/b.mp4", "/n/a.mp4", "/m/a", "a.mp4"):
            found = [rating_key for rating_key, files in self.items.items() if path in map(key, files)]
            assert self.index.find([path]) == sorted(found, key=int)
            assert self.index.find([path, path]) == sorted(found, key=int)

    @invariant()
    def nothing_is_kept_of_what_is_gone(self) -> None:
        assert set(self.index._keys) == {key(path) for files in self.items.values() for path in files}
        assert len(self.index) == len([files for files in self.items.values() if files])


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)


@pytest.mark.parametrize(
    ("plex", "asked", "found"),
    [
        ("/m/a.mp4", "/m/a.mp4", True),
        ("/m/a.mp4", "/m//a.mp4", True),
        ("/m/Cafe\u0301.mp4", "/m/Caf\u00e9.mp4", True),
        ("Z:\\m\\a.mp4", "z:/m/a.mp4", True),
        ("/m/a.mp4", "/n/a.mp4", False),
        ("/m/a.mp4", "a.mp4", False),
        ("/m/a.mp4", "/m/a.mp4/", True),
        ("/m/a.mp4", "/m/A.mp4", False),
        ("/m/a.mp4", "/m/a.mkv", False),
        ("/m/a/b.mp4", "/m/a", False),
        ("/m/a.mp4", "/m/a.mp4.part", False),
    ],
)
def test_a_whole_path_decides(plex: str, asked: str, found: bool) -> None:
    index = Index(key)
    index.put("1", [plex])
    assert index.find([asked]) == (["1"] if found else [])
    assert holds(item(plex), [asked], key) is found


def test_rules_that_ignore_case_find_a_path_in_another_case() -> None:
    rules = PathRules.parse([{"stash": "/Data", "plex": "/Media", "ignore_case": True}])
    index = Index(rules.key)
    index.put("1", ["/media/Films/A.mp4"])
    wanted = [rules.to_plex("/data/films/a.MP4") or ""]
    assert index.find(wanted) == ["1"]
    assert holds(item("/media/Films/A.mp4"), wanted, rules.key)


def test_all_items_that_have_the_file_are_found_smallest_key_first() -> None:
    index = Index(key)
    for rating_key in ("100", "20", "3"):
        index.put(rating_key, ["/m/a.mp4", f"/m/{rating_key}.mp4"])
    assert index.find(["/m/a.mp4", "/m/20.mp4"]) == ["3", "20", "100"]


def test_an_item_whose_file_moved_is_found_by_its_new_path_only() -> None:
    index = Index(key)
    index.put("1", ["/m/a.mp4", "/m/b.mp4"])
    assert index.put("1", ["/m/b.mp4", "/m/c.mp4"]) == ["/m/c.mp4"]
    assert (index.find(["/m/a.mp4"]), index.find(["/m/b.mp4"]), index.find(["/m/c.mp4"])) == ([], ["1"], ["1"])


def test_an_item_without_files_is_nobody_s() -> None:
    index = Index(key)
    index.put("1", ["/m/a.mp4"])
    index.put("1", [])
    assert (index.find(["/m/a.mp4"]), index.find([]), len(index)) == ([], [], 0)
    assert not holds(item(), ["/m/a.mp4"], key)
    assert not holds(item("/m/a.mp4"), [], key)


def test_a_remembered_key_proves_nothing() -> None:
    """The item with our key holds another file by now."""
    assert not holds(item("/m/other.mp4"), ["/m/a.mp4"], key)
    assert holds(item("/m/other.mp4", "/m/a.mp4"), ["/m/x.mp4", "/m/a.mp4"], key)


def item(*files: str) -> Current:
    return Current(rating_key="1", section="1", paths=files)
