"""Which bulk work comes next."""

from __future__ import annotations

import datetime as dt

from services.stash_watcher.work import HOLD, Removal, Walk, Work

CLOCK = dt.datetime(2026, 1, 10, tzinfo=dt.UTC)


def walk() -> Walk:
    """Return a walk that has just begun."""
    return Walk(0.0, CLOCK)


def test_nothing_is_next_when_nothing_is_wanted() -> None:
    work = Work()
    assert work.idle
    assert work.next(1.0, stash=True) is None


def test_the_broker_comes_before_loads_and_loads_before_the_rest() -> None:
    work = Work(audit=True, load=walk(), sweep=walk(), backlog={1: None}, removal=Removal(0.0, [2]))
    order = []
    for done in ("audit", "load", "sweep", "backlog", "removal"):
        order.append(work.next(1.0, stash=True))
        setattr(work, done, {} if done == "backlog" else None)
    assert order == ["audit", "load", "sweep", "backlog", "remove"]
    assert work.idle


def test_without_stash_only_an_audit_can_be_done() -> None:
    work = Work(audit=True, load=walk())
    assert work.next(1.0, stash=False) == "audit"
    work.audit = False
    assert work.next(1.0, stash=False) is None


def test_held_work_lets_the_rest_go_on_and_comes_back() -> None:
    work = Work(load=walk(), backlog={1: None})
    work.hold("load", 100.0)
    assert work.next(101.0, stash=True) == "backlog"
    assert work.next(100.0 + HOLD, stash=True) == "load"


def test_a_load_that_is_held_does_not_keep_a_sweep_waiting() -> None:
    work = Work(load=walk(), asked=True)
    assert work.next(1.0, stash=True) == "load"
    work.hold("load", 1.0)
    assert work.next(2.0, stash=True) == "sweep"


def test_a_sweep_on_suspicion_rests_after_the_last_and_one_on_request_does_not() -> None:
    work = Work()
    work.seen_all(100.0, None, took=4.0)
    work.sweep_wanted = True
    assert work.next(119.0, stash=True) is None
    assert work.next(120.0, stash=True) == "sweep"
    work.asked = True
    assert work.next(101.0, stash=True) == "sweep"


def test_a_sweep_is_due_by_the_clock() -> None:
    work = Work()
    work.seen_all(100.0, 3_600.0, took=0.0)
    assert work.idle
    assert work.next(3_699.0, stash=True) is None
    assert work.next(3_700.0, stash=True) == "sweep"
    work.seen_all(100.0, None, took=0.0)
    assert work.next(1e9, stash=True) is None


def test_what_is_wanted_while_a_sweep_runs_is_another_one() -> None:
    work = Work(asked=True, confirmed=True)
    sweep = walk()
    work.begin_sweep(sweep)
    assert sweep.confirmed
    work.asked = True
    work.sweep = None
    assert work.next(1.0, stash=True) == "sweep"
    assert not work.confirmed


def test_a_reading_comes_last_waits_between_pages_and_keeps_nobody_waiting() -> None:
    work = Work(backlog={1: None})
    work.read_all(hurried=False)
    assert work.next(1.0, stash=True) == "backlog"
    work.backlog.clear()
    assert work.next(1.0, stash=True) == "reading"
    assert work.idle
    assert work.reading is not None
    work.reading.at = 9.0
    assert work.next(8.0, stash=True) is None
    assert work.next(9.0, stash=True) == "reading"


def test_a_reading_goes_on_with_the_next_sweep_and_begins_anew_for_a_person() -> None:
    work = Work()
    work.read_all(hurried=False)
    slow = work.reading
    work.read_all(hurried=False)
    assert work.reading is slow
    work.asked = True
    sweep = walk()
    work.begin_sweep(sweep)
    assert sweep.asked
    work.read_all(hurried=sweep.asked)
    assert work.reading is not slow


def test_no_sweep_begins_before_the_removals_of_the_last_one() -> None:
    work = Work(asked=True, removal=Removal(0.0, [1]))
    assert work.next(1.0, stash=True) == "remove"


def test_a_load_and_the_backlog_reach_scenes_that_nobody_else_needs_to_fetch() -> None:
    work = Work(load=walk())
    assert work.load is not None
    work.load.after = 100
    work.fetch([5])
    assert work.will_reach(101)
    assert work.will_reach(5)
    assert not work.will_reach(100)
