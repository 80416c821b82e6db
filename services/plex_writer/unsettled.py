"""What a comparison of desired with reported decides, scene by scene and for the table as a whole. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from common.tally import Loaded, judge
from services.plex_writer import settle

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable

    from common.messages import Outcome, Scene, Stamp
    from common.tally import Counted

Finding = Literal["settled", "unsettled", "waits"]


def compared(scene: Scene, outcome: Outcome | None, want: str, now: dt.datetime) -> Finding:
    """Say whether a scene has to be handled; one that `waits` only if its file is in Plex meanwhile.

    A scene older than the one handled is left alone: the broker has forgotten something, and its owner will tell.
    """
    if settle.is_stale(scene, outcome):
        return "settled"
    if settle.dirty_because(scene, outcome, want, now) is not None:
        return "unsettled"
    return "waits" if outcome is not None and outcome.state == "waiting" else "settled"


def absent(loaded: Loaded, missing: Iterable[tuple[int, Stamp]]) -> set[int]:
    """Return which of the scenes missing from a load, with the stamps that were handled, are gone from the table.

    None unless the load was complete. A scene handled at a larger stamp than the table's owner tells of is not missed:
    a broker that came back from an older copy has never heard of it, and what we wrote must not be forgotten for that.
    """
    if loaded.verdict != "complete" or loaded.counted is None:
        return set()
    newest = loaded.counted.stamp
    return {scene_id for scene_id, stamp in missing if stamp <= newest}


def tells_of(counted: Counted, loaded: Loaded, undecided: Collection[tuple[int, Stamp]]) -> bool:
    """Tell whether what the table's owner says now makes any of the scenes that a load left `undecided` gone.

    The load may have come between a removal and the count that tells of it, and nothing else would call for another.
    """
    return bool(absent(Loaded(loaded.rows, judge(loaded.rows, counted, None), counted), undecided))


def too_many(gone: int, known: int) -> bool:
    """Tell whether so many scenes missing at once look like a broken table rather than like removals."""
    return gone > max(20, min(1_000, known // 2))


def suspicion(loaded: Loaded, gone: int, known: int) -> str:
    """Return in one sentence why the table can't be trusted, with the setting to change; empty when it can."""
    if loaded.verdict == "suspect" and loaded.counted is not None:
        return (
            f"the broker sends {loaded.rows} of {loaded.counted.rows} retained scenes; raise its max_queued_messages "
            "(Mosquitto: 1000 by default) to more than the number of scenes"
        )
    if too_many(gone, known):
        return (
            f"{gone} of {known} scenes are missing at once; their outcomes are kept until `s2p reconcile --confirm` "
            "says that they are gone"
        )
    return ""
