"""What a comparison decides, case by case: for one scene, for the table, and what is never taken for gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common.messages import Stamp
from common.tally import Counted, Loaded, Verdict
from services.plex_writer import unsettled
from tests.plex_writer.test_settle import BEGUN, NOW, PAST, SCENE, outcome

if TYPE_CHECKING:
    from common.messages import Outcome

INFO = Counted(Stamp(2, 9), 100, loading=False)


@pytest.mark.parametrize(
    ("before", "want", "finding"),
    [
        (None, "w", "unsettled"),
        (outcome(), "old want", "settled"),
        (outcome(), "another", "unsettled"),
        (outcome(items=BEGUN), "old want", "unsettled"),
        (outcome(due=PAST), "old want", "unsettled"),
        (outcome(state="waiting", items={}), "old want", "waits"),
        (outcome(epoch=3), "another", "settled"),
        (outcome(epoch=3, items=BEGUN), "old want", "settled"),
    ],
)
def test_a_scene_beside_its_outcome(before: Outcome | None, want: str, finding: str) -> None:
    assert unsettled.compared(SCENE, before, want, NOW) == finding


@pytest.mark.parametrize(
    ("verdict", "counted", "stamp", "gone"),
    [
        ("complete", INFO, Stamp(2, 9), True),
        ("complete", INFO, Stamp(1, 99), True),
        ("complete", INFO, Stamp(2, 10), False),
        ("complete", INFO, Stamp(3, 0), False),
        ("unknown", None, Stamp(1, 1), False),
        ("unknown", INFO._replace(loading=True), Stamp(1, 1), False),
        ("suspect", INFO, Stamp(1, 1), False),
        ("short", INFO, Stamp(1, 1), False),
    ],
)
def test_a_scene_is_gone_only_from_a_complete_table_that_knows_of_it(
    verdict: Verdict, counted: Counted | None, stamp: Stamp, gone: bool
) -> None:
    assert unsettled.absent(Loaded(100, verdict, counted), [(7, stamp)]) == ({7} if gone else set())


@pytest.mark.parametrize(
    ("gone", "known", "many"),
    [(2, 3, False), (20, 20, False), (21, 30, True), (50, 100, False), (51, 100, True), (1_000, 9_000, False)],
)
def test_how_many_at_once_are_too_many(gone: int, known: int, many: bool) -> None:
    assert unsettled.too_many(gone, known) is many
    assert bool(unsettled.suspicion(Loaded(known, "complete", INFO), gone, known)) is many


def test_a_suspicion_names_what_to_do() -> None:
    assert "max_queued_messages" in unsettled.suspicion(Loaded(9, "suspect", INFO), 0, 9)
    assert "s2p reconcile --confirm" in unsettled.suspicion(Loaded(9, "complete", INFO), 5_000, 9_000)


@pytest.mark.parametrize(
    ("loaded", "told", "undecided", "due"),
    [
        # the removal that the load shows already, and the count of its owner not yet
        (Loaded(99, "suspect", INFO), INFO._replace(rows=99), [(7, Stamp(2, 9))], True),
        (Loaded(99, "suspect", INFO), INFO, [(7, Stamp(2, 9))], False),
        # a scene that came and went since its owner told last
        (Loaded(100, "complete", INFO), INFO._replace(stamp=Stamp(2, 10)), [(7, Stamp(2, 10))], True),
        (Loaded(100, "complete", INFO), INFO, [(7, Stamp(2, 10))], False),
        (Loaded(99, "unknown", INFO), INFO._replace(rows=99, loading=True), [(7, Stamp(2, 9))], False),
        (Loaded(100, "complete", INFO), INFO, [], False),
    ],
)
def test_what_a_comparison_left_undecided_is_compared_again_once_its_owner_tells(
    loaded: Loaded, told: Counted, undecided: list[tuple[int, Stamp]], due: bool
) -> None:
    assert unsettled.tells_of(told, loaded, undecided) is due
