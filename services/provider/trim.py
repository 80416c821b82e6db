"""Leaving parts of an answer out, as a request asks (Plex's "Response Customization"). Pure.

`…Fields` name attributes and `…Elements` arrays or objects, whose names begin with a capital. What is required of an
object always stays: Plex calls these parameters requests, and could do nothing with an object without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES: Final = ("includeFields", "excludeFields", "includeElements", "excludeElements")
KEPT: Final = frozenset({"ratingKey", "key", "guid", "type", "title", "originallyAvailableAt", "score"})


class Trim(msgspec.Struct, frozen=True):
    """What to leave out; an empty `include…` includes all."""

    include_fields: frozenset[str] = frozenset()
    exclude_fields: frozenset[str] = frozenset()
    include_elements: frozenset[str] = frozenset()
    exclude_elements: frozenset[str] = frozenset()

    def keeps(self, name: str) -> bool:
        """Tell whether an attribute, array or object of this name stays."""
        if name in KEPT:
            return True
        is_element = name[:1].isupper()
        included = self.include_elements if is_element else self.include_fields
        excluded = self.exclude_elements if is_element else self.exclude_fields
        return (not included or name in included) and name not in excluded


def trim_of(parameter: Callable[[str], str]) -> Trim | None:
    """Return what the parameters of a request, looked up by name, ask for; None without any."""
    given = [frozenset(part.strip() for part in parameter(name).split(",") if part.strip()) for name in NAMES]
    return Trim(*given) if any(given) else None


def trimmed(container: msgspec.Struct, trim: Trim) -> dict[str, Any]:
    """Return a container of metadata as plain data, with its objects trimmed."""
    plain: dict[str, Any] = msgspec.to_builtins(container)
    content = plain["MediaContainer"]
    content["Metadata"] = [{name: one[name] for name in one if trim.keeps(name)} for one in content["Metadata"]]
    return plain
