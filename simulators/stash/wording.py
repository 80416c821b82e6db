"""GraphQL's errors in the words of Stash's server (gqlgen and gqlparser, recorded from v0.30.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from graphql import GraphQLError

PARSE_FAILED, VALIDATION_FAILED = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
WORDS = (
    (r"^Syntax Error: (.*)\.$", r"\1"),
    (
        r'^Expected value of type "(\w+)!?" not to include unknown field "(\w+)"\.(.*?)(?: Found: .*)?$',
        r'Field "\2" is not defined by type "\1".\3',
    ),
)
MISSING = re.compile(r"^Variable '\$(\w+)' has invalid value: Expected a value of non-null type")
UNKNOWN = re.compile(r"^Variable '\$(\w+)'.* not to include unknown field '(\w+)'")
WRONG = re.compile(r"^Variable '\$(\w+)'")


def refused(errors: Iterable[GraphQLError], code: str) -> dict[str, Any]:
    """Return the body of a 422: the document was not run."""
    return {"errors": [{**_told(error), "extensions": {"code": code}} for error in errors], "data": None}


def failed(error: GraphQLError) -> dict[str, Any]:
    """Return an error of a resolver, which has a path and no place."""
    return {"message": error.message, "path": error.path}


def _told(error: GraphQLError) -> dict[str, Any]:
    for pattern, words in ((MISSING, "must be defined"), (UNKNOWN, "unknown field"), (WRONG, "cannot use value")):
        variable = pattern.match(error.message)
        if variable:
            return {"message": words, "path": ["variable", *variable.groups()]}
    message = error.message.replace("'", '"')
    for found, words in WORDS:
        message = re.sub(found, words, message)
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {"message": message, **({"locations": places} if places else {})}
