"""The failures the services tell apart; anything else is a bug and ends the process.

S2PError
├── Misconfigured        settings or path rules are wrong: name them all, exit 2
├── Unavailable          the other side is away or unwell: wait and try again, charge nothing to an item
│   └── Unauthorized     it answers, but not to our key or token: pause and say so
├── Rejected             this one thing was refused: record it and go on
│   └── NotFound         this one thing does not exist (any more)
├── Undecodable          a payload that is not ours or of an unknown version: count it, never guess
└── Incompatible         a query does not fit the other side's schema: report it, the other queries go on
"""

from __future__ import annotations


class S2PError(Exception):
    """Base of every failure that the services expect."""


class Misconfigured(S2PError):
    """Settings are wrong; `problems` has one sentence for each mistake, naming the setting."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Unavailable(S2PError):
    """The other side can't serve anybody now; the message says what was asked and what came back."""


class Unauthorized(Unavailable):
    """The other side refuses our key or token."""


class Rejected(S2PError):
    """The other side works and refuses this one thing."""


class NotFound(Rejected):
    """The one thing asked for does not exist."""


class Undecodable(S2PError):
    """A payload that can't be read as what its topic promises."""


class Incompatible(S2PError):
    """A query that the other side's schema does not know."""
