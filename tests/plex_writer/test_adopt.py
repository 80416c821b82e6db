"""What adopting takes for ours, and that it takes nothing away that Stash has no word on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.item import Item
from common.options import DEFAULT_FIELDS, FieldPolicy, Policy
from services.plex_writer.adopt import adopted, left_alone
from services.plex_writer.plan import LISTS, SCALARS, Current, Entry, Ours, plan

FILL = dict(DEFAULT_FIELDS) | {name: FieldPolicy("fill") for name in (*SCALARS, *LISTS)}

texts = st.sampled_from(["", "a", "b"])
names = st.lists(st.sampled_from(["x", "y", "z"]), max_size=3, unique=True)
items = st.builds(
    Item,
    **dict.fromkeys(SCALARS, texts),
    **{name: names.map(tuple) for name in LISTS},
    named_after_file=st.booleans(),
)
shown = st.builds(
    lambda scalars, lists: Current(
        rating_key="1", section="1", scalars=scalars, lists={n: tuple(map(Entry, e)) for n, e in lists.items()}
    ),
    st.fixed_dictionaries({}, optional=dict.fromkeys(SCALARS, texts)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(LISTS, names)),
)
policies = st.fixed_dictionaries(
    {name: st.sampled_from([FieldPolicy("sync"), FieldPolicy("fill"), FieldPolicy("off")]) for name in SCALARS}
    | {name: st.sampled_from([FieldPolicy("sync"), FieldPolicy("fill"), FieldPolicy("merge")]) for name in LISTS}
)


def test_a_differing_field_under_fill_is_left_alone_and_told_until_it_is_adopted() -> None:
    item, current = Item(title="Stash", tags=("x",)), Current(rating_key="1", section="1", scalars={"title": "Plex"})
    assert left_alone(item, current, Ours(), FILL) == ["title"]
    assert "title" not in plan(item, current, Ours(), FILL).scalars
    taken = adopted(item, current, Ours(), FILL)
    assert plan(item, current, taken, FILL).scalars["title"].value == "Stash"
    assert left_alone(item, current, taken, FILL) == []


@pytest.mark.parametrize("policy", ["merge", "fill", "sync"])
def test_an_entry_that_stash_has_as_well_goes_with_stash_once_it_is_adopted(policy: Policy) -> None:
    fields = FILL | {"tags": FieldPolicy(policy)}
    current = Current(rating_key="1", section="1", lists={"tags": (Entry("Ours"), Entry("Theirs"))})
    taken = adopted(Item(tags=("ours",)), current, Ours(), fields)
    later = plan(Item(), current, taken, fields)
    kept = [entry.name for entry in later.lists["tags"].entries] if later.lists else ["Ours", "Theirs"]
    assert kept == {"merge": ["Theirs"], "sync": ["Theirs"], "fill": []}[policy]


def test_a_title_from_a_file_name_never_takes_the_place_of_another() -> None:
    item = Item(title="file", named_after_file=True)
    current = Current(rating_key="1", section="1", scalars={"title": "Given by Plex"})
    taken = adopted(item, current, Ours(), FILL)
    assert not plan(item, current, taken, FILL)


@given(items, shown, policies)
def test_adopting_clears_nothing_that_stash_has_no_value_for(
    item: Item, current: Current, fields: dict[str, FieldPolicy]
) -> None:
    edit = plan(item, current, adopted(item, current, Ours(), fields), fields)
    assert all(change.value for change in edit.scalars.values())
    for name, rewrite in edit.lists.items():
        assert getattr(item, name)
        if fields[name].policy == "merge":
            assert not rewrite.remove


@given(items, shown, policies)
def test_what_is_adopted_is_not_left_alone_any_more(
    item: Item, current: Current, fields: dict[str, FieldPolicy]
) -> None:
    assert left_alone(item, current, adopted(item, current, Ours(), fields), fields) == []
