"""Builds the GraphQL schema of one Stash version from the SDL subset in `sdl/`.

`@since(v:)` marks what came with a version, `@outdated(v:, reason:)` what is deprecated from a version on; both are
resolved here, so a client sees by introspection and by validation exactly what that version has.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import (
    REMOVE,
    ConstArgumentNode,
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    NameNode,
    Visitor,
    build_ast_schema,
    parse,
    visit,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from graphql import DocumentNode, Node

SDL = Path(__file__).with_name("sdl")


def version_tuple(text: str) -> tuple[int, ...]:
    """Return `0.30.1` or `v0.30.1-19-gcf3489e` as numbers that compare."""
    return tuple(int(part) for part in text.removeprefix("v").split("-")[0].split("."))


def document() -> DocumentNode:
    """Return the whole subset, all versions in one."""
    return parse("\n".join(path.read_text(encoding="utf-8") for path in sorted(SDL.glob("*.graphql"))))


class _Variant(Visitor):
    """Drops what is younger than `version` or named in `without`, and resolves our two directives."""

    def __init__(self, version: tuple[int, ...], without: Collection[str]) -> None:
        super().__init__()
        self.version = version
        self.without = without

    def enter(self, node: Node, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]) -> Any:
        if isinstance(node, DirectiveDefinitionNode) and node.name.value in {"since", "outdated"}:
            return REMOVE
        since = self._argument(node, "since", "v")
        if since and version_tuple(since) > self.version:
            return REMOVE
        owner = next((a.name.value for a in reversed(ancestors) if getattr(a, "fields", None)), "")
        name = getattr(getattr(node, "name", None), "value", "")
        return REMOVE if owner and f"{owner}.{name}" in self.without else None

    def leave_directive(self, node: ConstDirectiveNode, *_: Any) -> Any:
        if node.name.value == "since":
            return REMOVE
        if node.name.value != "outdated":
            return None
        given = {argument.name.value: argument for argument in node.arguments or ()}
        if version_tuple(_text(given["v"])) > self.version:
            return REMOVE
        return ConstDirectiveNode(name=NameNode(value="deprecated"), arguments=(given["reason"],))

    @staticmethod
    def _argument(node: Node, directive: str, argument: str) -> str | None:
        for found in getattr(node, "directives", None) or ():
            if found.name.value == directive:
                return next(str(a.value.value) for a in found.arguments if a.name.value == argument)
        return None


def _text(argument: ConstArgumentNode) -> str:
    """Return an argument that is a string."""
    return str(getattr(argument.value, "value", ""))


def build(
    version: str, resolvers: Mapping[str, Mapping[str, Callable[..., Any]]], without: Collection[str] = ()
) -> GraphQLSchema:
    """Return the schema of `version` with its resolvers; `without` takes fields away, as `Scene.urls`."""
    variant = visit(document(), _Variant(version_tuple(version), without))
    schema = build_ast_schema(variant)
    for type_name, fields in resolvers.items():
        kind = schema.type_map.get(type_name)
        if isinstance(kind, GraphQLObjectType):
            for name, resolve in fields.items():
                if name in kind.fields:
                    kind.fields[name].resolve = resolve
    files = schema.type_map.get("BaseFile")
    if isinstance(files, GraphQLInterfaceType):
        files.resolve_type = lambda *_: "VideoFile"
    return schema
