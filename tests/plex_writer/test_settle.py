"""When a scene is settled, and what its outcome says after each way in which its handling can end."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import msgspec
import pytest

from common import messages
from common.messages import ImageOutcome, ItemOutcome, Outcome, Scene
from services.plex_writer import settle
from services.plex_writer.settle import DAY

NOW = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=dt.UTC)
PAST, FUTURE = "2024-05-06T07:08:08.999Z", "2024-05-06T07:08:09.001Z"
SCENE = Scene(id=17, epoch=2, seq=5, born="born", rev="new", updated_at="u")
SYNCED = Outcome(
    id=17,
    epoch=2,
    seq=4,
    born="born",
    rev="old",
    want="old want",
    state="synced",
    at="2024-01-01T00:00:00Z",
    items={"1": ItemOutcome(state="synced", want="old want", wrote={"title": "t"})},
    images={"poster": ImageOutcome(hash="h")},
    pinned="1",
)
BEGUN = {"1": ItemOutcome(state="unsure", want="old want", intent={})}


def outcome(**changes: Any) -> Outcome:
    return msgspec.structs.replace(SYNCED, **changes)


@pytest.mark.parametrize(
    ("before", "want", "reason"),
    [
        (None, "old want", "new"),
        (outcome(), "old want", None),
        (outcome(), "new want", "changed"),
        (outcome(born="another"), "old want", "another"),
        (outcome(born="another"), "new want", "another"),
        (outcome(items=BEGUN), "old want", "begun"),
        (outcome(due=PAST), "old want", "due"),
        (outcome(due="2024-05-06T07:08:09Z"), "old want", "due"),
        (outcome(due="2024-05-06T09:08:08+02:00"), "old want", "due"),
        (outcome(due=FUTURE), "old want", None),
        (outcome(due=FUTURE, state="failed"), "new want", "changed"),
        (outcome(state="failed"), "old want", None),
        (outcome(state="skipped"), "old want", None),
        (outcome(state="ambiguous"), "old want", None),
        (outcome(state="waiting", due=FUTURE, items={}), "old want", None),
        (outcome(state="waiting", due=PAST, items={}), "old want", "due"),
    ],
)
def test_why_a_scene_has_to_be_handled(before: Outcome | None, want: str, reason: str | None) -> None:
    assert settle.dirty_because(SCENE, before, want, NOW) == reason


def test_another_stamp_or_revision_alone_settles_as_well() -> None:
    """A scene published again with the same content, as after the watcher's restart, costs nothing."""
    again = msgspec.structs.replace(SCENE, epoch=9, seq=1, rev="other", updated_at="later")
    assert settle.dirty_because(again, SYNCED, "old want", NOW) is None


@pytest.mark.parametrize(
    ("scene", "handled", "stale"),
    [
        ((2, 5), (2, 5), False),
        ((2, 6), (2, 5), False),
        ((3, 0), (2, 5), False),
        ((2, 4), (2, 5), True),
        ((1, 9), (2, 0), True),
    ],
)
def test_a_scene_older_than_the_one_handled_is_stale(
    scene: tuple[int, int], handled: tuple[int, int], stale: bool
) -> None:
    older = msgspec.structs.replace(SCENE, epoch=scene[0], seq=scene[1])
    assert settle.is_stale(older, outcome(epoch=handled[0], seq=handled[1])) is stale
    assert not settle.is_stale(older, None)


def test_a_handling_begins_with_all_that_is_known() -> None:
    begun = settle.begin(SCENE, "new want", SYNCED, NOW)
    assert (begun.stamp, begun.rev, begun.at) == (SCENE.stamp, "new", "2024-05-06T07:08:09.000Z")
    assert (begun.want, begun.state) == ("old want", "synced")
    assert (begun.items, begun.images, begun.pinned) == (SYNCED.items, SYNCED.images, "1")


@pytest.mark.parametrize("before", [None, outcome(born="another")])
def test_another_scene_under_the_same_id_inherits_nothing(before: Outcome | None) -> None:
    begun = settle.begin(SCENE, "new want", before, NOW)
    assert begun == Outcome(
        id=17, epoch=2, seq=5, born="born", rev="new", want="new want", state="waiting", at="2024-05-06T07:08:09.000Z"
    )


def test_an_end_settles_until_something_changes_or_its_time_comes() -> None:
    troubled = outcome(attempts=3, due=PAST, detail="why")
    done = settle.ended(troubled, "synced", "", want="new want", now=NOW)
    assert (done.want, done.state, done.attempts, done.due, done.detail) == ("new want", "synced", 0, None, "")
    assert done.items == SYNCED.items
    assert settle.dirty_because(SCENE, done, "new want", NOW) is None
    refused = settle.ended(troubled, "failed", "no", want="new want", now=NOW, items={}, due_in=DAY)
    assert (refused.items, refused.due) == ({}, "2024-05-07T07:08:09.000Z")
    assert settle.dirty_because(SCENE, refused, "new want", NOW + dt.timedelta(days=1)) == "due"


def test_a_scene_without_an_item_is_asked_for_less_and_less_often() -> None:
    """From five minutes to a day; what wakes it meanwhile is its file."""
    current = settle.begin(SCENE, "want", None, NOW)
    waits = []
    for _ in range(12):
        current = settle.waiting(current, "not there", want="want", now=NOW)
        assert (current.state, current.want) == ("waiting", "want")
        waits.append(delay_of(current))
        current = settle.begin(SCENE, "want", current, NOW)
    assert waits == [300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, DAY, DAY, DAY]


