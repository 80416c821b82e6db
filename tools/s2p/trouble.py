"""Why a command ends without its answer, and the exit status for it. Pure.

0 done, or all is well · 1 refused, or something needs attention · 2 wrong call or settings · 3 the broker can't be
used · 4 nobody answers
"""

from __future__ import annotations

from typing import Final

NOT_WELL: Final = 1
WRONG_CALL: Final = 2
NO_BROKER: Final = 3
NO_ANSWER: Final = 4


class Trouble(Exception):
    """A failure that a person can do something about; the message says what, why and what to do."""

    def __init__(self, message: str, status: int = NOT_WELL) -> None:
        super().__init__(message)
        self.status = status


class NoBroker(Trouble):
    """The broker can't be reached, refuses us, or went away."""

    def __init__(self, message: str) -> None:
        super().__init__(message, NO_BROKER)


class NoAnswer(Trouble):
    """The broker is there, and the service that should answer is not."""

    def __init__(self, message: str) -> None:
        super().__init__(message, NO_ANSWER)
