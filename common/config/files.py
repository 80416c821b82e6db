"""The files that settings come from: one secret each, and the YAML file; what can't be read becomes a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from common.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

LIMIT: Final = 1_000_000


def read_secret(variable: str, path: str) -> str:
    """Return the secret in a file without the line's end; raises Misconfigured."""
    secret = _text(variable, path).rstrip("\r\n")
    if not secret.strip():
        raise Misconfigured([f"{variable} names {path}, which is empty. Write the secret into it."])
    return secret


def read_yaml(variable: str, path: str) -> dict[str, Any]:
    """Return the tree of keys in a YAML file without its empty values; raises Misconfigured."""
    text = _text(variable, path)
    try:
        tree = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise Misconfigured([f"{path} is no YAML: {_reason(error)}. Correct it there."]) from None
    if tree is not None and not isinstance(tree, dict):
        raise Misconfigured([f"{path} has no keys at its top. Write it like config.example.yaml."])
    return _given(tree or {})


def _text(variable: str, path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LIMIT + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        reason = f"can't be read: {error.strerror}. Mount it, or correct the path."
    except UnicodeDecodeError:
        reason = "is not UTF-8 text. Save it as UTF-8."
    else:
        if len(content) <= LIMIT:
            return text
        reason = f"has more than {LIMIT:,} bytes. Name the right file."
    raise Misconfigured([f"{variable} names {path}, which {reason}"])


def _reason(error: yaml.YAMLError) -> str:
    """Say what is wrong and where, without the line itself, which may hold a secret."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "it has characters that YAML does not allow"
    return f"{error.problem} in line {error.problem_mark.line + 1}"


class _Loader(yaml.SafeLoader):
    """YAML in which a key that is there twice is a mistake instead of the last one's victory."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        names = [name for name, _ in node.value if isinstance(name, yaml.ScalarNode)]
        for place, name in enumerate(names):
            if any(name.value == earlier.value for earlier in names[:place]):
                raise yaml.MarkedYAMLError(problem=f"{name.value} is there twice", problem_mark=name.start_mark)
        return super().construct_mapping(node, deep)


def _given(tree: Mapping[Hashable, Any]) -> dict[str, Any]:
    filled = {str(name): value for name, value in tree.items() if value is not None and value != ""}
    return {name: _given(value) if isinstance(value, dict) else value for name, value in filled.items()}
