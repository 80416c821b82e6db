"""How criteria become one test over a row: the building blocks of every filter, and AND, OR and NOT.

`filter_fields` says with them what each field of each filter means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from simulators.stash import criteria
from simulators.stash.id_criteria import multi

if TYPE_CHECKING:
    from simulators.stash.criteria import Criterion
    from simulators.stash.database import Database
    from simulators.stash.id_criteria import Equality
    from simulators.stash.model import Row

Select = Callable[[Any], bool | None]
Make = Callable[[Any, "Source"], Select]


@dataclass(frozen=True, slots=True)
class Source:
    """What a filter needs beside its criteria: the rows, and what Stash takes for a missing upper bound."""

    db: Database
    tomorrow: str


def combine(fields: Mapping[str, Make], given: Mapping[str, Any], source: Source) -> Select:
    """Return the test of one filter with its AND, OR or NOT, of which a level has at most one."""
    operators = [name for name in ("AND", "OR", "NOT") if given.get(name) is not None]
    if len(operators) > 1:
        raise GraphQLError(f"cannot have {operators[0]} and {operators[1]} in the same filter")
    criterions = [(name, value) for name, value in given.items() if name in fields and value is not None]
    own = _all(fields[name](value, source) for name, value in criterions)
    if not operators:
        return own
    other = combine(fields, given[operators[0]], source)
    if operators[0] == "NOT":
        return _all([own, lambda row: criteria.negated(other(row))])
    if operators[0] == "OR" and criterions:
        return lambda row: own(row) or other(row)
    return _all([own, other])


def _all(tests: Iterable[Select]) -> Select:
    """Return SQL's AND: false if any is false, else unknown if any is."""
    chain = list(tests)
    if len(chain) == 1:
        return chain[0]

    def every(row: Any) -> bool | None:
        known = True
        for test in chain:
            truth = test(row)
            if truth is False:
                return False
            known = known and truth is not None
        return True if known else None

    return every


def column(name: str, make: Callable[[Criterion], Select]) -> Make:
    """Return the criterion over an attribute of the row."""

    def build(criterion: Criterion, _source: Source) -> Select:
        test = make(criterion)
        return lambda row: test(getattr(row, name))

    return build


def time(name: str, make: Callable[[Criterion, str], Select] = criteria.timestamp) -> Make:
    """Return the criterion over a time or date."""

    def build(criterion: Criterion, source: Source) -> Select:
        test = make(criterion, source.tomorrow)
        return lambda row: test(getattr(row, name))

    return build


def count(name: str) -> Make:
    """Return the criterion over how many a row has of something."""

    def build(criterion: Criterion, _source: Source) -> Select:
        test = criteria.number(criterion)
        return lambda row: test(len(getattr(row, name)))

    return build


def flag(name: str) -> Make:
    """Return the criterion over a Boolean."""
    return lambda wanted, _source: lambda row: getattr(row, name) is wanted


def children_of(rows: Iterable[Row], parents: Callable[[Any], Iterable[int]]) -> dict[int, list[int]]:
    """Return the ids directly below each id."""
    below: dict[int, list[int]] = {}
    for row in rows:
        for parent in parents(row):
            below.setdefault(parent, []).append(row.id)
    return below


def below(kind: str, source: Source, depth: int) -> Callable[[int], set[int]]:
    """Return what expands an id by `depth` levels of sub-tags, sub-studios or sub-groups; -1 takes all levels."""
    db = source.db
    if kind == "tags":
        children = children_of(db.tags.rows.values(), lambda tag: tag.parent_ids)
    elif kind == "studios":
        children = children_of(db.studios.rows.values(), lambda studio: [studio.parent_id] if studio.parent_id else [])
    else:
        children = {row.id: list(row.sub_group_ids) for row in db.groups.rows.values()}

    return lambda root: descend(children, root, depth)


def descend(children: Mapping[int, Iterable[int]], root: int, depth: int) -> set[int]:
    """Return a row with what is up to `depth` levels below it; -1 takes all levels."""
    found, level, left = {root}, [root], depth
    while level and left != 0:
        level = [child for parent in level for child in children.get(parent, ()) if child not in found]
        found.update(level)
        left -= 1
    return found


def related(held: Callable[[Any], Iterable[int]], equality: Equality, kind: str | None = None) -> Make:
    """Return the criterion over related ids; `kind` names the hierarchy that `depth` walks down."""
    noun = "hierarchical multi criterion input" if kind else "multi criterion input"

    def build(criterion: Criterion, source: Source) -> Select:
        depth = criterion.get("depth") or 0
        if depth and equality == "exact" and criterion["modifier"] == "EQUALS":
            raise GraphQLError(f"depth is not supported for equals modifier in {noun}")
        expand = below(kind, source, depth) if kind and depth else lambda value: {value}
        test = multi(criterion, expand, equality, noun)
        return lambda row: test(tuple(held(row)))

    return build


def sub(fields: Callable[[], Mapping[str, Make]], table: str, held: Callable[[Any], Iterable[int]]) -> Make:
    """Return a related filter: any related row that the sub-filter selects will do."""

    def build(given: Mapping[str, Any], source: Source) -> Select:
        test = combine(fields(), given, source)
        selected = {row.id for row in getattr(source.db, table).rows.values() if test(row)}
        return lambda row: not selected.isdisjoint(held(row))

    return build
