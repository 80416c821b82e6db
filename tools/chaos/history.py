"""The shortest story around a violation: edits, faults, writes and the bus, from where it can have begun. Pure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.chaos.record import Record
    from tools.chaos.scalars import Violation

BEFORE: Final = 3.0
LINES: Final = 60
SHOWN: Final = 10
WIDTH: Final = 220


def report(record: Record, violations: Sequence[Violation]) -> str:
    """Return the violations with their stories, the first few in full."""
    ordered = sorted(violations, key=lambda one: (one.kind != "overwritten", one.scene, one.field))
    parts = [f"{one.kind}: {_name(one)}: {one.text}" for one in ordered]
    told: set[int] = set()
    for one in ordered:
        if one.scene not in told and len(told) < SHOWN:
            told.add(one.scene)
            parts.append("\n".join([f"--- history: {_name(one)}: {one.text}", *story(record, one)]))
    return "\n".join(parts)


def story(record: Record, violation: Violation) -> list[str]:
    """Return the lines of one scene's history, oldest first, from shortly before the trouble can have begun."""
    since = _since(record, violation) - BEFORE
    found = [(told.at, told.text) for told in record.told[violation.scene]]
    found += [(told.at, told.text) for told in record.told[0] if violation.scene]
    found += [(write.at, _write(write.by, write.after)) for write in record.writes.get(violation.key, ())]
    lines = [f"{_clock(at)}  {text[:WIDTH]}" for at, text in sorted(found) if at >= since]
    faults = [f"{_clock(one.at)}  {one.kind} was about" for one in record.struck if one.at < since <= one.until]
    return [*faults, *lines[-LINES:]]


def _since(record: Record, violation: Violation) -> float:
    """Return when the trouble began: at the violation's own clue, or with the scene's last changes."""
    versions = record.versions.get(violation.scene, [])
    moments = [version.at for version in versions[-2:] if version.at]
    return min([*moments, *([violation.since] if violation.since else [])], default=0.0)


def _write(by: str, after: dict[str, object]) -> str:
    return f"Plex: write by {by}: " + ", ".join(f"{name}={value!r}" for name, value in after.items())


def _name(violation: Violation) -> str:
    scene = f"scene {violation.scene} " if violation.scene else ""
    item = f" (item {violation.key})" if violation.key else ""
    return f"{scene}{violation.field}{item}"


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at)) + f".{int(at % 1 * 1000):03}"
