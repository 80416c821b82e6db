"""`./run bench [NAME] [--full] [--json]`: measure figures and say which bars they pass; exit 1 if one does not."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.catalogue import chosen, groups, load, passes
from benchmarks.harness import Bench, Figure
from benchmarks.machine import machine

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME_LIMIT = 360


def main() -> int:
    """Run the groups asked for."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("name", nargs="?", help=f"one group, all without it: {', '.join(groups())}")
    parser.add_argument("--full", action="store_true", help="measure what takes longer than 6 minutes, too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    names = chosen(options.name, groups())
    if not names:
        parser.error(f"there is no group {options.name}; there are {', '.join(groups())}")
    progress = Console(stderr=True)
    begun, facts = time.monotonic(), machine()
    figures: dict[str, Figure] = {}
    for name in names:
        figures |= load(name).figures(Bench(progress.print, options.full))
    took = time.monotonic() - begun
    late = f", which should take {NAME_LIMIT} s at most" if options.name and not options.full else ""
    progress.print(f"{' '.join(names)}: {took:.0f} s{late if took > NAME_LIMIT else ''}")
    if options.json:
        sys.stdout.buffer.write(msgspec.json.encode({"machine": facts, "figures": figures}) + b"\n")
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
