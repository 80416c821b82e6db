"""When an item that an event named is looked at."""

from __future__ import annotations

from services.plex_writer.notices import Stage, Touched
from services.plex_writer.sightings import AT_ONCE, ECHO, LIMIT, NEW, NO_FILE, Sightings


def touched(key: str, stage: Stage = "done") -> Touched:
    return Touched(key, "1", stage, 0)


def keys(sightings: Sightings, now: float) -> list[str]:
    return [sighting.rating_key for sighting in sightings.take(now)]


def test_new_items_come_at_once_and_known_ones_after_their_echo() -> None:
    found = Sightings()
    assert found.add(touched("1", "new"), 0, known=False)
    assert found.add(touched("2"), 0, known=True)
    assert found.add(touched("3", "gone"), 0, known=True)
    assert keys(found, NEW) == ["1", "3"]
    assert found.next_due() == ECHO
    assert keys(found, ECHO - 0.1) == []
    assert keys(found, ECHO) == ["2"]
    assert (len(found), found.next_due()) == (0, None)


def test_many_events_about_an_item_are_one_look_at_the_newest() -> None:
    found = Sightings()
    for second in range(4):
        found.add(touched("1"), float(second), known=True)
    (sighting,) = found.take(ECHO)
    assert sighting.heard_at == 3.0


def test_an_unknown_item_that_is_gone_is_nobodys() -> None:
    found = Sightings()
    found.add(touched("1", "new"), 0, known=False)
    found.add(touched("1", "gone"), 0.1, known=False)
    assert found.next_due() is None


def test_an_item_without_a_file_is_looked_at_three_times_more() -> None:
    found, now = Sightings(), 0.0
    found.add(touched("1", "new"), now, known=False)
    looks = 0
    while (due := found.next_due()) is not None:
        (sighting,) = found.take(due)
        looks += 1
        found.again(sighting, due)
    assert looks == 1 + len(NO_FILE)


def test_what_the_lane_has_in_hand_comes_later() -> None:
    found = Sightings()
    found.add(touched("1"), 0, known=True)
    (sighting,) = found.take(ECHO)
    found.postpone(sighting, ECHO)
    assert found.next_due() == 2 * ECHO


def test_a_look_is_at_a_hundred_items_at_most_and_ten_thousand_are_a_listing() -> None:
    found = Sightings()
    assert all(found.add(touched(str(number), "new"), 0, known=False) for number in range(LIMIT))
    assert len(found.take(NEW)) == AT_ONCE
    for number in range(LIMIT, LIMIT + AT_ONCE):
        found.add(touched(str(number), "new"), 0, known=False)
    assert not found.add(touched("one more", "new"), 0, known=False)
    assert found.overflown
    found.clear()
    assert (len(found), found.overflown) == (0, False)
