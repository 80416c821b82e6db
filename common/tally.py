"""What a load of a retained table is worth: rows counted against what its owner says, and rows against memory. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from common.messages import Stamp

Verdict = Literal["complete", "unknown", "short", "suspect"]


class Counted(NamedTuple):
    """What a table's owner says of it: how many rows up to which stamp, and whether it is still filling it."""

    stamp: Stamp
    rows: int
    loading: bool


class Loaded(NamedTuple):
    """How a load went; only when `complete` may the absence of a row be taken as its absence from the table."""

    rows: int
    verdict: Verdict
    counted: Counted | None


def judge(rows: int, counted: Counted | None, before: Loaded | None) -> Verdict:
    """Say what a load is worth, given what the owner counted and how the load before it went.

    Without an owner's count, or while it is loading, nothing can be said. Too few rows twice at one stamp are
    `suspect`: the broker leaves rows out (Mosquitto does so above `max_queued_messages`, 1,000 by default).
    """
    if counted is None or counted.loading:
        return "unknown"
    if rows >= counted.rows:
        return "complete"
    same = before is not None and before.counted is not None and before.counted.stamp == counted.stamp
    return "suspect" if same else "short"


def differing(found: Mapping[int, bytes], kept: Mapping[int, bytes], besides: Collection[int]) -> set[int]:
    """Return the keys whose row on the broker is not the one that its owner keeps; those `besides` are not judged."""
    both = found.keys() | kept.keys()
    return {key for key in both if key not in besides and found.get(key) != kept.get(key)}
