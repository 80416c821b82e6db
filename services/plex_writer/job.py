"""One scene on its way through the lane, step by step: open, aim, announce, conclude. Pure: each step is a decision.

The lane gathers what a step needs and applies what it decides, so that whatever may be lost between two steps can be
played through without a broker or a Plex.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from common import messages
from common.errors import Undecodable
from common.item import Item, item_of, want
from common.messages import ItemOutcome, Outcome, Scene
from common.text import ELLIPSIS
from services.plex_writer import plan, settle
from services.plex_writer.adopt import adopted, left_alone
from services.plex_writer.forms import fold, value_hash
from services.plex_writer.match import STRENGTH, Claim

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping, Sequence

    from common.messages import Found
    from common.options import FieldPolicy, Options
    from services.plex_writer.dirty import Ticket
    from services.plex_writer.match import Verdict

CANDIDATES: Final = 10
HINTS: Final = 3


@dataclass(slots=True)
class Target:
    """One Plex item of a scene: as read, what of it is ours, and what is to be written."""

    current: plan.Current
    ours: plan.Ours
    edit: plan.Edit
    found: Found = "path"
    refused: str = ""
    sent: bool = False

    @property
    def notes(self) -> list[str]:
        """Plain sentences on what of it could not be written as wanted."""
        return [
            f"{count} more {name} find no room in one request to Plex beside those that are there"
            for name, count in self.edit.left_out.items()
        ]


@dataclass(slots=True)
class Job:
    """One scene being handled; `reason` is why it had to be, None when its outcome settles it already.

    With `adopt` a person has said that what its items show is ours. `tied` are items of which only a person can say
    which one is the scene's; `near` those that have but a file of the same name.
    """

    ticket: Ticket
    scene: Scene
    item: Item
    want: str
    outcome: Outcome
    reason: settle.Reason | None
    adopt: bool = False
    targets: list[Target] = field(default_factory=list)
    tied: Sequence[plan.Current] = ()
    near: Sequence[plan.Current] = ()

    def claim(self, found: Found) -> Claim:
        """Return its claim to an item that was found so."""
        return Claim(STRENGTH[found], self.scene.stamp, self.scene.id)

    @property
    def strongest(self) -> Claim:
        """Its claim to the item that it has most right to; scenes are handled in this order."""
        return max((self.claim(target.found) for target in self.targets), default=self.claim("hash"))

    def refuse(self, why: str) -> None:
        """Let none of its items be written."""
        for target in self.targets:
            target.refused = why


def read_scene(scene_id: int, row: bytes) -> Scene:
    """Return the scene of a topic's row; raises Undecodable for one that is not ours or another topic's."""
    scene = messages.decode(Scene, row)
    if scene.id != scene_id:
        raise Undecodable(f"it says that it is scene {scene.id}")
    return scene


def opened(
    ticket: Ticket, scene: Scene, before: Outcome | None, *, options: Options, fingerprint: str, now: dt.datetime
) -> Job:
    """Return the job that a scene, read just now, and its outcome call for; `fingerprint` is that of the options."""
    item = item_of(scene, options)
    wanted = want(item, fingerprint)
    reason = settle.dirty_because(scene, before, wanted, now)
    return Job(ticket, scene, item, wanted, settle.begin(scene, wanted, before, now), reason)


def without_plex(job: Job, now: dt.datetime) -> Outcome | None:
    """Return the outcome of a scene that needs no look at Plex, or None."""
    if job.item.skipped and not settle.is_begun(job.outcome):
        return skipped(job, {}, now)
    return job.outcome if job.reason is None and not job.ticket.look else None


def skipped(job: Job, shown: Mapping[str, plan.Current], now: dt.datetime) -> Outcome:
    """Return the outcome of a scene that is kept from Plex; `shown` tells what became of writes that were begun."""
    items = {key: _closed(job, known, shown.get(key)) for key, known in job.outcome.items.items()}
    detail = f"Not written: {job.item.skipped}."
    return settle.ended(job.outcome, "skipped", detail, want=job.want, now=now, items=items)


def aim(job: Job, verdict: Verdict, options: Options) -> None:
    """Plan for each of a scene's items as they were just read."""
    job.tied = verdict.tied
    for current, found in verdict.found:
        ours = plan.ours_of(job.outcome.items.get(current.rating_key))
        if job.adopt:
            ours = adopted(job.item, current, ours, options.fields)
        job.targets.append(Target(current, ours, plan.plan(job.item, current, ours, options.fields), found))


def inherit(job: Job, target: Target, before: Outcome, options: Options) -> None:
    """Plan for an item again, as one of which another scene's outcome tells what we wrote.

    A scene that was merged into this one, or whose file was scanned anew, is gone, and its values are still ours.
    """
    key = target.current.rating_key
    if key in job.outcome.items or key not in before.items:
        return
    record = msgspec.structs.replace(before.items[key], want="")
    images = {name: image for name, image in before.images.items() if name.partition("/")[2] == key}
    job.outcome = msgspec.structs.replace(
        job.outcome, items={**job.outcome.items, key: record}, images={**images, **job.outcome.images}
    )
    target.ours = plan.ours_of(record)
    if job.adopt:
        target.ours = adopted(job.item, target.current, target.ours, options.fields)
    target.edit = plan.plan(job.item, target.current, target.ours, options.fields)


