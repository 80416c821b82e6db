"""Which modules a tree of Python has, what they import and what they do when imported, by their syntax alone."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# what may stand at the top of a module or class: nothing that runs a loop, opens a file or calls for its effect
DECLARATIVE = (
    ast.Import
    | ast.ImportFrom
    | ast.FunctionDef
    | ast.AsyncFunctionDef
    | ast.ClassDef
    | ast.Assign
    | ast.AnnAssign
    | ast.Pass
)


@dataclass(frozen=True)
class Module:
    """One module of the project: its dotted name and its source."""

    name: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.source)

    @property
    def is_pure(self) -> bool:
        """Whether the module's docstring promises that it is pure."""
        return re.search(r"\bpure\b", ast.get_docstring(self.tree) or "", re.IGNORECASE) is not None

    def imports(self, *, at_run_time: bool = False) -> set[str]:
        """Return every module that is imported anywhere; `from a import b` is both `a` and `a.b`.

        What is imported for type checking only is left out `at_run_time`.
        """
        found = set()
        for node in _nodes(self.tree, types_too=not at_run_time):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = "." * node.level + (node.module or "")
                found |= {base} | {f"{base}.{alias.name}" for alias in node.names}
        return found

    def calls(self) -> set[str]:
        """Return what is called, as written: `open`, `dt.datetime.now`; not what a field's default calls."""
        defaults = {
            part
            for node in ast.walk(self.tree)
            if isinstance(node, ast.keyword) and node.arg == "default_factory"
            for part in ast.walk(node)
        }
        return {ast.unparse(n.func) for n in ast.walk(self.tree) if isinstance(n, ast.Call) and n not in defaults}

    def at_import(self) -> Iterator[str]:
        """Yield what happens when the module is imported and is no declaration, with its line."""
        yield from _happening(self.tree.body)


def modules_below(root: Path, *packages: str) -> dict[str, Module]:
    """Return all modules of the packages that are there, by name."""
    found = {}
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            found[name] = Module(name, path.read_text("utf-8"))
    return found


def _nodes(tree: ast.AST, *, types_too: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        yield node
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        if types_too or not for_types:
            yield from _nodes(node, types_too=types_too)


def _happening(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "__name__ == '__main__'":
            continue
        if isinstance(statement, ast.If):
            yield from _happening([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.ClassDef):
            yield from _happening(statement.body)
        elif not isinstance(statement, DECLARATIVE):
            yield f"line {statement.lineno}: {ast.unparse(statement).splitlines()[0]}"
