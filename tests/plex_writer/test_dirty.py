"""The dirty set: no mark is lost, live changes come first, and what was set aside comes back in time."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.plex_writer.dirty import Dirty, Ticket

ids = st.integers(1, 5)
delays = st.integers(0, 6)


@dataclass
class Known:
    """What the model knows of an unsettled scene; `newest` is the number of its newest mark."""

    newest: int
    live: bool
    gone: bool
    look: bool
    aside: int | None = None


class Machine(RuleBasedStateMachine):
    """The dirty set beside plain lists, with one taker that holds tickets while marks arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.dirty = Dirty(live_limit=3)
        self.known: dict[int, Known] = {}
        self.lanes: dict[bool, list[int]] = {True: [], False: []}
        self.reminders: dict[int, int] = {}
        self.held: list[tuple[Ticket, int]] = []
        self.marks = 0
        self.now = 0

    @rule(scene=ids, live=st.booleans(), gone=st.booleans(), look=st.booleans())
    def mark(self, scene: int, live: bool, gone: bool, look: bool) -> None:
        self.dirty.mark(scene, live=live, gone=gone, look=look)
        self._note(scene, live=live, gone=gone, look=look)

    @rule(scene=ids, delay=delays)
    def remind(self, scene: int, delay: int) -> None:
        self.dirty.remind(scene, self.now + delay)
        self.reminders[scene] = self.now + delay

    @rule(seconds=delays)
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @precondition(lambda self: not self.held)
    @rule(limit=st.integers(0, 4))
    def take(self, limit: int) -> None:
        self._wake()
        lane = self.lanes[True] or self.lanes[False]
        taken = self.dirty.take(limit, self.now)
        assert [ticket.scene_id for ticket in taken] == lane[:limit]
        for ticket in taken:
            known = self.known[ticket.scene_id]
            assert (ticket.live, ticket.gone, ticket.look) == (known.live, known.gone, known.look)
            self.held.append((ticket, known.newest))

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 3))
    def settle(self, which: int) -> None:
        ticket, newest = self.held.pop(which % len(self.held))
        ended = self.known[ticket.scene_id].newest == newest
        assert self.dirty.settle(ticket) is ended
        self._leave_lane(ticket.scene_id)
        if ended:
            del self.known[ticket.scene_id]
        else:
            self._enter_lane(ticket.scene_id)

    @precondition(lambda self: self.held)
    @rule(which=st.integers(0, 3), delay=delays)
    def set_aside(self, which: int, delay: int) -> None:
        ticket, newest = self.held.pop(which % len(self.held))
        self.dirty.set_aside(ticket, self.now + delay)
        known = self.known[ticket.scene_id]
        if known.newest == newest:
            self._leave_lane(ticket.scene_id)
            known.live, known.look, known.aside = False, True, self.now + delay

    @precondition(lambda self: self.held)
    @rule()
    def put_everything_back(self) -> None:
        """As after a failure that nobody is to blame for: the first one taken goes last."""
        first = self.held[0][0].scene_id
        self.held.clear()
        self.dirty.send_back(first)
        if self.known[first].aside is None:
            self._leave_lane(first)
            self._enter_lane(first)

    @invariant()
    def pending_is_what_is_unsettled(self) -> None:
        assert len(self.dirty) == len(self.known)
        assert {scene for scene in range(1, 6) if scene in self.dirty} == set(self.known)
        assert self.dirty.has_live is bool(self.lanes[True])

    @invariant()
    def the_next_to_come_back_is_told(self) -> None:
        dues = [known.aside for known in self.known.values() if known.aside is not None]
        assert self.dirty.next_due() == min([*dues, *self.reminders.values()], default=None)

    def teardown(self) -> None:
        """In the end everything is handled, once each, whatever happened before."""
        self.now += 100
        self._wake()
        handled = []
        while tickets := self.dirty.take(2, self.now):
            for ticket in tickets:
                assert self.dirty.settle(ticket)
                handled.append(ticket.scene_id)
        assert sorted(handled) == sorted(self.known)

    def _note(self, scene: int, *, live: bool, gone: bool, look: bool) -> None:
        self.marks += 1
        known = self.known.get(scene)
        if known is None:
            known = self.known[scene] = Known(self.marks, live, gone, look)
        else:
            known.newest = self.marks
            if live:
                known.gone = gone
            elif not known.live:
                known.gone = known.gone or gone
            known.live, known.look = known.live or live, known.look or look
        if live:
            known.aside = None
        if known.aside is None and scene not in self.lanes[known.live]:
            self._leave_lane(scene)
            self._enter_lane(scene)
        if len(self.lanes[True]) > 3:
            demoted = self.lanes[True].pop(0)
            self.known[demoted].live = False
            self.lanes[False].append(demoted)

    def _wake(self) -> None:
        due = [(known.aside, 0, scene) for scene, known in self.known.items() if known.aside is not None]
        due += [(at, 1, scene) for scene, at in self.reminders.items()]
        for at, reminder, scene in sorted(due):
            if at > self.now:
                break
            if reminder:
                del self.reminders[scene]
                self._note(scene, live=False, gone=False, look=True)
            else:
                self.known[scene].aside = None
                self._enter_lane(scene)

    def _enter_lane(self, scene: int) -> None:
        self.lanes[self.known[scene].live].append(scene)

    def _leave_lane(self, scene: int) -> None:
        for lane in self.lanes.values():
            if scene in lane:
                lane.remove(scene)


TestMachine = Machine.TestCase
TestMachine.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)


@pytest.fixture
def dirty() -> Dirty:
    return Dirty()


