"""A whole history of one item: Stash and a person change it in turn, syncs end or are cut short, policies change.

Who set what is kept beside it, in the open, and decides what each sync may and must do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from common.item import Item
from common.options import FieldPolicy
from services.plex_writer import plan
from services.plex_writer.forms import fold
from services.plex_writer.plan import LISTS, SCALARS, Current, Entry
from tests.plex_writer.shelf import Shelf, folded

if TYPE_CHECKING:
    from common.messages import ItemOutcome
    from services.plex_writer.plan import Edit

values = st.sampled_from(["", "a", "A", "b", "c d"])
tags = st.sampled_from(["x", "y", "z", "u, v"])
persons_tags = st.sampled_from(["x", "Y", "z", "p", "q"])
policies = st.fixed_dictionaries(
    {name: st.builds(FieldPolicy, st.sampled_from(["sync", "fill", "off"]), st.booleans()) for name in SCALARS}
    | {name: st.builds(FieldPolicy, st.sampled_from(["sync", "fill", "merge", "off"]), st.booleans()) for name in LISTS}
)
items = st.builds(
    Item,
    **dict.fromkeys(SCALARS, values),
    **{name: st.lists(tags, unique=True, max_size=3).map(tuple) for name in LISTS},
    photos=st.dictionaries(
        tags, st.sampled_from(["http://s2p/images/performer/1?t=1", "http://s2p/images/performer/1?t=2"])
    ),
    named_after_file=st.booleans(),
    unknown=st.sampled_from([(), (), ("summary",)]),
)


class History(RuleBasedStateMachine):
    """`ours` has the values that we may take for ours, `added` the list entries, `begun` those of a sync cut short."""

    def __init__(self) -> None:
        super().__init__()
        self.item = Item()
        self.outcome: ItemOutcome | None = None
        self.ours: dict[str, set[str]] = {name: set() for name in SCALARS}
        self.added: dict[str, set[str]] = {name: set() for name in LISTS}
        self.begun: dict[str, set[str]] = {name: set() for name in LISTS}

    @initialize(mode=st.sampled_from(["add", "replace"]), picky=st.booleans(), given=policies)
    def start(self, mode: str, picky: bool, given: dict[str, FieldPolicy]) -> None:
        self.shelf = Shelf("add" if mode == "add" else "replace", picky)
        self.policies = given

    @rule(item=items)
    def stash_changes(self, item: Item) -> None:
        self.item = item

    @rule(given=policies)
    def settings_change(self, given: dict[str, FieldPolicy]) -> None:
        self.policies = given

    @rule(name=st.sampled_from(SCALARS), value=values)
    def person_sets_a_value(self, name: str, value: str) -> None:
        self.shelf.scalars[name] = self.shelf.stored(value)
        self.shelf.locked.add(name)

    @rule(name=st.sampled_from(LISTS), tag=persons_tags)
    def person_adds_a_tag(self, name: str, tag: str) -> None:
        there = self.shelf.lists.setdefault(name, [])
        if not any(self.shelf.alike(tag, entry.name) for entry in there):
            there.append(Entry(self.shelf.stored(tag), "role", "thumb"))
            self.shelf.locked.add(name)

    @rule(name=st.sampled_from(LISTS), which=st.integers(0, 3))
    def person_removes_a_tag(self, name: str, which: int) -> None:
        there = self.shelf.lists.get(name, [])
        if which < len(there):
            del there[which]
            self.shelf.locked.add(name)

    @rule()
    def plex_loses_everything(self) -> None:
        """As an item that Plex made anew, or emptied: nothing is left, locks included."""
        self.shelf.scalars.clear()
        self.shelf.lists.clear()
        self.shelf.locked.clear()

    @rule()
    def sync(self) -> None:
        before = self.shelf.read()
        edit, outcome = self.shelf.sync(self.item, self.outcome, self.policies)
        for name in SCALARS:
            self._check_scalar(name, before, edit)
        for name in LISTS:
            self._check_list(name, before.lists.get(name, ()), before.locked)
        assert plan.applied(edit, before, self.shelf.read()) == "all"
        self.outcome = outcome
        again, after = self.shelf.sync(self.item, outcome, self.policies)
        assert not again
        assert after == outcome
        turned = msgspec.structs.replace(self.item, **{name: getattr(self.item, name)[::-1] for name in LISTS})
        assert not plan.plan(turned, self.shelf.read(), plan.ours_of(outcome), self.policies)

    @rule()
    def killed_before_the_write(self) -> None:
        self._note_begun()
        self.outcome = self.shelf.begin(self.item, self.outcome, self.policies)

    @rule()
    def killed_after_the_write(self) -> None:
        edit = plan.plan(self.item, self.shelf.read(), plan.ours_of(self.outcome), self.policies)
        self._note_begun()
        self.outcome = self.shelf.begin(self.item, self.outcome, self.policies)
        self.shelf.apply(edit)

    def _note_begun(self) -> None:
        edit = plan.plan(self.item, self.shelf.read(), plan.ours_of(self.outcome), self.policies)
        for name, change in edit.scalars.items():
            self.ours[name] |= {change.value, self.shelf.stored(change.value)}
        for name, rewrite in edit.lists.items():
            self.begun[name] |= folded(e.name for e in rewrite.entries) - folded(self.shelf.names(name))

    def _check_scalar(self, name: str, shown: Current, edit: Edit) -> None:
        before, wanted, policy = shown.scalars.get(name, ""), getattr(self.item, name), self.policies[name]
        from_file = name == "title" and self.item.named_after_file
        mine = before in self.ours[name]
        after, expected = self.shelf.scalars.get(name, ""), before
        if policy.policy == "off" or name in self.item.unknown:
            pass
        elif not wanted:
            expected = "" if mine and name != "title" else before
        elif (policy.policy == "sync" and not from_file) or mine or not before:
            expected = self.shelf.stored(wanted)
        assert after == expected, f"{name}: {before!r} -> {after!r}, wanted {wanted!r} under {policy}"
        change = edit.scalars.get(name)
        lock = (policy.lock or name in shown.locked) and bool(wanted) and not from_file and name != "rating"
        assert change is None or change.lock == lock
        if change is not None and wanted:
            self.ours[name] = {wanted, after}
        else:
            self.ours[name] = {value for value in self.ours[name] if mine and after == self.shelf.stored(value)}

    def _check_photos(self, name: str, shown: tuple[Entry, ...], foreign: set[str]) -> None:
        """A photo that somebody else gave to an actor of theirs stays."""
        theirs = {entry.name: entry.thumb for entry in shown if fold(entry.name) in foreign and entry.thumb == "thumb"}
        assert theirs.items() <= {entry.name: entry.thumb for entry in self.shelf.lists.get(name, [])}.items()

    def _check_list(self, name: str, shown: tuple[Entry, ...], locked: frozenset[str]) -> None:
        policy, wanted, before = (
            self.policies[name].policy,
            folded(getattr(self.item, name)),
            folded(e.name for e in shown),
        )
        mine = before & (self.added[name] | self.begun[name])
        foreign = before - mine
        taken_out = (self.added[name] - self.begun[name] - before) & wanted if name in locked else set()
        if policy == "off" or (policy == "fill" and foreign):
            expected = before
        elif policy == "merge" or not wanted:
            expected = foreign | (wanted - taken_out) | (before & wanted)
        else:
            expected = wanted if policy == "sync" else wanted - taken_out
        after = folded(self.shelf.names(name))
        assert after == expected, f"{name}: {before} -> {after}, wanted {wanted} under {policy}"
        if policy != "sync":
            theirs = [(entry.name, entry.role) for entry in shown if fold(entry.name) in foreign]
            left = [(entry.name, entry.role) for entry in self.shelf.lists.get(name, [])]
            assert [entry for entry in left if entry in theirs] == theirs
            self._check_photos(name, shown, foreign)
        self.added[name] = (self.added[name] & (after | wanted)) | (self.begun[name] & after) | (after - before)
        self.begun[name] = set()


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=200, stateful_step_count=20, deadline=None)