def tied(job: Job, now: dt.datetime) -> Outcome:
    """Return the outcome of a scene of which Plex has several items with the same content, none at its path."""
    named = ", ".join(f"{item.rating_key} ({', '.join(item.paths)})" for item in job.tied[:CANDIDATES])
    detail = (
        f"Plex has no item at the scene's path, and several with its content: {named}. Pin the right one "
        f"(s2p pin {job.scene.id} <ratingKey>), or see to the path rules (S2P_PATHS)."
    )
    return settle.ended(job.outcome, "ambiguous", detail, want=job.want, now=now)


def missing(job: Job, why: str) -> str:
    """Return in a sentence why a scene waits; `why` is what the path rules and libraries say."""
    if job.outcome.pinned is not None:
        return f"Plex has no item {job.outcome.pinned}, which the scene is pinned to (s2p unpin {job.scene.id})."
    if not job.near:
        return why
    named = ", ".join(f"{item.rating_key} ({', '.join(item.paths)})" for item in job.near[:HINTS])
    return f"{why} A file of that name is in {named}: if it is the same, see to the path rules (S2P_PATHS), or pin it."


def rival(job: Job, rating_key: str, owner: int, now: dt.datetime) -> Outcome:
    """Return the outcome of a scene whose item another, newer scene owns."""
    detail = (
        f"Plex's item {rating_key} holds files of this scene and of scene {owner}, which is newer and owns it; split "
        f"the item in Plex, or pin one of them to it (s2p pin {job.scene.id} {rating_key})."
    )
    return settle.ended(job.outcome, "ambiguous", detail, want=job.want, now=now)


def announced(job: Job) -> Outcome | None:
    """Return the outcome to retain before a scene's items are written, with its intents, or None without a write."""
    if not any(target.edit for target in job.targets):
        return None
    items = {}
    for target in job.targets:
        known = job.outcome.items.get(target.current.rating_key)
        items[target.current.rating_key] = ItemOutcome(
            state="unsure",
            want=job.want,
            wrote=known.wrote if known else {},
            intent=plan.intent_of(target.edit, target.current, target.ours),
            seen=known.seen if known else 0,
            found=target.found,
        )
    return msgspec.structs.replace(job.outcome, items=items)


def concluded(
    job: Job, seen: Mapping[str, plan.Current], fields: Mapping[str, FieldPolicy], now: dt.datetime
) -> Outcome:
    """Return a scene's outcome from what Plex showed after its writes; the worst of its items decides."""
    items: dict[str, ItemOutcome] = {}
    alone: dict[str, None] = {}
    shortened: dict[str, None] = {}
    for target in job.targets:
        shown = seen.get(target.current.rating_key) if target.sent else target.current
        outcome = items[target.current.rating_key] = _item_outcome(job, target, shown)
        if shown is not None:
            ours = plan.ours_of(outcome)
            alone.update(dict.fromkeys(left_alone(job.item, shown, ours, fields)))
            shortened.update(dict.fromkeys(_shortened(job.item, shown, ours)))
    if any(item.state == "unsure" for item in items.values()):
        return settle.unsure(job.outcome, items, want=job.want, now=now)
    refusals = [target.refused for target in job.targets if target.refused]
    if refusals:
        detail = f"Not written: {refusals[0]}."
        return settle.ended(job.outcome, "failed", detail, want=job.want, now=now, items=items, due_in=settle.DAY)
    notes = [*job.item.notes, *shortened, *dict.fromkeys(note for target in job.targets for note in target.notes)]
    if alone:
        notes.append(f"left as Plex shows it, which is not known to be ours: {', '.join(alone)}")
    detail = " ".join(f"Note: {note}." for note in notes)
    return settle.ended(job.outcome, "synced", detail, want=job.want, now=now, items=items)


def _shortened(item: Item, shown: plan.Current, ours: plan.Ours) -> Iterator[str]:
    """Say which texts had to be cut, since Plex refuses them as they are."""
    for name in plan.SCALARS:
        sent, _ = ours.pairs.get(name, ("", ""))
        wanted, text = getattr(item, name), shown.scalars.get(name, "")
        begins = fold(wanted).startswith(fold(text.removesuffix(ELLIPSIS)))
        if sent == value_hash(wanted) and text.endswith(ELLIPSIS) and begins and len(text) < len(wanted):
            yield f"Plex refuses the whole {name} for its length and shows {len(text)} of {len(wanted)} characters"


def _closed(job: Job, known: ItemOutcome, shown: plan.Current | None) -> ItemOutcome:
    if known.intent is None:
        return msgspec.structs.replace(known, late=None)
    if shown is None:
        return msgspec.structs.replace(known, state="failed", intent=None)
    wrote = plan.wrote_of(job.item, plan.Edit(), shown, shown, plan.ours_of(known))
    return msgspec.structs.replace(known, state="synced", wrote=wrote, intent=None, seen=shown.updated_at)


def _item_outcome(job: Job, target: Target, shown: plan.Current | None) -> ItemOutcome:
    known = job.outcome.items.get(target.current.rating_key)
    intent = plan.intent_of(target.edit, target.current, target.ours)
    if shown is None:
        wrote = known.wrote if known else {}
        return ItemOutcome(state="unsure", want=job.want, wrote=wrote, intent=intent, found=target.found)
    edit = target.edit if target.sent else plan.Edit()
    wrote = plan.wrote_of(job.item, edit, target.current, shown, target.ours)
    if target.sent and not target.refused and plan.applied(target.edit, target.current, shown) != "all":
        return ItemOutcome(state="unsure", want=job.want, wrote=wrote, intent=intent, found=target.found)
    state: Literal["failed", "synced"] = "failed" if target.refused else "synced"
    late = plan.late_of(target.ours, shown) or None
    return ItemOutcome(state=state, want=job.want, wrote=wrote, late=late, seen=shown.updated_at, found=target.found)
