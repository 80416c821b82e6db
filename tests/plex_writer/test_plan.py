"""The three-way plan, case by case: what is wanted, what Plex shows and what of that is ours decide one edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from common.item import Item
from common.messages import ItemOutcome
from common.options import DEFAULT_FIELDS, FieldPolicy
from services.plex_writer import plan
from services.plex_writer.forms import entry_hash, value_hash
from services.plex_writer.plan import LISTS, Current, Edit, Entry, Scalar
from tests.plex_writer.shelf import Shelf, TagMode, entries

if TYPE_CHECKING:
    from common.options import Policy

MODES: tuple[TagMode, ...] = ("add", "replace")


@pytest.mark.parametrize(
    ("policy", "wanted", "shown", "wrote", "after"),
    [
        ("sync", "new", "", "", "new"),
        ("sync", "new", "theirs", "", "new"),
        ("sync", "new", "old", "old", "new"),
        ("sync", "same", "same", "", None),
        ("sync", "", "theirs", "", None),
        ("sync", "", "old", "old", ""),
        ("sync", "", "", "old", None),
        ("fill", "new", "", "", "new"),
        ("fill", "new", "", "old", "new"),
        ("fill", "new", "theirs", "", None),
        ("fill", "new", "theirs", "old", None),
        ("fill", "new", "old", "old", "new"),
        ("fill", "same", "same", "", None),
        ("fill", "", "theirs", "old", None),
        ("fill", "", "old", "old", ""),
        ("off", "new", "", "", None),
        ("off", "", "old", "old", None),
    ],
)
def test_a_value_under_each_policy(policy: Policy, wanted: str, shown: str, wrote: str, after: str | None) -> None:
    """What was only begun is ours like what is recorded as written."""
    for name in ("summary", "studio", "date"):
        written = ItemOutcome(state="synced", want="", wrote={name: value_hash(wrote)})
        begun = ItemOutcome(state="unsure", want="", intent={name: (value_hash(wrote),)})
        for record in (written, begun):
            edit = planned(name, policy, wanted, shown, record)
            assert edit.scalars == ({} if after is None else {name: Scalar(value=after, lock=bool(after))})


@pytest.mark.parametrize(
    ("policy", "shown", "wrote", "after"),
    [
        ("sync", "", "", "file name"),
        ("sync", "theirs", "", None),
        ("sync", "theirs", "The title", None),
        ("sync", "The title", "The title", "file name"),
        ("fill", "theirs", "", None),
        ("fill", "The title", "The title", "file name"),
        ("off", "", "", None),
    ],
)
def test_a_title_taken_from_a_file_name_replaces_only_ours_and_is_never_locked(
    policy: Policy, shown: str, wrote: str, after: str | None
) -> None:
    item = Item(title="file name", named_after_file=True)
    current = Current(rating_key="1", section="1", scalars={"title": shown}, locked=frozenset({"title"}))
    record = ItemOutcome(state="synced", want="", wrote={"title": value_hash(wrote)} if wrote else {})
    edit = plan.plan(item, current, plan.ours_of(record), {**DEFAULT_FIELDS, "title": FieldPolicy(policy)})
    assert edit.scalars == ({} if after is None else {"title": Scalar(value=after, lock=False)})


def test_a_title_is_never_cleared() -> None:
    record = ItemOutcome(state="synced", want="", wrote={"title": value_hash("ours")})
    assert not planned("title", "sync", "", "ours", record)


@pytest.mark.parametrize(("lock", "locked", "after"), [(True, False, True), (False, False, False), (False, True, True)])
def test_a_lock_is_set_as_configured_and_never_taken_from_a_person(lock: bool, locked: bool, after: bool) -> None:
    item = Item(summary="new", tags=("new",))
    held = frozenset({"summary", "tags"} if locked else ())
    current = Current(
        rating_key="1", section="1", scalars={"summary": "old"}, lists={"tags": (Entry("x"),)}, locked=held
    )
    fields = {**DEFAULT_FIELDS, "summary": FieldPolicy("sync", lock), "tags": FieldPolicy("merge", lock)}
    edit = plan.plan(item, current, plan.Ours(), fields)
    assert (edit.scalars["summary"].lock, edit.lists["tags"].lock) == (after, after)


@pytest.mark.parametrize(
    "case",
    [
        ("merge", "a b", "", "", False, "a b"),
        ("merge", "a", "p", "", False, "p a"),
        ("merge", "a", "p a", "a", True, None),
        ("merge", "A", "p a", "a", True, None),
        ("merge", "", "p a", "a", True, "p"),
        ("merge", "b", "p a", "a", True, "p b"),
        ("merge", "", "p", "", True, None),
        ("merge", "p", "p", "", True, None),
        ("merge", "", "p", "p", True, ""),
        ("merge", "a b", "b", "a b", True, None),
        ("merge", "a b", "b", "a b", False, "b a"),
        ("merge", "a", "", "a", True, None),
        ("merge", "a", "", "a", False, "a"),
        ("merge", "a c", "b", "a b", True, "c"),
        ("sync", "a", "p", "", False, "a"),
        ("sync", "a", "p a", "", True, "a"),
        ("sync", "a b", "b", "a b", True, "b a"),
        ("sync", "", "p", "", True, None),
        ("sync", "", "p a", "a", True, "p"),
        ("fill", "a", "", "", False, "a"),
        ("fill", "a", "p", "", False, None),
        ("fill", "b", "a", "a", True, "b"),
        ("fill", "b", "p a", "a", True, None),
        ("fill", "", "a", "a", True, ""),
        ("fill", "a b", "b", "a b", True, None),
        ("off", "a", "", "", False, None),
        ("off", "", "a", "a", True, None),
    ],
)
def test_a_list_under_each_policy(case: tuple[Policy, str, str, str, bool, str | None]) -> None:
    """`p` is a person's; an entry of ours that is missing from a locked list was taken out by a person."""
    policy, wanted, shown, wrote, locked, after = case
    current = Current(
        rating_key="1",
        section="1",
        lists=dict.fromkeys(LISTS, tuple(entries(*shown.split()))),
        locked=frozenset(LISTS if locked else ()),
    )
    ours = plan.Ours(seen=dict.fromkeys(LISTS, frozenset(map(entry_hash, wrote.split()))))
    item = msgspec.structs.replace(Item(), **dict.fromkeys(LISTS, tuple(wanted.split())))
    edit = plan.plan(item, current, ours, {**DEFAULT_FIELDS, **dict.fromkeys(LISTS, FieldPolicy(policy))})
    assert bool(edit) == (after is not None)
    for rewrite in edit.lists.values():
        assert [entry.name for entry in rewrite.entries] == (after or "").split()
        assert set(rewrite.remove) == set(shown.split()) - set((after or "").split())


