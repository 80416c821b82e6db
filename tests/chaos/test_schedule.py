"""The schedule: all of it from the seed, faults that do not get into each other's way, everything healed in the end."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from simulators.stash.edits import OPS
from tools.chaos.faults import KINDS
from tools.chaos.mishaps import beside
from tools.chaos.runner import timeline
from tools.chaos.schedule import Schedule, is_asked_for, schedule_of

SEEDS = range(1, 21)


def rows(count: int = 100) -> list[dict[str, Any]]:
    """Return scenes as the simulated Stash tells of them."""
    return [{"id": one, "files": [f"/data/films/{one}.mp4"]} for one in range(1, count + 1)]


def made(seed: int, minutes: float = 1.0, **options: Any) -> Schedule:
    """Return a schedule over a hundred scenes."""
    return schedule_of(seed, minutes, rows(), **options)


def test_the_same_seed_gives_the_same_schedule_and_another_seed_another() -> None:
    assert str(made(3)) == str(made(3))
    assert str(made(3)) != str(made(4))


@pytest.mark.parametrize("seed", SEEDS)
def test_faults_that_share_a_resource_are_never_about_at_once(seed: int) -> None:
    for one, other in combinations(made(seed).rounds[0].faults, 2):
        if set(KINDS[one.kind].resources) & set(KINDS[other.kind].resources):
            assert other.at >= one.at + one.lasts


@pytest.mark.parametrize("seed", SEEDS)
def test_a_minute_has_at_least_ten_kinds_of_fault_all_healed_before_it_ends(seed: int) -> None:
    (turn,) = made(seed).rounds
    assert len({fault.kind for fault in turn.faults}) >= 10
    assert all(fault.at + fault.lasts < turn.lasts for fault in turn.faults)


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_edits_a_scene_before_it_is_there_or_after_it_is_gone(seed: int) -> None:
    known = {row["id"] for row in rows()}
    gone: set[int] = set()
    for edit in made(seed).rounds[0].edits:
        if edit.kind in ("scan_new_file", "scene_create"):
            known.add(edit.scene)
        if edit.scene and not edit.kind.startswith("plex_"):
            assert edit.scene in known - gone, edit
        if edit.kind == "scene_destroy":
            gone.add(edit.scene)
        gone.update(edit.args.get("sources", ()) if edit.kind == "scene_merge" else ())


def test_every_kind_of_fault_turns_up_within_a_few_minutes() -> None:
    seen = {fault.kind for seed in SEEDS for turn in made(seed, 3.0).rounds for fault in turn.faults}
    assert seen == KINDS.keys()


def test_faults_that_take_minutes_to_come_right_are_left_out_of_short_runs() -> None:
    seen = {fault.kind for seed in SEEDS for turn in made(seed, 1.0).rounds for fault in turn.faults}
    assert not {"plex.late_commit", "plex.swallowed"} & seen


def test_only_limits_the_faults() -> None:
    seen = {fault.kind for turn in made(1, only="plex.down,broker.").rounds for fault in turn.faults}
    assert seen
    assert all(kind == "plex.down" or kind.startswith("broker.") for kind in seen)
    assert is_asked_for("broker.empty", "broker.empty")
    assert not is_asked_for("broker.empty_writer_away", "broker.empty")


def test_what_no_scene_tells_of_is_edited_and_what_is_not_followed_yet_only_when_asked_for() -> None:
    usual = {edit.kind for seed in SEEDS for edit in made(seed).rounds[0].edits}
    beyond = {edit.kind for seed in SEEDS for edit in made(seed, beyond=True).rounds[0].edits}
    assert {"tag_rename", "tag_merge", "group_destroy", "marker_update", "rename_folder", "scene_merge"} <= usual
    assert {"scan_second_file", "assign_file", "delete_file"} <= beyond - usual


@pytest.mark.parametrize("seed", SEEDS)
def test_every_edit_is_one_that_the_simulators_have(seed: int) -> None:
    of_plex = {"move", "scan", "replace", "remove", "move_folder"}
    of_people = {"set", "add", "drop", "empty"}
    for edit in made(seed, beyond=True).rounds[0].edits:
        where, _, what = edit.kind.partition("_")
        assert edit.kind in OPS or (where == "plex" and what in of_plex) or (where == "person" and what in of_people)


def test_the_timeline_has_every_fault_begin_and_end_in_order_of_time() -> None:
    (turn,) = made(5).rounds
    events = timeline(turn)
    assert [one[0] for one in events] == sorted(one[0] for one in events)
    assert sum(what is None for _, _, what, _ in events) == len(turn.faults)
    assert len(events) == 2 * len(turn.faults) + len(turn.edits)


@pytest.mark.parametrize(
    ("usual", "others", "together"),
    [
        ({}, {"S2P_FIELDS": "title=off"}, {"S2P_FIELDS": "title=off"}),
        ({"S2P_FIELDS": ""}, {"S2P_FIELDS": "title=off"}, {"S2P_FIELDS": "title=off"}),
        ({"S2P_FIELDS": "studio=fill"}, {"S2P_FIELDS": "title=off"}, {"S2P_FIELDS": "studio=fill,title=off"}),
        ({"S2P_FIELDS": "studio=fill,date=fill"}, {"S2P_FIELDS": "studio=off"}, {"S2P_FIELDS": "studio=off,date=fill"}),
        ({}, {"S2P_STASH_POLL": "2"}, {"S2P_STASH_POLL": "2"}),
    ],
)
def test_other_settings_leave_the_policies_of_other_fields(
    usual: dict[str, str], others: dict[str, str], together: dict[str, str]
) -> None:
    """A field that is usually `fill` must not be `sync` for a while, or what a person had there would go."""
    assert beside(usual, others) == together
