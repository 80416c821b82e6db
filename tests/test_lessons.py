"""What went wrong in the ancestor, and the test that holds each of it here; by the numbers of its own records.

Tests named after one are in tests/plex_writer/test_lessons.py. The others, below, are named after what they hold.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
NAMED = "plex_writer/test_lessons.py"
BUGS, INCIDENTS = range(1, 18), range(1, 44)

LIVE_BUGS = {
    3: ("an event within a cooldown was lost", "stash_watcher/test_hook.py",
        "test_events_that_follow_each_other_are_fetched_together_every_fifth_of_a_second"),
    12: ("Stash away for a moment was final", "delivery/test_outages.py",
         "test_stash_away_never_removes_anything"),
    14: ("the provider's match failed always", "provider/test_http.py",
         "test_a_whole_path_is_answered_with_its_scene"),
    16: ("a bulk edit was quadratic", "plex_writer/test_dirty.py",
         "test_an_edit_overtakes_thousands_of_others_that_arrived_at_once"),
    17: ("each job rewrote all timestamps", "plex_writer/test_outcomes.py",
         "test_an_audit_gives_back_what_is_missing_and_takes_away_what_came_back"),
}  # fmt: skip
ELSEWHERE = {
    5: ("jobs were queued again and again", "plex_writer/test_dirty.py",
        "test_a_mark_between_take_and_settle_keeps_a_scene_dirty"),
    6: ("a key of theirs hid one of the library's", "common/test_messages.py",
        "test_unknown_fields_are_passed_over_at_every_depth"),
    7: ("unknown errors were tried for ever", "delivery/test_one_bad_item.py",
        "test_a_scene_whose_write_ends_the_writer_three_times_comes_after_all_others"),
    8: ("one of two loops did not wait between tries", "delivery/test_one_bad_item.py",
        "test_a_sick_item_is_tried_again_by_itself_and_fails_after_the_third_time"),
    9: ("what Plex lacked was asked for without a pause", "life/test_events.py",
        "test_a_scene_waits_for_its_file_and_is_written_when_plex_tells_of_it"),
    11: ("an outage never ended, a worker was killed at work", "delivery/test_outages.py",
         "test_the_history_is_right_to_the_second"),
    12: ("one orphan held up all others", "delivery/test_one_bad_item.py",
         "test_every_fault_of_a_write_on_one_item_each"),
    13: ("saving in Stash waited for the hook", "stash_plugin/test_plugin.py",
         "test_a_provider_that_is_away_is_left_alone_for_a_while"),
    14: ("a worker a hook", "stash_watcher/test_hook.py",
         "test_a_bulk_edit_is_told_scene_by_scene_and_fetched_together"),
    15: ("a process an event", "delivery/test_bounds.py",
         "test_a_hundred_thousand_messages_while_plex_is_away_leave_memory_flat"),
    16: ("several drained the same queue", "delivery/test_two_of_the_same.py",
         "test_two_started_at_once_end_with_one"),
    19: ("an empty queue was taken for none", "delivery/test_healthy_setups.py",
         "test_the_smallest_libraries"),
    21: ("edits of old scenes were missed", "stash_watcher/test_following.py",
         "test_an_edit_is_published_within_two_looks"),
    24: ("a gate held back identify and auto-tag", "stash_watcher/test_every_change.py",
         "test_a_change_is_published"),
    26: ("hooks were dropped to spare Stash", "stash_watcher/test_hook.py",
         "test_a_hook_brings_it_without_a_look_by_the_clock"),
    28: ("wrong times between failures", "plex_writer/test_outages.py",
         "test_repair_and_failure_times_are_means_of_what_was_recorded"),
    31: ("a comparison never worked behind mocks", "life/test_comparisons.py",
         "test_items_replaced_emptied_unmatched_or_edited_by_others_are_put_right"),
    32: ("a command crashed at its start", "s2p/test_trouble.py",
         "test_help_has_every_command_and_each_command_examples"),
    33: ("no throttle, and the breaker tripped", "plex_writer/test_pace.py",
         "test_a_slow_answer_counts_at_once_and_fast_ones_end_it"),
    34: ("six reloads a job", "plex_writer/test_all_fields.py",
         "test_all_but_the_stars_goes_in_one_request"),
    35: ("another library's exception was caught", "plex_writer/test_plex_failures.py",
         "test_what_is_about_the_server_is_unavailable"),
    37: ("an order broke the running worker", "life/test_orders.py",
         "test_a_scene_that_was_set_aside_is_tried_again_at_once"),
    39: ("old pickles", "common/test_messages.py",
         "test_another_version_is_refused_and_named"),
    40: ("packages could not be installed", "tools/test_run.py",
         "test_first_start_sets_up_and_the_second_is_quiet"),
    41: ("the same question was put to Stash twice", "stash_watcher/test_following.py",
         "test_an_idle_watcher_asks_little"),
    42: ("releases lacked modules", "stash_plugin/test_plugin.py",
         "test_every_hook_of_the_yml_is_one_that_stash_fires"),
    43: ("matching by name and by listing", "plex_writer/test_right_item.py",
         "test_the_same_name_in_two_folders_is_two_items"),
}  # fmt: skip
# held by a test that is named after another of them, or about parts that do not exist here
SAME_AS = {2: 1, 3: 1, 4: 1, 20: 1, 25: 1, 30: 17}
HERE = {36}
NO_COUNTERPART = {18: "there is no cache to clear", 29: "there is no lock: a broker's session tells who is there"}


def named(kind: str) -> set[int]:
    """Return the numbers that tests are named after."""
    return {int(number) for number in re.findall(rf"^def test_{kind}_(\d+)_", (ROOT / NAMED).read_text(), re.MULTILINE)}


def test_each_of_them_is_held_by_a_test() -> None:
    assert named("live_bug") | set(LIVE_BUGS) == set(BUGS)
    assert named("incident") | {*ELSEWHERE, *SAME_AS, *NO_COUNTERPART, *HERE} == set(INCIDENTS)
    assert set(SAME_AS.values()) <= named("incident")


def test_the_tests_that_hold_them_are_there() -> None:
    for what, module, test in [*LIVE_BUGS.values(), *ELSEWHERE.values()]:
        assert re.search(rf"^(async )?def {test}\(", (ROOT / module).read_text(), re.MULTILINE), what


def test_incident_36_no_module_of_ours_hides_one_of_pythons() -> None:
    ours = {path.name.removesuffix(".py") for path in ROOT.parent.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert not ours & sys.stdlib_module_names
