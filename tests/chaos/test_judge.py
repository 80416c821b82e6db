"""What the checker says of the bus, of services, of the provider, and of work that was put off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.given import ONLINE, Story, item, version
from tools.chaos.judge import Bus, Due, announced, count, excused, judge_provider
from tools.chaos.scalars import Violation

DUE = "2030-01-01T00:00:00.000Z"


def bus(*, scenes: dict[int, dict[str, Any]] | None = None, pending: int = 0, **outcome: Any) -> Bus:
    """Return a bus with one scene's outcome."""
    facts = ONLINE | {"plex/plex/stats": {"pending": pending}}
    return Bus({1: {}} if scenes is None else scenes, {1: {"state": "synced", **outcome}}, facts)


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        (bus(), []),
        (bus(scenes={}), ["lost"]),
        (bus(scenes={1: {}, 2: {}}), ["stale"]),
        (bus(pending=3), ["stuck"]),
        (bus(items={"7": {"state": "unsure", "intent": {"title": "x"}}}), ["stuck"]),
        (Bus({1: {}}, {}, ONLINE), ["stuck"]),
        (Bus({1: {}}, {1: {"state": "synced"}}, {**ONLINE, "provider/state": {"state": "offline"}}), ["stuck"]),
    ],
)
def test_what_is_retained_has_to_fit_stash(found: Bus, kinds: list[str]) -> None:
    assert [one.kind for one in Story().outcome(item(), bus=found)] == kinds


def test_a_destroyed_scene_leaves_nothing_on_the_bus_and_its_item_as_it_is() -> None:
    story = Story(version(), version(100, gone=True))
    assert [one.kind for one in story.outcome(item(title="Anything"), bus=bus())] == ["stale", "stale"]
    assert story.outcome(item(title="Anything"), bus=Bus({}, {}, ONLINE)) == []


def test_an_item_of_two_scenes_is_left_out() -> None:
    story = Story()
    story.record.versions[2] = [version(title="Two")]
    both = Bus({1: {}, 2: {}}, {1: {"state": "synced"}, 2: {"state": "ambiguous"}}, ONLINE)
    assert story.outcome(item(title="Neither"), bus=both) == []


def test_the_provider_has_to_tell_the_newest_title() -> None:
    record = Story(version(title="Old"), version(100, title="New")).record
    assert not list(judge_provider(record, {1: "New"}))
    assert [one.kind for one in judge_provider(record, {1: "Old"})] == ["stale"]
    assert [one.kind for one in judge_provider(record, {1: None})] == ["lost"]


@pytest.mark.parametrize(
    ("outcome", "waits"),
    [
        ({"due": DUE}, True),
        ({"due": None}, False),
        ({"due": DUE, "state": "failed"}, True),
        ({"due": DUE, "state": "waiting"}, False),
        ({"due": DUE, "state": "waiting", "items": {"7": {"state": "unsure"}}}, True),
    ],
)
def test_only_a_write_that_failed_or_had_no_answer_is_work_put_off(outcome: dict[str, Any], waits: bool) -> None:
    assert bool(announced(bus(**outcome)).scenes) is waits


def test_work_put_off_excuses_its_own_scene_and_nothing_for_good() -> None:
    wrong, other = Violation("lost", 1, "title", ""), Violation("lost", 2, "title", "")
    pending, final = Violation("stuck", 0, "pending", ""), Violation("overwritten", 1, "title", "")
    due = Due({1: 9.0}, {})
    assert excused([wrong, pending], due)
    assert not excused([wrong], Due({}, {}))
    for rest in (other, final, Violation("stuck", 0, "provider/state", "")):
        assert not excused([wrong, rest], due)


def test_a_picture_put_off_excuses_the_picture_and_no_word() -> None:
    found = bus(images={"poster/7": {"due": DUE}, "art/7": {"due": None}})
    assert excused([Violation("lost", 1, "poster", "")], announced(found))
    assert not excused([Violation("lost", 1, "title", "")], announced(found))


def test_a_scene_counts_once_however_many_of_its_fields_are_wrong() -> None:
    found = [Violation("lost", 1, "title", ""), Violation("lost", 1, "summary", ""), Violation("stuck", 0, "a", "")]
    assert count(found) == {"lost": 1, "stuck": 1}


def test_an_item_that_is_no_scene_s_may_not_be_written() -> None:
    story = Story().write(10, "person", "title", "x", "Mine")
    assert story.kinds(item(files=["/media/other.mp4"])) == []
    assert story.write(20, "product", "title", "Mine", "One").kinds(item(files=["/media/other.mp4"])) == ["overwritten"]
