"""Fills docs/performance.md from what was measured: `python -m benchmarks.page` after a run was kept.

`./run bench NAME --json >benchmarks/results/NAME.json` keeps a run. On the page a block `<!-- figures NAME -->` to
`<!-- end -->` becomes the table of that run, with its conditions; all else on the page is prose. A table of another
kind, `<!-- ancestor -->`, has what was measured of Stash2Plex 1.6.14.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "benchmarks" / "results"
BLOCK = re.compile(r"(<!-- (figures|ancestor) ?(\w*) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(page: str, results: Path = RESULTS) -> str:
    """Return the page with every block as its kept run has it."""

    def block(match: re.Match[str]) -> str:
        name = match[3] if match[2] == "figures" else "ancestor"
        path = results / f"{name}.json"
        if not path.exists():
            return f"{match[1]}Not measured yet: `./run bench {name}`.\n{match[4]}"
        found = json.loads(path.read_text("utf-8"))
        table = measured(found) if match[2] == "figures" else ancestor(found)
        return f"{match[1]}{table}\n{match[4]}"

    return BLOCK.sub(block, page)


def measured(found: dict[str, Any]) -> str:
    """Return the table of one run of `./run bench`."""
    rows = [
        f"| `{name}` | {number(figure['value'])} {unit(figure['unit'])} | {figure.get('limit', '') or '—'} | "
        f"{number(min(figure['runs']))} to {number(max(figure['runs']))}, {len(figure['runs'])} |"
        for name, figure in sorted(found["figures"].items())
    ]
    return "\n".join([conditions(found["machine"]), "", "| figure | median | bar | runs |", "|---|---|---|---|", *rows])


def conditions(machine: dict[str, Any]) -> str:
    """Return in one sentence what a run depends on beside the code."""
    return (
        f"{machine['cpus']} cores ({machine['processor']}), {machine.get('memory_gb', '?')} GB, {machine['system']}, "
        f"Python {machine['python']}, {machine['mosquitto']}; load average at the start {machine['load']}."
    )


def ancestor(found: dict[str, Any]) -> str:
    """Return the table of what was measured of the ancestor, beside the figure of ours that is about the same."""
    rows = [f"| {row['what']} | {row['value']} | {row['ours']} |" for row in found["rows"]]
    return "\n".join([found["conditions"], "", "| what | ancestor | here |", "|---|---|---|", *rows])


def number(value: float) -> str:
    """Return a number as people read it: three digits that count, thousands apart."""
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}"


def unit(name: str) -> str:
    """Return a unit; a quotient has none."""
    return "" if name == "1" else name


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