def test_what_we_wrote_to_an_item_is_known_when_its_file_turns_up_again() -> None:
    """Stash knows of a renamed file at once, and Plex only after its next scan, under the same rating key."""
    away = settle.waiting(settle.begin(SCENE, "new want", SYNCED, NOW), "not there", want="new want", now=NOW)
    assert away.items == SYNCED.items
    assert settle.waiting(away, "not there", want="new want", now=NOW).items == SYNCED.items
    begun = settle.waiting(outcome(items=BEGUN), "not there", want="new want", now=NOW).items["1"]
    assert (begun.state, begun.intent) == ("failed", {})


def test_a_wait_begins_anew_when_something_else_is_wanted() -> None:
    current = settle.begin(SCENE, "want", None, NOW)
    for _ in range(5):
        current = settle.waiting(current, "not there", want="want", now=NOW)
    assert delay_of(settle.waiting(current, "not there", want="other", now=NOW)) == 300
    assert delay_of(settle.waiting(SYNCED, "gone", want="old want", now=NOW)) == 300


def test_a_failure_of_one_scene_is_tried_again_after_1_5_and_30_minutes_and_then_failed() -> None:
    current = SYNCED
    states, delays = [], []
    for _ in range(11):
        current, delay = settle.blamed(current, "500", want="new want", now=NOW)
        assert delay == delay_of(current)
        assert current.detail == "500"
        states.append(current.state)
        delays.append(delay)
        current = settle.begin(SCENE, "new want", current, NOW)
    assert states == ["synced"] * 3 + ["failed"] * 8
    assert delays == [60, 300, 1800, 3600, 7200, 14400, 28800, 57600, DAY, DAY, DAY]


def test_nothing_is_reported_as_written_while_it_is_only_tried_again() -> None:
    """Until it has failed for good, an outcome tells of what was written last, so a restart tries again at once."""
    current, _ = settle.blamed(settle.begin(SCENE, "new want", SYNCED, NOW), "500", want="new want", now=NOW)
    assert (current.state, current.want) == ("synced", "old want")
    assert settle.dirty_because(SCENE, current, "new want", NOW) == "changed"
    for _ in range(3):
        current, _ = settle.blamed(current, "500", want="new want", now=NOW)
    assert (current.state, current.want) == ("failed", "new want")
    assert settle.dirty_because(SCENE, current, "new want", NOW) is None


def test_a_scene_that_was_never_written_has_failed_from_the_first_failure_on() -> None:
    current = settle.begin(SCENE, "want", None, NOW)
    states, delays = [], []
    for _ in range(4):
        current, delay = settle.blamed(current, "500", want="want", now=NOW)
        states.append(current.state)
        delays.append(delay)
    assert (states, delays) == (["failed"] * 4, [60, 300, 1800, 3600])


def test_having_waited_long_does_not_count_as_having_failed_often() -> None:
    """A new scene waits for hours until Plex scans its file; the first hiccup then is the first one."""
    current = settle.begin(SCENE, "want", None, NOW)
    for _ in range(8):
        current = settle.waiting(current, "not there", want="want", now=NOW)
    delays = []
    for _ in range(4):
        current, delay = settle.blamed(current, "500", want="want", now=NOW)
        delays.append(delay)
    assert delays == [60, 300, 1800, 3600]


def test_a_success_forgets_the_failures_before() -> None:
    current = SYNCED
    for _ in range(6):
        current, _ = settle.blamed(current, "500", want="w", now=NOW)
    current = settle.ended(current, "synced", "", want="w", now=NOW)
    assert settle.blamed(current, "500", want="w", now=NOW)[1] == 60


def test_a_write_that_plex_does_not_show_is_read_twice_more_and_then_failed_for_a_day() -> None:
    current, seen = SYNCED, []
    for _ in range(3):
        current = settle.unsure(current, BEGUN, want="new want", now=NOW)
        seen.append((current.state, current.attempts, current.items["1"].state))
    assert seen == [("waiting", 1, "unsure"), ("waiting", 2, "unsure"), ("failed", 0, "failed")]
    assert delay_of(current) == DAY
    assert settle.dirty_because(SCENE, current, "new want", NOW) is None
    assert [settle.look_again(looks) for looks in range(3)] == [120, 600, None]


@pytest.mark.parametrize(
    ("state", "due", "seconds"),
    [
        ("failed", None, None),
        ("failed", PAST, 0),
        ("failed", FUTURE, 0.001),
        ("synced", FUTURE, 0.001),
        ("failed", "2031-01-01T00:00:00Z", DAY),
        ("waiting", FUTURE, None),
    ],
)
def test_a_rest_is_at_most_a_day_whatever_the_clock_said_then(
    state: str, due: str | None, seconds: float | None
) -> None:
    assert settle.seconds_until_due(outcome(state=state, due=due), NOW) == seconds


def test_every_due_time_can_be_read_by_any_service() -> None:
    ends = [
        settle.waiting(SYNCED, "", want="w", now=NOW),
        settle.blamed(SYNCED, "", want="w", now=NOW)[0],
        settle.ended(SYNCED, "failed", "", want="w", now=NOW, due_in=DAY),
        settle.due(SYNCED, NOW, 120),
    ]
    for end in ends:
        assert messages.decode(Outcome, messages.encode(end)) == end
        assert (end.due or "").endswith("Z")
    assert all(one.id == other.id for one, other in itertools.pairwise(ends))


def delay_of(current: Outcome) -> float:
    assert current.due is not None
    return (dt.datetime.fromisoformat(current.due) - NOW).total_seconds()
