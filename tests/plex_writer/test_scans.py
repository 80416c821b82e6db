"""Which folders Plex is asked to scan, and how often."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.plex_writer.plex import Section
from services.plex_writer.scans import AGAIN, AT_ONCE, GATHER, Folders, Wanted

SECTIONS = [
    Section("1", "Films", "agent", ("/media/films", "/media/more"), ""),
    Section("2", "Clips", "agent", ("/media/clips",), ""),
]


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/media/films/a/x.mp4", Wanted("1", "/media/films/a")),
        ("/media/more/x.mp4", Wanted("1", "/media/more")),
        ("/media/clips/b/c/x.mp4", Wanted("2", "/media/clips/b/c")),
        ("/media/x.mp4", None),
        ("/media/films2/x.mp4", None),
        ("/etc/passwd", None),
    ],
)
def test_only_folders_below_a_librarys_own_are_scanned(path: str, wanted: Wanted | None) -> None:
    folders = Folders()
    assert folders.add(path, SECTIONS, 0.0) is (wanted is not None)
    assert folders.take(GATHER) == ([] if wanted is None else [wanted])


def test_a_folder_is_scanned_once_for_all_its_new_files_and_again_half_a_minute_later() -> None:
    folders = Folders()
    for number in range(10):
        folders.add(f"/media/films/a/{number}.mp4", SECTIONS, number / 10)
    assert folders.take(GATHER) == [Wanted("1", "/media/films/a")]
    folders.add("/media/films/a/late.mp4", SECTIONS, GATHER + 1)
    assert folders.next_due() == GATHER + AGAIN
    assert folders.take(GATHER + AGAIN - 0.1) == []
    assert folders.take(GATHER + AGAIN) == [Wanted("1", "/media/films/a")]


def test_more_than_fifty_folders_are_one_scan_of_the_library() -> None:
    folders = Folders()
    for number in range(AT_ONCE + 1):
        folders.add(f"/media/films/{number}/x.mp4", SECTIONS, 0.0)
    folders.add("/media/clips/x.mp4", SECTIONS, 0.0)
    folders.add("/media/films/another/x.mp4", SECTIONS, 0.0)
    assert set(folders.take(GATHER)) == {Wanted("1", ""), Wanted("2", "/media/clips")}
    folders.add("/media/films/0/x.mp4", SECTIONS, GATHER + 1)
    assert folders.next_due() == GATHER + AGAIN


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 5)), max_size=300))
def test_no_folder_is_scanned_twice_within_half_a_minute(arrivals: list[tuple[int, float]]) -> None:
    folders, now = Folders(), 0.0
    done: dict[Wanted, float] = {}
    for folder, later in arrivals:
        now += later
        folders.add(f"/media/films/{folder}/x.mp4", SECTIONS, now)
        for wanted in folders.take(now):
            assert now - done.get(wanted, -AGAIN) >= AGAIN
            assert now - done.get(Wanted("1", ""), -AGAIN) >= AGAIN
            done[wanted] = now
