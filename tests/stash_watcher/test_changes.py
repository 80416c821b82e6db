"""What the book concludes from observations and listings, whatever the order in which they arrive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import File, Scene, Stamp
from services.stash_watcher.answers import Fingerprint, Path, Row
from services.stash_watcher.changes import (
    Book,
    Fetch,
    Stamps,
    in_batches,
    listed,
    plan_fetch,
    removal_limit,
)
from tests.stash_watcher.builders import BORN, UPDATED, rendered, stamped


def row(scene: Scene) -> Row:
    """Return the light listing's row of a scene."""
    files = [listed_file(file.path, file) for file in scene.files]
    return Row(str(scene.id), scene.born, scene.updated_at, files)


def listed_file(path: str, file: File) -> Path:
    """Return a file of the light listing."""
    prints = [Fingerprint("oshash", file.oshash), Fingerprint("phash", file.phash), Fingerprint("md5", "x")]
    return Path(path, file.size, file.duration, file.width, file.height, prints)


def book_with(*scenes: Scene) -> Book:
    """Return a book that holds these scenes."""
    book = Book()
    for seq, scene in enumerate(scenes, 1):
        book.hold(stamped(scene, 1, seq))
    return book


def test_an_unknown_scene_is_published_and_a_known_one_is_not() -> None:
    book = Book()
    began = book.begin(1.0)
    assert book.judge(rendered(), began) == "publish"
    book.published(stamped(rendered(), 1, 1), 2.0)
    assert book.judge(rendered(), book.begin(3.0)) == "same"


@pytest.mark.parametrize("change", [{"title": "new"}, {"updated_at": "2026-02-01T10:00:00+01:00"}])
def test_another_content_or_time_is_published(change: dict[str, Any]) -> None:
    assert book_with(rendered()).judge(rendered(**change), 1.0) == "publish"


def test_an_observation_from_before_the_last_publication_is_asked_for_again() -> None:
    book = Book()
    slow = book.begin(1.0)
    book.published(stamped(rendered(title="newer"), 1, 1), 2.0)
    assert book.judge(rendered(title="older"), slow) == "again"
    assert book.judge(rendered(title="newest"), book.begin(3.0)) == "publish"


def test_an_observation_from_before_a_removal_does_not_resurrect_the_scene() -> None:
    book = Book()
    slow = book.begin(1.0)
    book.removed(17, 2.0)
    assert book.judge(rendered(), slow) == "again"


def test_what_was_touched_is_forgotten_once_no_question_needs_it() -> None:
    book = Book()
    old, young = book.begin(1.0), book.begin(3.0)
    book.published(stamped(rendered(), 1, 1), 2.0)
    book.published(stamped(rendered(18), 1, 2), 4.0)
    book.end(young)
    assert book.touched(17, old)
    book.end(old)
    assert not book.touched(17, 0.0)
    assert not book.touched(18, 0.0)


def test_the_end_of_an_older_question_keeps_what_a_younger_needs() -> None:
    book = Book()
    old, young = book.begin(1.0), book.begin(3.0)
    book.published(stamped(rendered(17), 1, 1), 2.0)
    book.published(stamped(rendered(18), 1, 2), 4.0)
    book.end(old)
    assert not book.touched(17, young)
    assert book.touched(18, young)


def test_a_listing_shows_what_differs() -> None:
    book = book_with(rendered())
    assert not book.differs(listed(row(rendered())), 1.0)
    changes: list[dict[str, Any]] = [
        {"updated_at": "2026-02-01T10:00:00+01:00"},
        {"created_at": "2020-02-01T10:00:00+01:00"},
        {"files": []},
    ]
    for change in changes:
        assert book.differs(listed(row(rendered(**change))), 1.0)
    assert book.differs(listed(row(rendered(18))), 1.0)


def test_the_order_of_files_but_the_first_makes_no_difference() -> None:
    book = book_with(rendered())
    file = rendered().files[0]
    files = [listed_file(path, file) for path in ("/data/z.mp4", "/data/c.mp4", "/data/b.mp4")]
    assert not book.differs(listed(Row("17", BORN, UPDATED, files)), 1.0)
    assert book.differs(listed(Row("17", BORN, UPDATED, files[::-1])), 1.0)


def test_a_row_that_is_not_trusted_differs_and_is_replaced() -> None:
    book = book_with(rendered())
    book.distrust_all()
    assert book.differs(listed(row(rendered())), 1.0)
    assert book.judge(rendered(), 1.0) == "publish"
    assert book.entries[17].stamp == Stamp(1, 1)
    assert not book.is_stranger(rendered(created_at="2020-02-01T10:00:00+01:00"))


def test_another_scene_under_a_known_id_is_a_stranger() -> None:
    book = book_with(rendered())
    assert book.is_stranger(rendered(created_at="2020-02-01T10:00:00+01:00"))
    assert not book.is_stranger(rendered(title="new"))
    assert not book.is_stranger(rendered(18))


