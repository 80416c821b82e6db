"""How the demo is shown: calm and live in a terminal, plain lines where it is piped."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.demo.compare import Difference

    Part = str | tuple[str, str]

WIDTH = 96
BAR = 40
QUOTED = 46
INDENT = "    "
KEPT = ("  ✓ ", "bold green")
BROKEN = ("  ✗ ", "bold red")
BELOW = INDENT
PLAIN_STEPS = 4
FIGURE = 5


class Meter:
    """A figure that is shown while it changes; piped, only every so often."""

    def __init__(self, label: str, total: int, live: Live | None, console: Console) -> None:
        self._label = label
        self._total = total
        self._live = live
        self._console = console
        self._told = 0

    def show(self, value: int, note: str = "") -> None:
        """Show the figure as it is now, with a note beside it."""
        if self._live is not None:
            self._live.update(self._line(value, note))
        elif value * PLAIN_STEPS // self._total > self._told:
            self._told = value * PLAIN_STEPS // self._total
            self._console.print(
                f"{INDENT}{self._label} {value} of {self._total}{note and '   ' + note}", soft_wrap=True
            )

    def _line(self, value: int, note: str) -> Table:
        line = Table.grid(padding=(0, 2, 0, 0))
        bar = ProgressBar(self._total, value, width=BAR, style="grey37", complete_style="cyan", finished_style="cyan")
        line.add_row(f"{INDENT}{self._label}", bar, f"{value:>{FIGURE}} of {self._total}", Text(note, "dim"))
        return line


class Screen:
    """One column of short lines, at most WIDTH wide; `live` tells whether somebody watches in a terminal."""

    def __init__(self) -> None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")
        console = Console(highlight=False)
        self.live = console.is_terminal
        self._console = Console(highlight=False, width=min(console.width, WIDTH)) if self.live else console
        self._chapters = 0

    def title(self, text: str, below: str) -> None:
        """Show what this is."""
        self._line("", margin="")
        self._line((text, "bold"), margin="")
        self._line((below, "dim"), margin="")

    def chapter(self, text: str) -> None:
        """Begin the next chapter."""
        self._chapters += 1
        self.heading(f"{self._chapters}. {text}")

    def heading(self, text: str) -> None:
        """Begin a part that is no chapter."""
        self._line("", margin="")
        self._line((text, "bold cyan"), margin="")

    def say(self, text: str) -> None:
        """Tell what happens."""
        self._line(text)

    def aside(self, text: str) -> None:
        """Tell how it comes about, or where it can be seen."""
        self._line((text, "dim"))

    def change(self, where: str, before: str, after: str, note: str = "") -> None:
        """Show a value before and after."""
        self._line(
            f"{where:<6} ", (quoted(before), "dim"), " → ", (quoted(after), "bold"), (note and f"  {note}", "cyan")
        )

    def exchange(self, who: str, said: str, note: str = "") -> None:
        """Show what one says to another."""
        self._line(f"{who:<6} ", said, (note and f"  {note}", "cyan"))

    def kept(self, text: str) -> None:
        """Tell that a promise was kept."""
        self._line(text, margin=KEPT)

    def broken(self, expected: str, seen: str, where: str) -> None:
        """Tell that a promise was not kept, and where to look for the reason."""
        self._line("", margin="")
        self._line(("This was expected: ", "bold"), expected, margin=BROKEN)
        self._line(("This was seen:     ", "bold"), seen, margin=BELOW)
        self._line(("The logs are in:   ", "bold"), where, margin=BELOW)

    def difference(self, difference: Difference) -> None:
        """Show one field that differs."""
        self._line(f"scene {difference.scene}, {difference.field}", margin=BROKEN)
        self._line(f"Stash: {difference.stash!r}", margin=BELOW)
        self._line(f"Plex:  {difference.plex!r}", margin=BELOW)

    def paste(self, command: str) -> None:
        """Show a command to copy; it is never broken into lines."""
        self._console.print(Text(f"{INDENT}{command}", "cyan"), soft_wrap=True)

    @contextlib.contextmanager
    def meter(self, label: str, total: int) -> Iterator[Meter]:
        """Show a figure while it changes; what it ended with is for the chapter to say."""
        if not self.live:
            yield Meter(label, total, None, self._console)
            return
        with Live(console=self._console, transient=True, refresh_per_second=20) as live:
            meter = Meter(label, total, live, self._console)
            meter.show(0)
            yield meter

    def _line(self, *parts: Part, margin: Part = INDENT) -> None:
        """Print one sentence; in a terminal its further lines stand below its first, right of the margin."""
        head, body = Text.assemble(margin), Text.assemble(*parts)
        if not (self.live and head):
            self._console.print(head + body, soft_wrap=True)
            return
        grid = Table.grid()
        grid.add_column(width=len(head))
        grid.add_row(head, body)
        self._console.print(grid)


def quoted(text: str) -> str:
    """Return a value in quotes, shortened to what fits beside another."""
    return f"“{text if len(text) <= QUOTED else text[: QUOTED - 1] + '…'}”"
