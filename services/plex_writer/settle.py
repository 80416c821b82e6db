"""When a scene is settled and what its outcome says; pure functions from a scene and its outcome to the next one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from common.messages import ItemOutcome, Outcome, OutcomeState, Scene

if TYPE_CHECKING:
    from collections.abc import Mapping

ASIDE = (60.0, 300.0, 1_800.0)
ENDINGS = 3
UNSURE = (120.0, 600.0)
FIRST_WAIT = 300.0
DAY = 86_400.0

Reason = Literal["new", "another", "changed", "begun", "due"]


def dirty_because(scene: Scene, outcome: Outcome | None, want: str, now: dt.datetime) -> Reason | None:
    """Say why a scene has to be handled, or None when its outcome settles it.

    A scene that waits is settled until its time comes: what wakes it is its file in Plex.
    """
    if outcome is None:
        return "new"
    if outcome.born != scene.born:
        return "another"
    if outcome.want != want:
        return "changed"
    if is_begun(outcome):
        return "begun"
    if outcome.due is not None and dt.datetime.fromisoformat(outcome.due) <= now:
        return "due"
    return None


def is_begun(outcome: Outcome) -> bool:
    """Tell whether a write was begun of which no end is recorded."""
    return any(item.intent is not None for item in outcome.items.values())


def may_still_change(outcome: Outcome) -> bool:
    """Tell whether a write may still land on what Plex shows: it was left open, or has looks to come (`due`)."""
    return is_begun(outcome) or (outcome.state == "synced" and outcome.due is not None)


def is_stale(scene: Scene, outcome: Outcome | None) -> bool:
    """Tell whether a scene is older than what was handled already, as after a broker came back from an older copy."""
    return outcome is not None and scene.stamp < outcome.stamp


def begin(scene: Scene, want: str, before: Outcome | None, now: dt.datetime) -> Outcome:
    """Return the outcome that a scene's handling starts from; another scene under the same id inherits nothing."""
    if before is None or before.born != scene.born:
        return Outcome(
            id=scene.id,
            epoch=scene.epoch,
            seq=scene.seq,
            born=scene.born,
            rev=scene.rev,
            want=want,
            state="waiting",
            at=_text(now),
        )
    return msgspec.structs.replace(before, epoch=scene.epoch, seq=scene.seq, rev=scene.rev, at=_text(now))


def ended(
    outcome: Outcome,
    state: OutcomeState,
    detail: str,
    *,
    want: str,
    now: dt.datetime,
    items: Mapping[str, ItemOutcome] | None = None,
    due_in: float | None = None,
) -> Outcome:
    """Return the outcome of a handling that came to an end, good or bad; `items` replace those known."""
    return msgspec.structs.replace(
        outcome,
        state=state,
        detail=detail,
        want=want,
        items=dict(outcome.items if items is None else items),
        attempts=0,
        due=None if due_in is None else _text(now + dt.timedelta(seconds=due_in)),
        at=_text(now),
    )


def waiting(outcome: Outcome, detail: str, *, want: str, now: dt.datetime) -> Outcome:
    """Return the outcome of a scene that Plex does not have; it is asked for less and less often, down to daily.

    What is known of an item that it had stays: a file that was moved turns up in the same item, and what we wrote to
    it would otherwise be taken for a person's. Nothing is to be read again there before that.
    """
    waited = outcome.state == "waiting" and outcome.due is not None and outcome.want == want
    again = outcome.attempts + 1 if waited else 0
    delay = min(DAY, FIRST_WAIT * 2.0 ** min(again, 20))
    items = {
        key: msgspec.structs.replace(item, state="failed") if item.state == "unsure" else item
        for key, item in outcome.items.items()
    }
    done = ended(outcome, "waiting", detail, want=want, now=now, items=items, due_in=delay)
    return msgspec.structs.replace(done, attempts=again)


def found(outcome: Outcome) -> Outcome:
    """Return the outcome of a scene whose item turned up: how often it waited is no failure of a write."""
    waited = outcome.state == "waiting" and not any(item.state == "unsure" for item in outcome.items.values())
    return msgspec.structs.replace(outcome, attempts=0) if waited else outcome


def owned(outcome: Outcome) -> set[str]:
    """Return the rating keys that this scene writes; a memory of items from before it waited gives no claim."""
    if outcome.state in {"synced", "failed"}:
        return set(outcome.items)
    if outcome.state == "waiting":
        return {key for key, item in outcome.items.items() if item.state == "unsure"}
    return set()


