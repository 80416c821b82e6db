"""A write without an answer is looked at again twice; one that a process left open is counted, and in the end waits."""

from __future__ import annotations

from services.plex_writer import settle
from services.plex_writer.looks import Looks
from services.plex_writer.settle import ASIDE, DAY, UNSURE
from tests.plex_writer.test_settle import BEGUN, FUTURE, NOW, outcome


def test_a_write_without_an_answer_is_looked_at_twice() -> None:
    looks = Looks()
    looks.unanswered(17, 100.0)
    assert looks.after(outcome(), 101.0) == 119.0
    assert looks.after(outcome(), 220.0) == 480.0
    assert looks.after(outcome(), 700.0) is None
    assert looks.after(outcome(), 701.0) is None


def test_a_scene_that_is_handled_many_times_in_between_is_looked_at_all_the_same() -> None:
    """Counted by handlings, three quick edits would use up both looks before the write can land."""
    looks = Looks()
    looks.unanswered(17, 0.0)
    assert [looks.after(outcome(), second) for second in (1.0, 2.0, 3.0)] == [119.0, 118.0, 117.0]


def test_what_another_process_left_open_is_looked_at_as_well_but_not_from_the_beginning_each_time() -> None:
    looks = Looks()
    looks.left_open(17, 0.0)
    assert looks.after(outcome(), 0.0) == UNSURE[0]
    looks.left_open(17, UNSURE[0])
    assert looks.after(outcome(), UNSURE[0]) == UNSURE[1] - UNSURE[0]


def test_a_scene_that_was_answered_needs_no_look() -> None:
    assert Looks().after(outcome(), 0.0) is None


def test_what_may_still_change() -> None:
    assert settle.may_still_change(outcome(items=BEGUN))
    assert settle.may_still_change(outcome(due=FUTURE))
    assert not settle.may_still_change(outcome())
    assert not settle.may_still_change(outcome(state="failed", due=FUTURE))


def test_a_scene_that_ends_the_writer_comes_after_the_others_from_the_third_time_on() -> None:
    left, delays = outcome(items=BEGUN, attempts=0), []
    for _ in range(8):
        left, delay = settle.left_open(left, NOW)
        delays.append(delay)
    assert delays == [0.0, 0.0, *ASIDE, 3_600.0, 7_200.0, 14_400.0]
    assert left.items == BEGUN
    assert "ended 8 times" in left.detail
    assert settle.left_open(outcome(items=BEGUN, attempts=50), NOW)[1] == DAY
