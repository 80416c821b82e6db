"""Which groups there are, and whether a figure passes its bar."""

from __future__ import annotations

import importlib
import operator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from benchmarks.harness import Bench, Figure

FOLDER = Path(__file__).parent / "groups"
COMPARE = {"<=": operator.le, ">=": operator.ge}


class Group(Protocol):
    """A module below `groups`."""

    def figures(self, bench: Bench) -> dict[str, Figure]:
        """Measure all that it has."""


def groups(folder: Path = FOLDER) -> list[str]:
    """Return the names of all modules with figures."""
    return sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))


def chosen(name: str | None, known: list[str]) -> list[str]:
    """Return the modules that a NAME on the command line stands for, all without one; none where it is unknown."""
    return [one for one in known if name is None or one == name or one.startswith(f"{name}_")]


def load(name: str) -> Group:
    """Return a group's module."""
    return cast("Group", importlib.import_module(f"benchmarks.groups.{name}"))


def passes(figure: Figure) -> bool:
    """Tell whether a figure passes its bar; one without a bar always does."""
    if not figure.limit:
        return True
    sign, number = figure.limit.split()
    return bool(COMPARE[sign](figure.value, float(number)))