def test_a_rewrite_keeps_roles_and_photos_and_all_that_differs_only_in_case() -> None:
    theirs = (Entry("Ann", "Herself", "http://plex/ann"), Entry("ann", "A double"), Entry("Bea"))
    for mode in MODES:
        shelf = Shelf(mode, lists={"performers": list(theirs)})
        shelf.sync(Item(performers=("Cid",)), None, DEFAULT_FIELDS)
        assert shelf.lists["performers"] == [*theirs, Entry("Cid")]


@pytest.mark.parametrize("mode", MODES)
def test_what_we_added_and_stash_removed_goes_and_a_persons_stays(mode: TagMode) -> None:
    shelf = Shelf(mode, lists={"tags": entries("p")})
    _, outcome = shelf.sync(Item(tags=("a", "b", "c, d")), None, DEFAULT_FIELDS)
    assert set(shelf.names("tags")) == {"p", "a", "b", "c, d"}
    shelf.sync(Item(tags=("b",)), outcome, DEFAULT_FIELDS)
    assert set(shelf.names("tags")) == {"p", "b"}


def test_a_tag_that_a_person_took_out_comes_back_only_after_stash_did_without() -> None:
    shelf = Shelf()
    _, outcome = shelf.sync(Item(tags=("a",)), None, DEFAULT_FIELDS)
    shelf.lists["tags"].clear()
    for wanted in (("a",), ("a", "b"), ("a",)):
        _, outcome = shelf.sync(Item(tags=wanted), outcome, DEFAULT_FIELDS)
        assert "a" not in shelf.names("tags")
    _, outcome = shelf.sync(Item(), outcome, DEFAULT_FIELDS)
    _, outcome = shelf.sync(Item(tags=("a",)), outcome, DEFAULT_FIELDS)
    assert shelf.names("tags") == ["a"]


def planned(name: str, policy: Policy, wanted: str, shown: str, record: ItemOutcome) -> Edit:
    current = Current(rating_key="1", section="1", scalars={name: shown})
    item = msgspec.structs.replace(Item(), **{name: wanted})
    return plan.plan(item, current, plan.ours_of(record), {**DEFAULT_FIELDS, name: FieldPolicy(policy)})
