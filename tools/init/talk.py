"""Asks a person at a terminal, or takes what the options and the environment say; tells what was found."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Unanswered(Exception):
    """Something has to be known, and nobody is there to ask; the message names the option that says it."""


class Talk:
    """One conversation; where nobody is at the terminal, or with `quiet`, defaults are taken."""

    def __init__(self, *, quiet: bool) -> None:
        self.asks = not quiet and sys.stdin.isatty()

    def say(self, text: str = "") -> None:
        """Tell something."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def ask(self, question: str, default: str, option: str, *, secret: bool = False) -> str:
        """Return the answer, or the default for an empty one; raises Unanswered where there is neither."""
        if not self.asks:
            if not default:
                raise Unanswered(f"{question} is not known, and nobody is there to ask: give {option}.")
            return default
        shown = "" if not default else f" [{'as set' if secret else default}]"
        read: Callable[[str], str] = getpass.getpass if secret else input
        while not (answer := read(f"{question}{shown}: ").strip() or default):
            self.say(f"  It has to be known; {option} gives it too.")
        return answer

    def choose(self, question: str, default: str) -> str:
        """Return the answer, which may be empty; the default where nobody is there to ask."""
        if not self.asks:
            return default
        answer = input(f"{question}{f' [{default}]' if default else ''}: ").strip()
        return "" if answer == "-" else answer or default

    def agree(self, question: str, *, default: bool) -> bool:
        """Return whether the person agrees."""
        if not self.asks:
            return default
        answer = input(f"{question} [{'Y/n' if default else 'y/N'}]: ").strip().lower()
        return answer.startswith("y") if answer else default
