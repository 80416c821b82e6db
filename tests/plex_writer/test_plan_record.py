"""What is recorded of an edit: before it is sent, after it was seen, and what a kill between the two leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from common.item import Item
from common.messages import ItemOutcome
from common.options import DEFAULT_FIELDS, FieldPolicy
from services.plex_writer import plan
from services.plex_writer.forms import entry_hash, value_hash
from services.plex_writer.plan import Current, Edit, Entry, Rewrite, Scalar
from tests.plex_writer.shelf import Shelf, TagMode, entries

if TYPE_CHECKING:
    from common.options import Policy

MODES: tuple[TagMode, ...] = ("add", "replace")


@pytest.mark.parametrize("policy", ["sync", "fill"])
def test_a_value_in_plex_s_own_form_is_written_once(policy: Policy) -> None:
    shelf = Shelf(picky=True)
    fields = {**DEFAULT_FIELDS, "summary": FieldPolicy(policy)}
    edit, outcome = shelf.sync(Item(summary="two words"), None, fields)
    assert edit
    assert shelf.scalars["summary"] == "Two words"
    assert outcome.wrote["summary"] == f"{value_hash('two words')}>{value_hash('Two words')}"
    for _ in range(3):
        edit, outcome = shelf.sync(Item(summary="two words"), outcome, fields)
        assert not edit
    shelf.sync(Item(summary="other"), outcome, fields)
    assert shelf.scalars["summary"] == "Other"


def test_a_value_that_was_there_in_plex_s_own_form_is_written_once() -> None:
    """The read back shows no change at all, yet Plex took it."""
    shelf = Shelf(picky=True, scalars={"summary": "Two words"})
    _, outcome = shelf.sync(Item(summary="two words"), None, DEFAULT_FIELDS)
    edit, _ = shelf.sync(Item(summary="two words"), outcome, DEFAULT_FIELDS)
    assert not edit


@pytest.mark.parametrize("picky", [False, True])
@pytest.mark.parametrize("policy", ["sync", "fill"])
def test_after_a_kill_between_write_and_record_the_value_is_still_ours(policy: Policy, picky: bool) -> None:
    fields = {**DEFAULT_FIELDS, "summary": FieldPolicy(policy)}
    shelf = Shelf(picky=picky)
    killed = shelf.begin(Item(summary="first one"), None, fields)
    shelf.sync(Item(summary="first one"), None, fields)
    _, outcome = shelf.sync(Item(summary="second one"), killed, fields)
    assert shelf.scalars["summary"] == shelf.stored("second one")
    shelf.sync(Item(), outcome, fields)
    assert shelf.scalars["summary"] == ""


def test_of_an_edit_that_plex_took_in_part_only_that_part_is_ours() -> None:
    item = Item(summary="new", tags=("a", "b"))
    before = Current(rating_key="1", section="1", scalars={"summary": "theirs"}, lists={"tags": tuple(entries("p"))})
    shown = msgspec.structs.replace(before, lists={"tags": tuple(entries("p", "a"))})
    edit = plan.plan(item, before, plan.Ours(), DEFAULT_FIELDS)
    assert plan.applied(edit, before, shown) == "none"
    assert plan.wrote_of(item, edit, before, shown, plan.Ours()) == {"tags": (entry_hash("a"),)}


@pytest.mark.parametrize("mode", MODES)
def test_after_a_kill_between_write_and_record_a_tag_is_still_ours(mode: TagMode) -> None:
    shelf = Shelf(mode, lists={"tags": entries("p")})
    killed = shelf.begin(Item(tags=("a", "p")), None, DEFAULT_FIELDS)
    shelf.sync(Item(tags=("a", "p")), None, DEFAULT_FIELDS)
    shelf.sync(Item(), killed, DEFAULT_FIELDS)
    assert shelf.names("tags") == ["p"]


def test_two_kills_in_a_row_keep_what_both_began() -> None:
    shelf = Shelf()
    first = shelf.begin(Item(summary="one", tags=("a",)), None, DEFAULT_FIELDS)
    shelf.sync(Item(summary="one", tags=("a",)), None, DEFAULT_FIELDS)
    second = shelf.begin(Item(summary="two", tags=("b",)), first, DEFAULT_FIELDS)
    shelf.sync(Item(), second, DEFAULT_FIELDS)
    assert (shelf.scalars["summary"], shelf.names("tags")) == ("", [])


def test_an_intent_names_only_what_the_edit_adds() -> None:
    current = Current(rating_key="1", section="1", lists={"tags": tuple(entries("p", "a"))})
    edit = plan.plan(Item(tags=("A", "b")), current, plan.Ours(), DEFAULT_FIELDS)
    assert plan.intent_of(edit, current, plan.Ours()) == {"tags": (entry_hash("b"),)}
    assert plan.intent_of(Edit(), current, plan.Ours()) == {}


@pytest.mark.parametrize(
    ("before", "shown", "verdict"),
    [
        ("old", "new", "all"),
        ("old", "New", "all"),
        ("old", "other", "all"),
        ("old", "old", "some"),
        ("new", "new", "all"),
        ("NEW", "NEW", "all"),
    ],
)
def test_how_much_of_an_edit_plex_shows(before: str, shown: str, verdict: str) -> None:
    edit = Edit(
        scalars={"title": Scalar(value="new", lock=True)},
        lists={"tags": Rewrite(entries=(Entry("a"),), remove=("b",), lock=True)},
    )

    def item(title: str, *names: str) -> Current:
        return Current(rating_key="1", section="1", scalars={"title": title}, lists={"tags": tuple(entries(*names))})

    assert plan.applied(edit, item(before, "b"), item(shown, "A")) == verdict
    assert plan.applied(edit, item(before, "b"), item(shown, "b")) == ("none" if verdict == "some" else "some")
    assert plan.applied(Edit(), item("x"), item("y")) == "all"


def test_what_a_record_says_is_ours() -> None:
    ours = plan.ours_of(
        ItemOutcome(state="unsure", want="", wrote={"title": "a>b", "tags": ("c",)}, intent={"date": ("d",)})
    )
    assert [ours.has("title", digest) for digest in "abc"] == [True, True, False]
    assert (ours.has("tags", "c"), ours.has("date", "d"), ours.has("studio", "a")) == (True, True, False)
    assert plan.ours_of(None) == plan.Ours()


def test_an_entry_that_we_began_to_take_out_comes_back_when_stash_has_it_again() -> None:
    """Killed between the write and its record, our own removal would look like a person's, and the entry stay out."""
    wrote = ItemOutcome(state="synced", want="", wrote={"tags": (entry_hash("Ours"), entry_hash("Kept"))})
    both = Current(
        rating_key="1", section="1", lists={"tags": (Entry("Ours"), Entry("Kept"))}, locked=frozenset({"tags"})
    )
    ours = plan.ours_of(wrote)
    removal = plan.plan(Item(tags=("Kept",)), both, ours, DEFAULT_FIELDS)
    left = ItemOutcome(state="unsure", want="", wrote=wrote.wrote, intent=plan.intent_of(removal, both, ours))
    removed = Current(rating_key="1", section="1", lists={"tags": (Entry("Kept"),)}, locked=frozenset({"tags"}))
    again = plan.plan(Item(tags=("Kept", "Ours")), removed, plan.ours_of(left), DEFAULT_FIELDS)
    assert [entry.name for entry in again.lists["tags"].entries] == ["Kept", "Ours"]
