"""One answer, two notations: PMS renders the same tree as XML by default and as JSON when asked (recorded, 1.43.1)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Value = str | int | float | bool

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)
# JSON has these as one object, everything else as a list (recorded, 1.43.1)
_SINGLE = frozenset({"UltraBlurColors"})


@dataclass(slots=True)
class Element:
    """A node with typed attributes; `json_name` is its name in JSON where that differs, as Video and Metadata do.

    `lists` names children that JSON shows as a list even when there is none.
    """

    name: str
    attributes: dict[str, Value]
    children: list[Element] = field(default_factory=list)
    json_name: str = ""
    lists: tuple[str, ...] = ()


def to_xml(root: Element) -> bytes:
    """Return the document of `root`; booleans are 1 and 0."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    _write(root, lines)
    lines.append("")
    return "\n".join(lines).encode(errors="replace")


def _write(element: Element, lines: list[str]) -> None:
    attributes = "".join([f' {name}="{_text(value)}"' for name, value in element.attributes.items()])
    if not element.children:
        lines.append(f"<{element.name}{attributes} />")
        return
    lines.append(f"<{element.name}{attributes}>")
    for child in element.children:
        _write(child, lines)
    lines.append(f"</{element.name}>")


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return str(int(value)) if isinstance(value, bool) else str(value)


def to_json(root: Element) -> bytes:
    """Return `{"<root>": {...}}`: attributes with their types, children grouped by name."""
    return json.dumps({root.name: _plain(root)}, ensure_ascii=False).encode(errors="replace")


def _plain(element: Element) -> dict[str, Any]:
    found: dict[str, Any] = dict(element.attributes) | {name: [] for name in element.lists}
    for child in element.children:
        name = child.json_name or child.name
        if name in _SINGLE:
            found[name] = _plain(child)
        else:
            found.setdefault(name, []).append(_plain(child))
    return found
