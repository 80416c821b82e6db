"""Scenes that wait for a file: each is woken by any file of its own, and by no other."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from common.paths import PathRules, key
from services.plex_writer.waiting import Waiting

ids = st.integers(1, 4)
FILES = ("/m/a.mp4", "/m/b.mp4", "/n/a.mp4")
paths = st.lists(st.sampled_from([*FILES, "/m//a.mp4", "\\m\\b.mp4"]), max_size=3)


class Machine(RuleBasedStateMachine):
    """The register beside a plain table of scenes and the files they wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = Waiting(key)
        self.scenes: dict[int, list[str]] = {}

    @rule(scene=ids, files=paths)
    def add(self, scene: int, files: list[str]) -> None:
        self.waiting.add(scene, files)
        self.scenes[scene] = files

    @rule(scene=ids)
    def drop(self, scene: int) -> None:
        self.waiting.drop(scene)
        self.scenes.pop(scene, None)

    @invariant()
    def a_file_wakes_those_that_wait_for_it_once_each(self) -> None:
        assert len(self.waiting) == len([files for files in self.scenes.values() if files])
        for path in FILES:
            expected = [scene for scene, files in self.scenes.items() if path in map(key, files)]
            assert sorted(self.waiting.for_path(path)) == sorted(expected)

    @invariant()
    def nothing_is_kept_of_those_that_wait_no_longer(self) -> None:
        assert set(self.waiting._ids) == {key(path) for files in self.scenes.values() for path in files}


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=100, stateful_step_count=20, deadline=None)


def test_two_scenes_of_one_file_are_both_woken_in_the_order_in_which_they_came() -> None:
    waiting = Waiting(key)
    waiting.add(7, ["/m/a.mp4"])
    waiting.add(3, ["/m/b.mp4", "/m/a.mp4"])
    assert waiting.for_path("/m/a.mp4") == (7, 3)


def test_a_scene_whose_file_was_renamed_waits_for_the_new_one_only() -> None:
    waiting = Waiting(key)
    waiting.add(1, ["/m/a.mp4"])
    waiting.add(1, ["/m/b.mp4"])
    assert (waiting.for_path("/m/a.mp4"), waiting.for_path("/m/b.mp4"), len(waiting)) == ((), (1,), 1)


def test_a_scene_that_has_no_file_in_plex_waits_for_nothing() -> None:
    """Nobody has to look for what can never turn up."""
    waiting = Waiting(key)
    waiting.add(1, ["/m/a.mp4"])
    waiting.add(1, [])
    assert len(waiting) == 0


def test_a_basename_wakes_nobody() -> None:
    waiting = Waiting(key)
    waiting.add(1, ["/m/a.mp4"])
    assert waiting.for_path("/other/a.mp4") == ()
    assert waiting.for_path("a.mp4") == ()


def test_paths_are_compared_as_the_rules_say() -> None:
    waiting = Waiting(PathRules.parse("/data=>/media", ignore_case=True).key)
    waiting.add(1, ["/Media/A.mp4"])
    assert waiting.for_path("/media/a.MP4") == (1,)


def test_files_are_found_by_the_end_of_their_path_in_whole_components() -> None:
    waiting = Waiting(key)
    waiting.add(1, ["/media/films/a/x.mp4"])
    waiting.add(2, ["/media/films/b/x.mp4"])
    waiting.add(3, ["/media/films/b/xx.mp4"])
    assert waiting.ending(["b/x.mp4"]) == {"/media/films/b/x.mp4"}
    assert waiting.ending(["x.mp4"]) == {"/media/films/a/x.mp4", "/media/films/b/x.mp4"}
    assert waiting.ending(["/media/films/a/x.mp4", "y.mp4"]) == {"/media/films/a/x.mp4"}
    assert waiting.ending(["ilms/a/x.mp4", ""]) == set()
