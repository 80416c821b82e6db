"""Single criteria: GraphQL criterion inputs as tests over one value, with the meaning that they have in Stash's SQL.

Logic has three values as there: a comparison with NULL is neither true nor false but None, and so is its negation.
An empty text is NULL: that is how Stash stores it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from graphql import GraphQLError

Criterion = Mapping[str, Any]
Test = Callable[[Any], bool | None]

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
        return lambda held: None if held is None else compare(held, value)
    if modifier == "BETWEEN":
        return lambda held: None if held is None else value <= held <= upper
    if modifier == "NOT_BETWEEN":
        return lambda held: None if held is None else not value <= held <= upper
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


def like(pattern: str, text: str | None) -> bool | None:
    """Return SQLite's `text LIKE pattern`: `%` and `_` are live, only ASCII letters match in either case."""
    return None if text is None else _like(pattern).fullmatch(text) is not None


def negated(truth: bool | None) -> bool | None:
    """Return SQL's NOT."""
    return None if truth is None else not truth


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
    test = _text(criterion["modifier"], criterion["value"])
    return lambda held: test(held or None)


def _text(modifier: str, value: str) -> Test:
    if modifier in {"INCLUDES", "EXCLUDES"}:
        patterns = [f"%{word}%" for word in _words(value)]
        if modifier == "INCLUDES":
            return lambda held: None if held is None else any(like(one, held) for one in patterns)
        return lambda held: None if held is None else not any(like(one, held) for one in patterns)
    if modifier in {"MATCHES_REGEX", "NOT_MATCHES_REGEX"}:
        regex = _regex(value)
        if modifier == "MATCHES_REGEX":
            return lambda held: held is not None and regex.search(held) is not None
        return lambda held: held is None or regex.search(held) is None
    simple: dict[str, Test] = {
        "EQUALS": lambda held: like(value, held),
        "NOT_EQUALS": lambda held: negated(like(value, held)),
        "IS_NULL": lambda held: held is None or not held.strip(" "),
        "NOT_NULL": lambda held: held is not None and bool(held.strip(" ")),
    }
    if modifier not in simple:
        raise panic("unsupported string filter modifier")
    return simple[modifier]
