"""What can go wrong with a Stash, on order: which requests a fault takes, and for how often or how long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

STATUSES = {"500": 500, "502": 502, "503": 503, "401": 401, "302": 302, "403": 403}
KINDS = {
    *STATUSES,
    "down",  # the connection is closed without an answer
    "http",  # any other `status`
    "422",  # the schema lacks `field`, as "Scene.urls" or "Query.findGroups"
    "locked",  # GraphQL's "database is locked"
    "slow",  # the answer comes `delay_ms` later
    "truncated",  # JSON that ends in the middle, as a whole HTTP answer
    "cut",  # the connection closes in the middle of the answer
    "html",  # 200 with a web page, as from a proxy
    "hang",  # no answer for `for_s` seconds (an hour), or until the client leaves; then the connection closes
    "hold",  # no answer until released, `when` "before" or "after" the execution
    "status",  # systemStatus says `value`: SETUP or NEEDS_MIGRATION, and there is no database
}
STANDING = {"422", "status"}
NEEDS = {"http": "status", "422": "field", "status": "value"}


class BadFault(Exception):
    """A fault that there is not; the message says what there is."""


@dataclass(slots=True)
class Fault:
    """One fault in force: for `count` requests, until the monotonic time `until`, or for good."""

    kind: str
    options: dict[str, Any]
    match: str | None = None
    count: int | None = None
    until: float | None = None

    def takes(self, operation: str) -> bool:
        """Say whether this fault is for a request of that operation."""
        return self.match is None or self.match == operation

    def over(self) -> bool:
        """Say whether this fault has had its time."""
        return self.count == 0 or (self.until is not None and time.monotonic() >= self.until)


@dataclass(slots=True)
class Faults:
    """The faults in force, the oldest first; a request is taken by the first that fits."""

    active: list[Fault] = field(default_factory=list)

    def add(self, given: dict[str, Any]) -> None:
        """Put a fault in force, or end all with the kind `clear`."""
        kind = str(given.get("kind"))
        if kind == "clear":
            self.active.clear()
            return
        if kind not in KINDS:
            raise BadFault(f"no fault {kind}; there are: {', '.join(sorted(KINDS))}, clear")
        if kind in NEEDS and NEEDS[kind] not in given:
            raise BadFault(f"the fault {kind} needs {NEEDS[kind]}")
        options = {name: value for name, value in given.items() if name not in {"kind", "match", "count", "seconds"}}
        until = time.monotonic() + given["seconds"] if given.get("seconds") else None
        self.active.append(Fault(kind, options, given.get("match"), given.get("count"), until))

    def take(self, operation: str) -> Fault | None:
        """Return the fault that a request of this operation meets, and count it."""
        self.active = [fault for fault in self.active if not fault.over()]
        found = next((one for one in self.active if one.kind not in STANDING and one.takes(operation)), None)
        if found and found.count is not None:
            found.count -= 1
        return found

    def missing_fields(self) -> frozenset[str]:
        """Return the fields that the schema is to lack now."""
        return frozenset(str(one.options["field"]) for one in self.active if one.kind == "422" and not one.over())

    def system_status(self) -> str:
        """Return what systemStatus says now."""
        found = [one for one in self.active if one.kind == "status" and not one.over()]
        return str(found[-1].options["value"]) if found else "OK"
