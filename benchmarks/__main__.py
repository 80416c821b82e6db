"""`./run bench [NAME] [--json]`: measure figures and say which bars they pass; exit 1 if one does not."""

from __future__ import annotations

import argparse
import operator
import sys
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks import bus
from benchmarks.harness import Figure, machine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GROUPS: Mapping[str, Callable[[Callable[[str], None]], dict[str, Figure]]] = {"bus": bus.figures}
COMPARE = {"<=": operator.le, ">=": operator.ge}


def passes(figure: Figure) -> bool:
    """Tell whether a figure passes its bar; one without a bar always does."""
    if not figure.limit:
        return True
    sign, number = figure.limit.split()
    return bool(COMPARE[sign](figure.value, float(number)))


def main() -> int:
    """Run the groups asked for."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(GROUPS), help="one group; all without it")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    progress = Console(stderr=True)
    figures: dict[str, Figure] = {}
    for name in [options.name] if options.name else sorted(GROUPS):
        figures |= GROUPS[name](progress.print)
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode({"machine": machine(), "figures": figures}) + b"\n")
    else:
        show(figures)
    return 0 if all(passes(figure) for figure in figures.values()) else 1


def show(figures: Mapping[str, Figure]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value", "unit", "bar", "passes")
    for name, figure in sorted(figures.items()):
        verdict = "" if not figure.limit else "yes" if passes(figure) else "NO"
        table.add_row(name, f"{figure.value:,}", figure.unit, figure.limit, verdict)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
