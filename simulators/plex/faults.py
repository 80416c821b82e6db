"""The ways in which a Plex can be unwell, as rules that a request meets or does not."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

Kind = Literal[
    "down",
    "status",
    "maintenance",
    "startup",
    "unauthorized",
    "truncated",
    "html",
    "hang",
    "slow",
    "reset",
    "late-commit",
    "sqlite-busy",
    "hold",
]
_ANYWHERE = frozenset({"down", "maintenance", "startup"})


@dataclass(slots=True)
class Fault:
    """One rule. It ends after `count` requests or at `until` (monotonic), whichever is given; else when cleared.

    `match` is a pattern over "METHOD /route/{pattern}" with `*`. `commit`: the request is carried out although its
    answer is spoilt. `ms` for slow and sqlite-busy. `delay`: seconds from a request's arrival to its late commit,
    whether its client still waits or not. A hold waits `when` before or after the commit until released or over, and
    then goes on as if nothing had been, client or not. What hangs is cut off when its client leaves or the fault ends.
    """

    id: int
    kind: Kind
    match: str = "*"
    key: str | None = None
    count: int | None = None
    until: float | None = None
    status: int = 500
    body: str | None = None
    ms: float = 2000.0
    delay: float = 5.0
    commit: bool = False
    when: Literal["before", "after"] = "before"
    hits: int = 0

    def over(self, at: float) -> bool:
        """Return whether the rule has ended at the time `at`."""
        return (self.count is not None and self.hits >= self.count) or (self.until is not None and at >= self.until)

    def meets(self, request_kind: str, keys: frozenset[str]) -> bool:
        """Return whether a request of this kind about these rating keys is affected."""
        return fnmatchcase(request_kind, self.match) and (self.key is None or self.key in keys)


@dataclass(slots=True)
class Faults:
    """The rules in force, oldest first; the first that a request meets decides."""

    rules: list[Fault] = field(default_factory=list)
    made: int = 0

    def add(self, wanted: dict[str, Any]) -> Fault:
        """Add the rule that the control API was given; raises ValueError when it makes no sense."""
        given = dict(wanted)
        kind = given.pop("kind", None)
        if kind not in get_args(Kind):
            raise ValueError(f"kind is one of {', '.join(get_args(Kind))}, or clear")
        seconds, key = given.pop("seconds", None), given.pop("ratingKey", None)
        unknown = given.keys() - {"match", "count", "status", "body", "ms", "delay", "commit", "when"}
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}")
        self.made += 1
        until = None if seconds is None else time.monotonic() + seconds
        fault = Fault(self.made, kind, key=None if key is None else str(key), until=until, **given)
        fault.commit = fault.commit or kind == "truncated"
        self.rules.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> None:
        """End all rules, or the one with this id."""
        self.rules = [rule for rule in self.rules if fault_id is not None and rule.id != fault_id]

    def take(self, request_kind: str, keys: frozenset[str], *, scanning: bool) -> Fault | None:
        """Return the rule that a request meets, and count it; busy SQLite is only felt by writes during a scan."""
        at = time.monotonic()
        self.rules = [rule for rule in self.rules if not rule.over(at)]
        for rule in self.rules:
            felt = rule.kind != "sqlite-busy" or (scanning and not request_kind.startswith("GET "))
            if felt and rule.meets(request_kind, keys):
                rule.hits += 1
                return rule
        return None

    def down(self) -> bool:
        """Return whether the whole server is away now."""
        at = time.monotonic()
        return any(
            rule.kind in _ANYWHERE and rule.match == "*" and rule.key is None and not rule.over(at)
            for rule in self.rules
        )


MAINTENANCE = "Plex Media Server is currently running database migrations."
STARTUP = "Plex Media Server is currently running startup maintenance tasks."
