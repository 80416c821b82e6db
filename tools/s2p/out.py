"""Where a command prints: colours and live screens on a terminal, plain lines in a pipe, one JSON with --json."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from rich.status import Status

__all__ = ["Out", "escape"]


class Out:
    """Prints for one command; what is said beside the answer goes to standard error."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.console = Console(highlight=False, soft_wrap=True)
        self.beside = Console(stderr=True, highlight=False, soft_wrap=True)

    @property
    def live(self) -> bool:
        """Whether a person watches."""
        return self.console.is_terminal and not self.as_json

    def line(self, markup: str = "") -> None:
        """Print one line for people; values in it have to be escaped."""
        if not self.as_json:
            self.console.print(markup, soft_wrap=True)

    def data(self, payload: object) -> None:
        """Print the whole answer as JSON, if JSON is wanted."""
        if self.as_json:
            sys.stdout.write(json.dumps(plain(payload), ensure_ascii=False) + "\n")
            sys.stdout.flush()

    def say(self, text: str) -> None:
        """Tell a person something that is not the answer."""
        self.beside.print(escape(text), soft_wrap=True)

    def fail(self, text: str, status: int) -> None:
        """Tell why there is no answer."""
        self.data({"error": text, "status": status})
        if not self.as_json:
            self.beside.print(f"[bold red]s2p:[/] {escape(text)}", soft_wrap=True)

    def busy(self, text: str) -> Status:
        """Return a context in which a spinner with a text turns, on a terminal."""
        return self.beside.status(escape(text))


def plain(payload: object) -> Any:
    """Return payloads as plain JSON values."""
    return msgspec.to_builtins(payload)
