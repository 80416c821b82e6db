"""Runs GraphQL over a database: parse and validate once a text, execute, and answer as Stash's GraphQL server does.

A document that does not fit the schema is HTTP 422, an error while resolving is HTTP 200 with `errors` (source v0.30).
"""

from __future__ import annotations

import json
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute_sync,
    parse,
    validate,
)
from graphql.execution import get_variable_values

from simulators.stash import schema
from simulators.stash.entity_fields import ENTITY_FIELDS
from simulators.stash.finders import QUERY
from simulators.stash.scene_fields import SCENE_FIELDS
from simulators.stash.wording import PARSE_FAILED, VALIDATION_FAILED, failed, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.stash.asked import Asked

DOCUMENTS = 1000


class Answer(NamedTuple):
    """An HTTP status with a body."""

    status: int
    body: bytes


class Prepared(NamedTuple):
    """A text with what became of it: a document, or the errors with their code."""

    document: DocumentNode | None
    errors: list[GraphQLError]
    code: str = ""


def operation_name(request: Mapping[str, Any]) -> str:
    """Return the operation's name as counted and matched: as given, else as in the text, else its first field."""
    return str(request.get("operationName") or _name_in(str(request.get("query") or "")))


@lru_cache(maxsize=DOCUMENTS)
def _name_in(text: str) -> str:
    try:
        definitions = parse(text, no_location=True).definitions
    except GraphQLError:
        return "unreadable"
    for definition in definitions:
        if isinstance(definition, OperationDefinitionNode):
            fields = [one for one in definition.selection_set.selections if isinstance(one, FieldNode)]
            return definition.name.value if definition.name else fields[0].name.value if fields else "anonymous"
    return "anonymous"


class Engine:
    """The schema of one version, less the fields in `without`, with its cache of documents."""

    def __init__(self, version: str, without: frozenset[str] = frozenset()) -> None:
        resolvers = {"Query": QUERY, **SCENE_FIELDS, **ENTITY_FIELDS}
        self.schema: GraphQLSchema = schema.build(version, resolvers, without)
        self._documents: OrderedDict[str, Prepared] = OrderedDict()

    def answer(self, request: Mapping[str, Any], asked: Asked) -> Answer:
        """Run the `query` of a request with its `variables` and `operationName`."""
        prepared = self._prepare(str(request.get("query") or ""))
        if prepared.document is None:
            return Answer(422, encode(refused(prepared.errors, prepared.code)))
        variables, name = request.get("variables") or {}, request.get("operationName")
        wrong = self._wrong_variables(prepared.document, variables, name)
        if wrong:
            return Answer(422, encode(refused(wrong, VALIDATION_FAILED)))
        result = execute_sync(self.schema, prepared.document, None, asked, variables, name)
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body = {"errors": [failed(error) for error in result.errors], "data": result.data}
        return Answer(200, encode(body))

    def _prepare(self, text: str) -> Prepared:
        if text in self._documents:
            self._documents.move_to_end(text)
            return self._documents[text]
        prepared = self._documents[text] = self._parse(text)
        if len(self._documents) > DOCUMENTS:
            self._documents.popitem(last=False)
        return prepared

    def _parse(self, text: str) -> Prepared:
        if not text.strip():
            return Prepared(None, [GraphQLError("no operation provided")], VALIDATION_FAILED)
        try:
            document = parse(text)
        except GraphQLError as error:
            return Prepared(None, [error], PARSE_FAILED)
        errors = validate(self.schema, document)
        return Prepared(None if errors else document, errors, VALIDATION_FAILED)

    def _wrong_variables(
        self, document: DocumentNode, variables: Mapping[str, Any], name: str | None
    ) -> list[GraphQLError]:
        operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        chosen = [one for one in operations if name is None or (one.name and one.name.value == name)]
        if not chosen or (name is None and len(chosen) > 1):
            return [GraphQLError(f"operation {name or ''} not found")]
        values = get_variable_values(self.schema, list(chosen[0].variable_definitions or ()), dict(variables))
        return values if isinstance(values, list) else []


def encode(value: Any) -> bytes:
    """Return JSON as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
