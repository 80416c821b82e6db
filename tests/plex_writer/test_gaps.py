"""The four kinds of gap, found by laying scenes beside items; and rows kept in pages."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.item import item_of, want
from common.messages import File, Gap, Outcome, Scene, Tag
from common.options import Options
from common.paths import PathRules
from services.plex_writer.gaps import (
    EMPTY_ITEM,
    KINDS,
    PLEX_WITHOUT_SCENE,
    SCENE_WITHOUT_ITEM,
    STALE,
    Gathering,
    Shelved,
)
from services.plex_writer.pages import BLOCK, Pages

OPTIONS = Options(paths=PathRules.parse("/data=>/media"))
FINGERPRINT = OPTIONS.fingerprint()


def scene(number: int, **changes: object) -> Scene:
    given_ = Scene(
        id=number,
        epoch=1,
        seq=number,
        born="2024-01-01T00:00:00+02:00",
        rev="r",
        updated_at="2024-06-01T00:00:00+02:00",
        title=f"Scene {number}",
        tags=(Tag(id=1, name="Drama"),),
        files=(File(path=f"/data/{number}.mp4"),),
    )
    return msgspec.structs.replace(given_, **changes)


def shelved(number: int, *, empty: bool = False, dated: bool = False, added: int = 1_700_000_000) -> Shelved:
    return Shelved(str(number), "Films", f"Item {number}", (f"/media/{number}.mp4",), added, empty, dated)


def outcome(row: Scene, **changes: object) -> Outcome:
    wanted = want(item_of(row, OPTIONS), FINGERPRINT)
    done = Outcome(
        id=row.id,
        epoch=row.epoch,
        seq=row.seq,
        born=row.born,
        rev=row.rev,
        want=wanted,
        state="synced",
        at="2026-01-01T00:00:00Z",
    )
    return msgspec.structs.replace(done, **changes)


def gathered(items: list[Shelved], rows: list[tuple[Scene, Outcome | None]]) -> Gathering:
    found = Gathering(items, OPTIONS.paths.key)
    for row, known in rows:
        item = item_of(row, OPTIONS)
        found.add(row, item, known, want(item, FINGERPRINT))
    return found


def of_kind(found: Gathering, kind: str) -> list[int]:
    lists = {
        PLEX_WITHOUT_SCENE: [int(gap.rating_key) for gap in found.items_without_scene()],
        SCENE_WITHOUT_ITEM: list(found.without_item),
        EMPTY_ITEM: [gap.scene or 0 for gap in found.empty_items()],
        STALE: list(found.stale),
    }
    assert found.counts() == {name: len(each) for name, each in lists.items()}
    return lists[kind]


BARE = scene(1, tags=())


@pytest.mark.parametrize(
    ("items", "row", "known", "kind"),
    [
        ([shelved(1)], scene(1), outcome(scene(1)), None),
        ([], scene(1), outcome(scene(1), state="waiting"), SCENE_WITHOUT_ITEM),
        ([], scene(1), None, SCENE_WITHOUT_ITEM),
        ([], scene(1, files=()), None, SCENE_WITHOUT_ITEM),
        ([], BARE, None, None),
        ([shelved(1)], BARE, None, None),
        ([shelved(1, empty=True)], BARE, None, None),
        ([shelved(1, empty=True)], scene(1), outcome(scene(1)), EMPTY_ITEM),
        (
            [shelved(1, empty=True)],
            scene(1, tags=(), date="2024-01-01"),
            outcome(scene(1, tags=(), date="2024-01-01")),
            EMPTY_ITEM,
        ),
        (
            [shelved(1, empty=True, dated=True)],
            scene(1, tags=(), date="2024-01-01"),
            outcome(scene(1, tags=(), date="2024-01-01")),
            None,
        ),
        ([shelved(1)], scene(1), None, STALE),
        ([shelved(1)], scene(1), outcome(scene(1), want="other"), STALE),
        ([shelved(1)], scene(1), outcome(scene(1), born="another"), STALE),
        ([shelved(1)], scene(1), outcome(scene(1), want="other", epoch=2), None),
    ],
)
def test_each_kind(items: list[Shelved], row: Scene, known: Outcome | None, kind: str | None) -> None:
    found = gathered(items, [(row, known)])
    assert {each: of_kind(found, each) for each in KINDS} == {each: [1] if each == kind else [] for each in KINDS}


def test_a_file_that_no_scene_has_and_a_second_file_that_one_has() -> None:
    two = scene(1, files=(File(path="/data/elsewhere.mp4"), File(path="/data/2.mp4")))
    found = gathered([shelved(2), shelved(3)], [(two, outcome(two))])
    assert of_kind(found, PLEX_WITHOUT_SCENE) == [3]
    assert of_kind(found, SCENE_WITHOUT_ITEM) == []


def test_the_oldest_of_a_kind_is_told_whatever_zone_it_is_in() -> None:
    young, old = scene(1, born="2024-05-01T01:00:00+02:00"), scene(2, born="2024-04-30T22:30:00Z")
    found = gathered(
        [shelved(8, added=1_700_000_500), shelved(9)], [(young, None), (old, None), (scene(3, born="?"), None)]
    )
    list(found.items_without_scene())
    assert found.oldest == {
        SCENE_WITHOUT_ITEM: "2024-04-30T22:30:00Z",
        PLEX_WITHOUT_SCENE: "2023-11-14T22:13:20Z",
    }


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)))
def test_every_file_is_on_both_sides_or_told_of_once(in_plex: set[int], in_stash: set[int]) -> None:
    rows: list[tuple[Scene, Outcome | None]] = [(scene(number), outcome(scene(number))) for number in in_stash]
    found = gathered([shelved(number) for number in sorted(in_plex)], rows)
    assert of_kind(found, PLEX_WITHOUT_SCENE) == sorted(in_plex - in_stash)
    assert sorted(of_kind(found, SCENE_WITHOUT_ITEM)) == sorted(in_stash - in_plex)
    assert of_kind(found, STALE) == of_kind(found, EMPTY_ITEM) == []


@given(st.integers(0, 3 * BLOCK + 1), st.integers(0, 4 * BLOCK), st.integers(1, 2 * BLOCK))
def test_pages_are_slices(count: int, offset: int, limit: int) -> None:
    rows = [Gap(scene=number, title=f"Scene {number}") for number in range(count)]
    pages = Pages(iter(rows))
    assert len(pages) == count
    assert pages.page(offset, limit) == rows[offset : offset + limit]