def test_a_scene_set_aside_is_left_alone_until_it_changes() -> None:
    book = Book()
    shown = listed(row(rendered()))
    book.set_aside(17, shown.updated)
    assert not book.differs(shown, 1.0)
    assert book.differs(shown._replace(updated=1), 1.0)
    book.set_aside(17, None)
    assert not book.differs(shown._replace(updated=1), 1.0)
    book.try_all_again()
    assert book.differs(shown, 1.0)


def test_gone_is_what_a_listing_did_not_have_and_nobody_touched() -> None:
    book = book_with(rendered(1), rendered(2), rendered(3))
    began = book.begin(1.0)
    book.published(stamped(rendered(4), 1, 9), 2.0)
    assert book.gone({1, 3}, began) == [2]


@dataclass
class Observation:
    """A request that read a version of one scene at some time after it began."""

    began: float
    version: int


@dataclass
class History:
    """One scene that changes in Stash while requests of several lanes are under way."""

    book: Book = field(default_factory=Book)
    now: float = 0.0
    version: int = 0
    published: list[int] = field(default_factory=list)
    under_way: list[Observation] = field(default_factory=list)

    def step(self, action: str, pick: int) -> None:
        """Let one thing happen."""
        self.now += 1.0
        if action == "edit":
            self.version += 1
        elif action == "begin":
            self.under_way.append(Observation(self.book.begin(self.now), -1))
        elif self.under_way:
            observation = self.under_way[pick % len(self.under_way)]
            if action == "read" and observation.version < 0:
                observation.version = self.version
            elif action == "arrive" and observation.version >= 0:
                self.arrive(observation)

    def arrive(self, observation: Observation) -> str:
        """Apply an answer."""
        scene = rendered(title=f"version {observation.version}")
        verdict = self.book.judge(scene, observation.began)
        if verdict == "publish":
            self.book.published(stamped(scene, 1, len(self.published) + 1), self.now)
            self.published.append(observation.version)
        self.book.end(observation.began)
        self.under_way.remove(observation)
        return verdict


@given(st.lists(st.tuples(st.sampled_from(["edit", "begin", "read", "arrive"]), st.integers(0, 5)), max_size=60))
def test_no_order_of_answers_puts_an_older_version_after_a_newer(actions: list[tuple[str, int]]) -> None:
    history = History()
    for action, pick in actions:
        history.step(action, pick)
    assert history.published == sorted(set(history.published))


@given(st.lists(st.tuples(st.sampled_from(["edit", "begin", "read", "arrive"]), st.integers(0, 5)), max_size=60))
def test_asking_again_always_ends_in_the_newest_version(actions: list[tuple[str, int]]) -> None:
    history = History()
    for action, pick in actions:
        history.step(action, pick)
    history.now += 1.0
    assert history.arrive(_asked_now(history)) in ("publish", "same")
    assert history.published[-1] == history.version


def _asked_now(history: History) -> Observation:
    observation = Observation(history.book.begin(history.now), history.version)
    history.under_way.append(observation)
    return observation


@given(st.lists(st.tuples(st.integers(0, 10**14), st.integers(0, 10**6)), max_size=20), st.integers(0, 10**14))
def test_a_new_epoch_is_larger_than_anything_seen_and_seq_goes_on(seen: list[tuple[int, int]], clock: int) -> None:
    stamps = Stamps()
    for stamp in seen:
        stamps.saw(Stamp(*stamp))
    stamps.renew(clock)
    used = []
    for _ in range(3):
        used.append(stamps.next)
        stamps.saw(stamps.next)
    assert all(stamp > Stamp(*old) for stamp in used for old in seen)
    assert used[0].epoch >= clock
    largest = max((seq for _, seq in seen), default=0)
    assert [stamp.seq for stamp in used] == [largest + 1, largest + 2, largest + 3]


@pytest.mark.parametrize(
    ("rows", "limit"), [(0, 20), (3, 20), (40, 20), (41, 20), (100, 50), (1_999, 999), (2_000, 1_000), (200_000, 1_000)]
)
def test_how_many_may_go_at_once(rows: int, limit: int) -> None:
    assert removal_limit(rows) == limit


@pytest.mark.parametrize(
    ("differing", "listing", "plan"),
    [
        ([], range(1, 5_000), Fetch(None, [])),
        ([3, 4], range(1, 5), Fetch(None, [3, 4])),
        (list(range(4_001, 10_001)), range(1, 10_001), Fetch(4_000, [])),
        (list(range(1, 5_000, 9)), range(1, 5_000), Fetch(None, list(range(1, 5_000, 9)))),
    ],
    ids=["none", "few", "the rest of a load", "many, but scattered"],
)
def test_how_what_differs_is_fetched(differing: list[int], listing: range, plan: Fetch) -> None:
    assert plan_fetch(differing, listing) == plan


def test_batches_keep_order_and_size() -> None:
    assert list(in_batches(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_batches([], 2)) == []