def given_up(before: Outcome | None, outcome: Outcome) -> set[str]:
    """Return the rating keys that a scene no longer writes."""
    return set() if before is None else owned(before) - owned(outcome)


def blamed(outcome: Outcome, why: str, *, want: str, now: dt.datetime) -> tuple[Outcome, float]:
    """Charge a failure to one scene while Plex is well; return its outcome and the seconds until the next attempt.

    After 1, 5 and 30 minutes it is `failed`, and tried again after a time that grows to a day. Until then an outcome
    goes on telling of what was written last, and its `want` says so; a scene of which nothing was has `failed` at once.
    """
    waited = outcome.state == "waiting"
    attempts = 1 if waited else outcome.attempts + 1
    beyond = attempts - len(ASIDE)
    delay = ASIDE[attempts - 1] if beyond <= 0 else min(DAY, ASIDE[-1] * 2.0 ** min(beyond, 20))
    if beyond > 0 or waited or not outcome.items:
        charged = ended(outcome, "failed", why, want=want, now=now, due_in=delay)
    else:
        charged = ended(outcome, outcome.state, why, want=outcome.want, now=now, due_in=delay)
    return msgspec.structs.replace(charged, attempts=attempts), delay


def unsure(outcome: Outcome, items: Mapping[str, ItemOutcome], *, want: str, now: dt.datetime) -> Outcome:
    """Return the outcome of a write that Plex took and does not show; after three looks in vain it is `failed`."""
    attempts = outcome.attempts + 1
    if attempts <= len(UNSURE):
        detail = "Plex does not show all that was written yet; it is read again in a few minutes."
        looked = ended(outcome, "waiting", detail, want=want, now=now, items=items)
        return msgspec.structs.replace(looked, attempts=attempts)
    given_up = {
        key: msgspec.structs.replace(item, state="failed", intent=None) if item.state == "unsure" else item
        for key, item in items.items()
    }
    detail = "Plex took the write and does not show all of it; it is tried again in a day."
    return ended(outcome, "failed", detail, want=want, now=now, items=given_up, due_in=DAY)


def left_open(outcome: Outcome, now: dt.datetime) -> tuple[Outcome, float]:
    """Count that a process ended in the middle of this scene's write; return its outcome, and the seconds to leave it.

    A scene that ends the writer each time would otherwise keep it from all others: from the third time on it comes
    after them, in 1, 5 and 30 minutes and then after a time that grows to a day.
    """
    attempts = outcome.attempts + 1
    beyond = attempts - ENDINGS
    if beyond < 0:
        return msgspec.structs.replace(outcome, attempts=attempts), 0.0
    delay = ASIDE[beyond] if beyond < len(ASIDE) else min(DAY, ASIDE[-1] * 2.0 ** min(beyond - len(ASIDE) + 1, 20))
    detail = f"The writer ended {attempts} times in the middle of writing this scene; it is set aside for a while."
    counted = msgspec.structs.replace(outcome, attempts=attempts, detail=detail, at=_text(now))
    return due(counted, now, delay), delay


def due(outcome: Outcome, now: dt.datetime, delay: float) -> Outcome:
    """Return the outcome with a time, `delay` seconds from now, at which Plex is looked at again."""
    return msgspec.structs.replace(outcome, due=_text(now + dt.timedelta(seconds=delay)))


def looked_for_good(outcome: Outcome) -> Outcome:
    """Return the outcome of a scene that needs no further look: what had no answer is not expected any more."""
    items = {key: msgspec.structs.replace(item, late=None) for key, item in outcome.items.items()}
    return msgspec.structs.replace(outcome, items=items)


def seconds_until_due(outcome: Outcome, now: dt.datetime) -> float | None:
    """Return how long a scene that is settled may rest, at most a day whatever the clocks said; None without a due.

    Scenes that wait for their file have a due time too, but are woken by the file.
    """
    if outcome.due is None or outcome.state == "waiting":
        return None
    return min(DAY, max(0.0, (dt.datetime.fromisoformat(outcome.due) - now).total_seconds()))


def look_again(looks: int) -> float | None:
    """Return the seconds until a write that was unanswered, or is not shown, is read again: 2 and 10 minutes."""
    return UNSURE[looks] if looks < len(UNSURE) else None


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
