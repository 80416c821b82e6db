"""Single criteria: GraphQL criterion inputs as tests over one value, with the meaning that they have in Stash's SQL.

NULL compares as in SQL: only IS_NULL and NOT_NULL (and a negated regular expression) can be true of it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from graphql import GraphQLError

Criterion = Mapping[str, Any]
Test = Callable[[Any], bool]

NUMERIC = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
BELOW_ALL = ""
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUALS": operator.eq,
    "NOT_EQUALS": operator.ne,
    "GREATER_THAN": operator.gt,
    "LESS_THAN": operator.lt,
}


def panic(message: str) -> GraphQLError:
    """Return the error that a panic in a resolver comes out as."""
    return GraphQLError(f"Internal system error. Error <{message}>")


def _ordered(criterion: Criterion, upper: Any, unsupported: str) -> Test:
    """Return the test that numbers and texts in an order share."""
    modifier, value = criterion["modifier"], criterion["value"]
    if modifier in COMPARISONS:
        compare = COMPARISONS[modifier]
        return lambda held: held is not None and compare(held, value)
    if modifier == "BETWEEN":
        return lambda held: held is not None and value <= held <= upper
    if modifier == "NOT_BETWEEN":
        return lambda held: held is not None and not value <= held <= upper
    if modifier == "IS_NULL":
        return lambda held: held is None
    if modifier == "NOT_NULL":
        return lambda held: held is not None
    raise panic(f"{unsupported}{modifier}")


def number(criterion: Criterion) -> Test:
    """Return the test of an IntCriterionInput; a missing `value2` is 0."""
    return _ordered(criterion, criterion.get("value2") or 0, "unsupported numeric modifier type ")


def timestamp(criterion: Criterion, tomorrow: str) -> Test:
    """Return the test of a TimestampCriterionInput: the value goes untouched into a comparison of texts.

    A value that looks like a number becomes one, and to SQLite a number is less than any text.
    """
    if criterion["modifier"] not in {*COMPARISONS, "BETWEEN", "NOT_BETWEEN", "IS_NULL", "NOT_NULL"}:
        raise panic("unsupported date modifier type")
    value2 = criterion.get("value2")
    upper = tomorrow if value2 is None else _affine(value2)
    return _ordered({**criterion, "value": _affine(criterion["value"])}, upper, "")


def _affine(value: str) -> str:
    """Return a text as a column of times holds it against its rows: below all of them if it is a number."""
    return BELOW_ALL if NUMERIC.fullmatch(value) else value


def date(criterion: Criterion, tomorrow: str) -> Test:
    """Return the test of a DateCriterionInput: a partial date is stored, and so compared, as its first day."""
    test = timestamp(criterion, tomorrow)
    return lambda held: test(f"{held}-01-01"[:10] if held and len(held) == 4 else f"{held}-01"[:10] if held else None)


@lru_cache(maxsize=256)
def _like(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
    return re.compile("".join(parts), re.DOTALL | re.IGNORECASE | re.ASCII)


def like(pattern: str, text: str | None) -> bool:
    """Return SQLite's `text LIKE pattern`: `%` and `_` are live, only ASCII letters match in either case."""
    return text is not None and _like(pattern).fullmatch(text) is not None


def _words(value: str) -> list[str]:
    """Return what INCLUDES and EXCLUDES look for: each word, or the whole value if it is in double quotes."""
    value = value.strip()
    quoted = value.strip('"')
    return value.split() or [""] if quoted == value else [quoted]


def _regex(value: str) -> re.Pattern[str]:
    try:
        return re.compile(value)
    except re.error as error:
        raise GraphQLError(f"error parsing regexp: {error}") from error


def string(criterion: Criterion) -> Test:
    """Return the test of a StringCriterionInput."""
    modifier, value = criterion["modifier"], criterion["value"]
    if modifier in {"INCLUDES", "EXCLUDES"}:
        patterns = [f"%{word}%" for word in _words(value)]
        if modifier == "INCLUDES":
            return lambda held: any(like(pattern, held) for pattern in patterns)
        return lambda held: held is not None and not any(like(pattern, held) for pattern in patterns)
    if modifier in {"MATCHES_REGEX", "NOT_MATCHES_REGEX"}:
        regex = _regex(value)
        if modifier == "MATCHES_REGEX":
            return lambda held: held is not None and regex.search(held) is not None
        return lambda held: held is None or regex.search(held) is None
    simple: dict[str, Test] = {
        "EQUALS": lambda held: like(value, held),
        "NOT_EQUALS": lambda held: held is not None and not like(value, held),
        "IS_NULL": lambda held: held is None or not held.strip(" "),
        "NOT_NULL": lambda held: held is not None and bool(held.strip(" ")),
    }
    if modifier not in simple:
        raise panic("unsupported string filter modifier")
    return simple[modifier]


def ids(values: Collection[str] | None) -> list[int]:
    """Return GraphQL ids as numbers, or the error of Go's strconv."""
    return [parse_id(value) for value in values or ()]


def parse_id(value: str) -> int:
    """Return one GraphQL id as a number."""
    if not re.fullmatch(r"[+-]?\d+", value):
        raise GraphQLError(f'strconv.Atoi: parsing "{value}": invalid syntax')
    return int(value)


def multi(criterion: Criterion, expand: Callable[[int], Collection[int]]) -> Callable[[Collection[int]], bool]:
    """Return the test of a (hierarchical) MultiCriterionInput over the ids that a row has.

    `expand` returns an id with all below it that count as it.
    """
    modifier = criterion["modifier"]
    if modifier == "IS_NULL":
        return lambda held: not held
    if modifier == "NOT_NULL":
        return bool
    wanted = [frozenset(expand(value)) for value in ids(criterion.get("value"))]
    excluded = frozenset(found for value in ids(criterion.get("excludes")) for found in expand(value))
    if modifier == "EXCLUDES":
        excluded, wanted = excluded.union(*wanted), []
    return _selection(modifier, wanted, excluded)


def _selection(
    modifier: str, wanted: list[frozenset[int]], excluded: frozenset[int]
) -> Callable[[Collection[int]], bool]:
    union = frozenset().union(*wanted)
    tests: dict[str, Callable[[Collection[int]], bool]] = {
        "INCLUDES": lambda held: not wanted or not union.isdisjoint(held),
        "EXCLUDES": lambda _held: True,
        "INCLUDES_ALL": lambda held: all(not one.isdisjoint(held) for one in wanted),
        "EQUALS": lambda held: len(held) == len(wanted) and all(not one.isdisjoint(held) for one in wanted),
    }
    if modifier not in tests:
        raise GraphQLError(f"invalid modifier {modifier}")
    test = tests[modifier]
    return lambda held: excluded.isdisjoint(held) and test(held)
