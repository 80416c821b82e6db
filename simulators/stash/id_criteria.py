"""Criteria over the ids that a row is related to, with what EQUALS means to each kind (recorded from v0.30.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from graphql import GraphQLError

if TYPE_CHECKING:
    from simulators.stash.criteria import Criterion

Expand = Callable[[int], Collection[int]]
Held = Callable[[Collection[int]], bool]
# What EQUALS means: "exact" is these and no others (tags, performers, groups); "single" has EQUALS and NOT_EQUALS as
# other names of INCLUDES_ALL and EXCLUDES (studios); "plain" ignores what it does not understand, and `excludes`
# (galleries, parents of studios, scenes of markers); to "strict" it is an error (parents and children of tags).
Equality = Literal["exact", "single", "plain", "strict"]


def parse_id(value: str) -> int:
    """Return one GraphQL id as a number, or the error of Go's strconv."""
    if not re.fullmatch(r"[+-]?\d+", value):
        raise GraphQLError(f'strconv.Atoi: parsing "{value}": invalid syntax')
    return int(value)


@dataclass(frozen=True, slots=True)
class Selection:
    """A criterion taken apart: each wanted id and each excluded one with all below it that count as it."""

    modifier: str
    wanted: list[frozenset[int]]
    excluded: frozenset[int]

    def selects(self, held: Collection[int]) -> bool:
        """Say whether a row that is related to `held` is selected."""
        if not self.excluded.isdisjoint(held):
            return False
        hits = sum(not one.isdisjoint(held) for one in self.wanted)
        if not self.wanted or self.modifier not in {"INCLUDES", "INCLUDES_ALL", "EQUALS"}:
            return True
        if self.modifier == "INCLUDES":
            return hits > 0
        return hits == len(self.wanted) and (self.modifier != "EQUALS" or len(held) == hits)


def multi(criterion: Criterion, expand: Expand, equality: Equality, noun: str = "multi criterion input") -> Held:
    """Return the test of a (hierarchical) MultiCriterionInput; `expand` returns an id with all below it."""
    modifier = str(criterion["modifier"])
    if modifier == "IS_NULL":
        return lambda held: not held
    if modifier == "NOT_NULL":
        return bool
    modifier = _meant(modifier, equality)
    values = [frozenset(expand(parse_id(value))) for value in criterion.get("value") or ()]
    excludes = () if equality == "plain" else criterion.get("excludes") or ()
    excluded = frozenset(found for value in excludes for found in expand(parse_id(value)))
    if modifier == "NOT_EQUALS" and equality == "exact" and values:
        raise GraphQLError(f"not equals modifier is not supported for {noun}")
    if modifier == "EXCLUDES":
        return Selection(modifier, [], excluded.union(*values)).selects
    if equality == "single" and modifier == "INCLUDES_ALL" and len(values) > 1:
        return lambda _held: False
    return Selection(modifier, values, excluded).selects


def _meant(modifier: str, equality: Equality) -> str:
    if equality == "single":
        return {"EQUALS": "INCLUDES_ALL", "NOT_EQUALS": "EXCLUDES"}.get(modifier, modifier)
    if modifier in {"INCLUDES", "INCLUDES_ALL", "EXCLUDES"} or equality == "exact":
        return modifier
    if equality == "strict":
        raise GraphQLError(f"invalid modifier {modifier}")
    return "ignored"
