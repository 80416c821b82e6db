"""The three-way plan, whatever is wanted, shown and recorded: what always holds."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.item import Item
from common.messages import ItemOutcome
from common.options import FieldPolicy
from services.plex_writer import plan
from services.plex_writer.forms import entry_hash, fold, value_hash
from services.plex_writer.plan import LISTS, SCALARS, Current, Edit
from tests.plex_writer.shelf import Shelf, TagMode, entries

MODES: tuple[TagMode, ...] = ("add", "replace")

texts = st.sampled_from(["", "a", "A", " a", "b", "c d", "\u00e9", "e\u0301"])
tags = st.sampled_from(["x", "X", "y", "z", "u, v", "Stra\u00dfe", "STRASSE"])
tag_lists = st.lists(tags, max_size=4)
wrotes = st.fixed_dictionaries(
    {},
    optional={
        name: st.one_of(texts.map(value_hash), st.tuples(texts, texts).map(lambda p: ">".join(map(value_hash, p))))
        for name in SCALARS
    }
    | {name: tag_lists.map(lambda names: tuple(map(entry_hash, names))) for name in LISTS},
)
intents = st.fixed_dictionaries(
    {},
    optional={name: st.lists(texts.map(value_hash)).map(tuple) for name in SCALARS}
    | {name: tag_lists.map(lambda names: tuple(map(entry_hash, names))) for name in LISTS},
)
records = st.builds(ItemOutcome, state=st.just("unsure"), want=st.just(""), wrote=wrotes, intent=st.none() | intents)
items = st.builds(
    Item,
    **dict.fromkeys(SCALARS, texts),
    **{name: tag_lists.map(tuple) for name in LISTS},
    named_after_file=st.booleans(),
)


def _shelves(*, picky: bool) -> st.SearchStrategy[Shelf]:
    names = st.lists(tags, max_size=4, unique_by=str.casefold if picky else str)
    return st.builds(
        Shelf,
        st.sampled_from(MODES),
        st.just(picky),
        st.fixed_dictionaries({}, optional=dict.fromkeys(SCALARS, texts)),
        st.fixed_dictionaries({}, optional=dict.fromkeys(LISTS, names.map(lambda found: entries(*found)))),
        st.sets(st.sampled_from([*SCALARS, *LISTS])),
    )


shelves = _shelves(picky=False) | _shelves(picky=True)
policy_sets = st.fixed_dictionaries(
    {name: st.builds(FieldPolicy, st.sampled_from(["sync", "fill", "off"]), st.booleans()) for name in SCALARS}
    | {name: st.builds(FieldPolicy, st.sampled_from(["sync", "fill", "merge", "off"]), st.booleans()) for name in LISTS}
)


@given(items, shelves, records, policy_sets)
def test_whatever_was_the_plan_after_it_is_empty(
    item: Item, shelf: Shelf, record: ItemOutcome, fields: dict[str, FieldPolicy]
) -> None:
    """Total over any record at all; applied and recorded, there is nothing left to do, in both tag modes."""
    before = shelf.read()
    edit, outcome = shelf.sync(item, record, fields)
    assert plan.applied(edit, before, shelf.read()) == "all"
    again, after = shelf.sync(item, outcome, fields)
    assert not again
    assert after == outcome


@given(items, shelves, records, policy_sets)
def test_the_tag_mode_of_plex_makes_no_difference(
    item: Item, shelf: Shelf, record: ItemOutcome, fields: dict[str, FieldPolicy]
) -> None:
    results = []
    for mode in MODES:
        twin = Shelf(
            mode, shelf.picky, dict(shelf.scalars), {n: list(e) for n, e in shelf.lists.items()}, set(shelf.locked)
        )
        _, outcome = twin.sync(item, record, fields)
        results.append((outcome, twin.scalars, {name: set(twin.names(name)) for name in LISTS}, twin.locked))
    assert results[0] == results[1]


@given(items, shelves, records, policy_sets)
def test_order_never_matters(item: Item, shelf: Shelf, record: ItemOutcome, fields: dict[str, FieldPolicy]) -> None:
    """Neither Stash's order nor Plex's decides what is written; a list in another order is the same list."""
    ours = plan.ours_of(record)
    shown = shelf.read()
    turned_item = msgspec.structs.replace(item, **{name: getattr(item, name)[::-1] for name in LISTS})
    turned = Current(
        rating_key="1",
        section="1",
        scalars=shown.scalars,
        lists={n: e[::-1] for n, e in shown.lists.items()},
        locked=shown.locked,
    )
    assert _sets(plan.plan(turned_item, turned, ours, fields)) == _sets(plan.plan(item, shown, ours, fields))


@given(items, shelves, records)
def test_a_field_that_is_off_or_unknown_is_never_touched(item: Item, shelf: Shelf, record: ItemOutcome) -> None:
    shown, ours = shelf.read(), plan.ours_of(record)
    off = dict.fromkeys([*SCALARS, *LISTS], FieldPolicy("off"))
    sync = dict.fromkeys([*SCALARS, *LISTS], FieldPolicy("sync"))
    assert not plan.plan(item, shown, ours, off)
    assert not plan.plan(msgspec.structs.replace(item, unknown=(*SCALARS, *LISTS)), shown, ours, sync)


@pytest.mark.parametrize(
    ("one", "other"), [("A", "a"), (" a  b ", "A b"), ("e\u0301", "\u00e9"), ("Stra\u00dfe", "STRASSE")]
)
def test_forms_that_plex_takes_for_one_tag(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert entry_hash(one) == entry_hash(other)


@given(st.text(), st.text())
def test_folding_is_steady(one: str, other: str) -> None:
    assert fold(fold(one)) == fold(one)
    assert (entry_hash(one) == entry_hash(other)) == (fold(one) == fold(other))


def _sets(edit: Edit) -> object:
    lists = {
        name: (frozenset(fold(e.name) for e in r.entries), frozenset(r.remove), r.lock)
        for name, r in edit.lists.items()
    }
    return edit.scalars, lists
