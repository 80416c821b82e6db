"""Ways to lose a scene that were found once, each the shortest: an outcome left over, a scene that waits for ever.

The real processes take these ways only by a chance of milliseconds; so these are steps of the state machine.
"""

from __future__ import annotations

import dataclasses

from tests.delivery.test_no_state_loses_a_scene import Machine


def edit(machine: Machine, scene_id: int) -> None:
    """Give a scene a new title, and let whoever runs go on with it."""
    machine.edits += 1
    truth = machine.stash.scenes[scene_id]
    machine.stash.scenes[scene_id] = dataclasses.replace(truth, title=str(machine.edits), updated=machine.edits)
    machine.hints[scene_id] = None
    go_on(machine)


def go_on(machine: Machine) -> None:
    """Let both services rest."""
    machine.run(200, lambda _: "done")


def begun() -> Machine:
    """Return a machine in which two scenes are in Plex."""
    machine = Machine()
    machine.begin()
    go_on(machine)
    return machine


def without_writer_and_room_in_its_queue() -> Machine:
    """Return one whose writer is away for so long that the broker drops what is new."""
    machine = begun()
    machine.kill_writer()
    for scene_id in (2, 1, 1):
        edit(machine, scene_id)
    return machine


def test_a_comparison_between_a_removal_and_the_count_that_tells_of_it() -> None:
    machine = without_writer_and_room_in_its_queue()
    machine.destroy(2)
    machine.watcher.ask(2)
    machine.watcher.apply()
    machine.start_writer()
    machine.writer.compare()
    machine.teardown()


def test_an_older_message_of_a_scene_whose_removal_the_broker_dropped() -> None:
    machine = without_writer_and_room_in_its_queue()
    machine.destroy(2)
    go_on(machine)
    machine.start_writer()
    machine.writer.compare()
    machine.teardown()


def test_a_scene_that_came_and_went_since_the_watcher_told_last() -> None:
    machine = begun()
    machine.make(3)
    machine.watcher.ask(3)
    machine.watcher.apply()
    while machine.writer.outcome(3) is None:
        machine.steps(lambda _: "done")[-1]()
    machine.kill_writer()
    machine.destroy(3)
    machine.watcher.ask(3)
    machine.broker.session = None
    machine.watcher.apply()
    machine.start_writer()
    machine.writer.compare()
    machine.teardown()


def test_a_file_that_came_while_the_writer_was_away_and_is_listed_before_it_compares() -> None:
    machine = begun()
    machine.make(3)
    go_on(machine)
    outcome = machine.writer.outcome(3)
    assert outcome is not None
    assert outcome.state == "waiting"
    machine.kill_writer()
    machine.plex_scans(3)
    machine.start_writer()
    machine.teardown()