def order(dirty: Dirty, now: float = 0.0) -> list[int]:
    """Return the scenes in the order in which they would be handled; nothing is settled."""
    return [ticket.scene_id for ticket in dirty.take(100, now)]


def test_a_mark_between_take_and_settle_keeps_a_scene_dirty(dirty: Dirty) -> None:
    dirty.mark(1, live=True)
    (ticket,) = dirty.take(1, 0)
    dirty.mark(1, live=True)
    assert not dirty.settle(ticket)
    (again,) = dirty.take(1, 0)
    assert dirty.settle(again)
    assert not dirty.settle(again)
    assert len(dirty) == 0


def test_a_look_at_plex_outlives_a_row_that_could_not_be_handled(dirty: Dirty) -> None:
    dirty.mark(1, live=False, look=True)
    (ticket,) = dirty.take(1, 0)
    assert dirty.settle(ticket, unread=True)
    assert len(dirty) == 0
    dirty.mark(1, live=True)
    (again,) = dirty.take(1, 0)
    assert again.look
    assert dirty.settle(again)
    dirty.mark(1, live=True)
    assert not dirty.take(1, 0)[0].look


def test_fifty_edits_are_one_entry(dirty: Dirty) -> None:
    for _ in range(50):
        dirty.mark(1, live=True)
    assert len(dirty) == 1


def test_a_live_change_overtakes_any_amount_of_bulk_work(dirty: Dirty) -> None:
    for scene in range(1000):
        dirty.mark(scene, live=False)
    dirty.mark(5000, live=True)
    dirty.mark(500, live=True)
    assert order(dirty) == [5000, 500]


def test_an_edit_overtakes_thousands_of_others_that_arrived_at_once(dirty: Dirty) -> None:
    for scene in range(1000):
        dirty.mark(scene, live=True)
    dirty.mark(5000, live=True)
    assert order(dirty) == [*range(901, 1000), 5000]
    for ticket in dirty.take(100, 0):
        dirty.settle(ticket)
    assert order(dirty) == list(range(100))


def test_a_scene_that_is_to_come_after_another_comes_alone_when_there_is_none(dirty: Dirty) -> None:
    dirty.mark(1, live=True)
    assert [ticket.scene_id for ticket in dirty.take(1, 0, besides=1)] == [1]
    dirty.mark(2, live=False)
    assert [ticket.scene_id for ticket in dirty.take(1, 0, besides=1)] == [2]
    dirty.mark(3, live=True)
    assert [ticket.scene_id for ticket in dirty.take(9, 0, besides=1)] == [3]
    assert dirty.take(9, 0, besides=7)[0].scene_id == 1


def test_a_scene_that_changes_all_the_time_keeps_nobody_waiting(dirty: Dirty) -> None:
    """Even one at a time, and marked anew each time before it is settled."""
    for scene in (1, 2, 3):
        dirty.mark(scene, live=True)
    handled = []
    for _ in range(6):
        (ticket,) = dirty.take(1, 0)
        handled.append(ticket.scene_id)
        if ticket.scene_id == 1:
            dirty.mark(1, live=True)
        dirty.settle(ticket)
    assert handled == [1, 2, 3, 1, 1, 1]


def test_what_is_set_aside_comes_back_in_time_and_is_looked_at(dirty: Dirty) -> None:
    for scene in (1, 2):
        dirty.mark(scene, live=True)
        dirty.set_aside(dirty.take(1, 0)[0], 60.0 * scene)
    assert dirty.next_due() == 60
    assert not dirty.has_live
    assert (order(dirty, 59.9), order(dirty, 60), order(dirty, 120)) == ([], [1], [1, 2])
    assert all(ticket.look for ticket in dirty.take(2, 120))


def test_a_live_change_ends_the_time_a_scene_was_set_aside_for_and_a_compare_does_not(dirty: Dirty) -> None:
    dirty.mark(1, live=True)
    dirty.set_aside(dirty.take(1, 0)[0], 60)
    dirty.mark(1, live=False)
    assert order(dirty) == []
    dirty.mark(1, live=True)
    assert order(dirty) == [1]
    assert dirty.next_due() is None


def test_the_newest_live_message_decides_whether_a_scene_is_gone(dirty: Dirty) -> None:
    dirty.mark(1, live=True, gone=True)
    dirty.mark(1, live=False)
    assert dirty.take(1, 0)[0].gone
    dirty.mark(1, live=True)
    dirty.mark(1, live=False, gone=True)
    assert not dirty.take(1, 0)[0].gone


def test_a_compare_that_misses_a_scene_is_heard_though_it_was_due_for_something_else(dirty: Dirty) -> None:
    dirty.mark(1, live=False)
    dirty.mark(1, live=False, gone=True)
    assert dirty.take(1, 0)[0].gone


def test_a_reminder_marks_a_scene_to_be_looked_at(dirty: Dirty) -> None:
    dirty.remind(1, 60)
    dirty.remind(1, 30)
    dirty.remind(2, 90)
    assert len(dirty) == 0
    assert order(dirty, 29) == []
    (ticket,) = dirty.take(9, 30)
    assert (ticket.scene_id, ticket.look, ticket.live) == (1, True, False)
    dirty.settle(ticket)
    assert (order(dirty, 60), order(dirty, 90)) == ([], [2])


def test_memory_is_bounded_by_scenes_and_not_by_what_happened_to_them(dirty: Dirty) -> None:
    """A scene that fails, is edited and fails again, a thousand times a day."""
    for n in range(5000):
        dirty.mark(n % 3, live=True)
        dirty.set_aside(dirty.take(1, 0)[0], 86_400.0 - n)
        dirty.remind(n % 3, 86_400.0 - n)
    assert len(dirty._aside) + len(dirty._reminders) < 500
    assert len(dirty) == 3
