"""The lane: takes dirty scenes, reads them by key, and brings Plex to what they want.

Gather, decide, apply, look. A batch costs one read of its items, one write an item that differs, one read back.
Before a write the outcome is retained with its intent; nothing is reported before it was seen.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import structlog

from common import messages
from common.errors import Rejected, Undecodable
from common.item import Item, item_of, want
from common.messages import ItemOutcome, Outcome, Scene
from services.plex_writer import plan, settle
from services.plex_writer.match import holds
from services.plex_writer.plex import PlexUnavailable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Sequence

    from common.options import Options
    from common.service import Undecoded
    from common.table import Table
    from services.plex_writer.dirty import Dirty, Ticket
    from services.plex_writer.library import Library
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.plex import Plex

log = structlog.get_logger("lane")


class Blamed(PlexUnavailable):
    """A request for one scene failed as if Plex were away; the probe decides whether that scene is to blame."""

    def __init__(self, ticket: Ticket, why: str) -> None:
        super().__init__(why)
        self.ticket = ticket


@dataclass(slots=True)
class _Target:
    """One Plex item of a scene: as read, what of it is ours, and what is to be written."""

    current: plan.Current
    ours: plan.Ours
    edit: plan.Edit
    refused: str = ""
    sent: bool = False


@dataclass(slots=True)
class _Job:
    """One scene on its way through the lane."""

    ticket: Ticket
    scene: Scene
    item: Item
    want: str
    outcome: Outcome
    targets: list[_Target] = field(default_factory=list)


class Lane:
    """Handles tickets of the dirty set; a scene is settled only after its outcome is with the broker."""

    def __init__(
        self,
        *,
        plex: Plex,
        scenes: Table,
        outcomes: Outcomes,
        library: Library,
        options: Options,
        dirty: Dirty,
        undecoded: Undecoded,
        stop: asyncio.Event,
    ) -> None:
        self.writes = 0
        self.handled = 0
        self.last_sync = ""
        self._plex = plex
        self._scenes = scenes
        self._outcomes = outcomes
        self._library = library
        self._options = options
        self._fingerprint = options.fingerprint()
        self._dirty = dirty
        self._undecoded = undecoded
        self._stop = stop
        self._unanswered: dict[int, int] = {}

    async def handle(self, tickets: Sequence[Ticket]) -> None:
        """Bring these scenes' items to what is wanted; live changes that arrive cut a bulk batch short.

        Raises PlexUnavailable, or Blamed when one scene's own write failed; what was not settled stays dirty.
        """
        rows = await self._scenes.read(ticket.scene_id for ticket in tickets)
        await self._outcomes.ensure(rows)
        jobs = [job for ticket in tickets if (job := await self._open(ticket, rows.get(ticket.scene_id))) is not None]
        await self._aim(jobs)
        claimed: dict[str, int] = {}
        jobs.sort(key=lambda job: job.scene.stamp, reverse=True)
        jobs = [job for job in jobs if await self._has_target(job, claimed)]
        await self._announce(jobs)
        done = await self._write(jobs)
        await self._look(done)

    async def blame(self, ticket: Ticket, why: str) -> None:
        """Charge a failure to one scene: set it aside, and record it as failed when that did not help."""
        rows = await self._scenes.read([ticket.scene_id])
        scene = self._decode(ticket.scene_id, rows.get(ticket.scene_id))
        if scene is None:
            self._dirty.settle(ticket)
            return
        wanted = want(item_of(scene, self._options), self._fingerprint)
        before = settle.begin(scene, wanted, self._outcomes.get(scene.id), _now())
        outcome, delay = settle.blamed(before, why, want=wanted, now=_now())
        log.warning("set_aside", scene=scene.id, why=why, seconds=round(delay), attempts=outcome.attempts)
        await (await self._outcomes.put(outcome))
        self._dirty.set_aside(ticket, _clock() + delay)

    def _decode(self, scene_id: int, row: bytes | None) -> Scene | None:
        try:
            return None if row is None else messages.decode(Scene, row)
        except Undecodable as error:
            self._undecoded.add(self._scenes.topic(scene_id), error)
            return None

    async def _open(self, ticket: Ticket, row: bytes | None) -> _Job | None:
        """Settle what needs no Plex, and return the rest as a job."""
        if row is None and ticket.gone:
            cleared = await self._outcomes.clear(ticket.scene_id)
            self._library.waiting.drop(ticket.scene_id)
            if cleared is not None:
                await cleared
        scene = self._decode(ticket.scene_id, row)
        before = self._outcomes.get(ticket.scene_id)
        if scene is None or settle.is_stale(scene, before) or self._outcomes.is_unreadable(ticket.scene_id):
            self._dirty.settle(ticket)
            return None
        item = item_of(scene, self._options)
        wanted = want(item, self._fingerprint)
        job = _Job(ticket, scene, item, wanted, settle.begin(scene, wanted, before, _now()))
        if item.skipped:
            detail = f"Not written: {item.skipped}."
            await self._end(job, settle.ended(job.outcome, "skipped", detail, want=wanted, now=_now()))
            return None
        reason = settle.dirty_because(scene, before, wanted, _now())
        if not ticket.look and reason is None:
            await self._end(job, job.outcome)
            return None
        if reason == "begun":
            self._unanswered.setdefault(scene.id, 0)
        return job

    async def _aim(self, jobs: Iterable[_Job]) -> None:
        """Find each scene's items by the files they have when read, whatever the index or an outcome remembers."""
        candidates = {job.ticket.scene_id: self._library.find(job.item.paths) for job in jobs}
        found = await self._plex.details(sorted({key for keys in candidates.values() for key in keys}))
        for job in jobs:
            for rating_key in candidates[job.ticket.scene_id]:
                current = found.get(rating_key)
                self._library.saw(rating_key, current.paths if current else ())
                if current is not None and holds(current, job.item.paths, self._options.paths.key):
                    ours = plan.ours_of(job.outcome.items.get(rating_key))
                    edit = plan.plan(job.item, current, ours, self._options.fields)
                    job.targets.append(_Target(current, ours, edit))

    async def _has_target(self, job: _Job, claimed: dict[str, int]) -> bool:
        """End a scene that Plex does not have, or whose item another scene owns; `claimed` is by newer ones at hand."""
        for target in job.targets:
            rating_key = target.current.rating_key
            rival = claimed.get(rating_key) or self._rival(job, rating_key)
            if rival is not None:
                detail = (
                    f"Plex's item {rating_key} holds files of this scene and of scene {rival}, which is newer and owns "
                    "it; split the item in Plex."
                )
                await self._end(job, settle.ended(job.outcome, "ambiguous", detail, want=job.want, now=_now()))
                return False
        if not job.targets:
            await self._let_wait(job)
            return False
        claimed.update({target.current.rating_key: job.scene.id for target in job.targets})
        job.outcome = settle.found(job.outcome)
        return True

    async def _let_wait(self, job: _Job) -> None:
        outcome = settle.waiting(job.outcome, self._library.why_missing(job.scene), want=job.want, now=_now())
        self._library.waiting.add(job.scene.id, job.item.paths)
        if self._library.find(job.item.paths):
            # a listing brought its file between our look at the index and now, and woke nobody yet
            self._dirty.mark(job.scene.id, live=False, look=True)
        await self._end(job, outcome)

    def _rival(self, job: _Job, rating_key: str) -> int | None:
        """Return the scene with the larger stamp that owns the item; one with a smaller stamp has to look again."""
        owner = self._outcomes.owner(rating_key)
        if owner is None or owner == job.scene.id:
            return None
        other = self._outcomes.get(owner)
        if other is not None and other.stamp > job.scene.stamp:
            return owner
        self._dirty.mark(owner, live=False, look=True)
        return None

    async def _announce(self, jobs: Iterable[_Job]) -> None:
        """Retain what is about to be written, and wait until the broker has it."""
        acks = []
        for job in jobs:
            if not any(target.edit for target in job.targets):
                continue
            items = {
                target.current.rating_key: ItemOutcome(
                    state="unsure",
                    want=job.want,
                    wrote=known.wrote if known else {},
                    intent=plan.intent_of(target.edit, target.current, target.ours),
                )
                for target in job.targets
                for known in (job.outcome.items.get(target.current.rating_key),)
            }
            job.outcome = msgspec.structs.replace(job.outcome, items=items)
            acks.append(await self._outcomes.put(job.outcome))
        for ack in acks:
            await ack

    async def _write(self, jobs: Sequence[_Job]) -> list[_Job]:
        """Send the edits; return the jobs reached before a live change, or the end, asked for the lane."""
        done: list[_Job] = []
        for job in jobs:
            if done and ((self._dirty.has_live and not job.ticket.live) or self._stop.is_set()):
                break
            for target in job.targets:
                if target.edit:
                    await self._send(job, target)
            done.append(job)
        return done

    async def _send(self, job: _Job, target: _Target) -> None:
        try:
            await self._plex.edit(target.current, target.edit)
            target.sent = True
            self.writes += 1
        except Rejected as error:
            target.refused = str(error)
        except PlexUnavailable as error:
            self._unanswered[job.scene.id] = 0
            raise Blamed(job.ticket, str(error)) from error

    async def _look(self, jobs: Sequence[_Job]) -> None:
        """Read back what was written, and report what is seen."""
        written = [target.current.rating_key for job in jobs for target in job.targets if target.sent]
        seen = await self._plex.details(written)
        for job in jobs:
            items = {
                target.current.rating_key: self._item_outcome(
                    job, target, seen.get(target.current.rating_key) if target.sent else target.current
                )
                for target in job.targets
            }
            await self._end(job, _concluded(job, items))

    def _item_outcome(self, job: _Job, target: _Target, shown: plan.Current | None) -> ItemOutcome:
        known = job.outcome.items.get(target.current.rating_key)
        intent = plan.intent_of(target.edit, target.current, target.ours)
        if shown is None:
            return ItemOutcome(state="unsure", want=job.want, wrote=known.wrote if known else {}, intent=intent)
        edit = target.edit if target.sent else plan.Edit()
        wrote = plan.wrote_of(job.item, edit, target.current, shown, target.ours)
        if target.sent and plan.applied(target.edit, target.current, shown) != "all":
            return ItemOutcome(state="unsure", want=job.want, wrote=wrote, intent=intent)
        return ItemOutcome(state="failed" if target.refused else "synced", want=job.want, wrote=wrote)

    async def _end(self, job: _Job, outcome: Outcome) -> None:
        """Publish the outcome, then let the scene be clean, unless it changed meanwhile."""
        if outcome.state != "waiting":
            self._library.waiting.drop(job.scene.id)
        outcome = self._plan_a_look(outcome)
        await (await self._outcomes.put(outcome))
        self.handled += 1
        if outcome.state == "synced":
            self.last_sync = outcome.at
        self._dirty.settle(job.ticket)

    def _plan_a_look(self, outcome: Outcome) -> Outcome:
        """After a write without an answer, or that Plex does not show, look again: it may still land on a newer one."""
        looks = self._unanswered.pop(outcome.id, None)
        if any(item.state == "unsure" for item in outcome.items.values()):
            looks = outcome.attempts - 1
        delay = None if looks is None else settle.look_again(looks)
        if looks is None or delay is None:
            return outcome
        self._unanswered[outcome.id] = looks + 1
        self._dirty.remind(outcome.id, _clock() + delay)
        return settle.due(outcome, _now(), delay)


def _concluded(job: _Job, items: dict[str, ItemOutcome]) -> Outcome:
    """Return the scene's outcome from its items': the worst of them decides."""
    refusals = [target.refused for target in job.targets if target.refused]
    notes = " ".join(f"Note: {note}." for note in job.item.notes)
    if any(item.state == "unsure" for item in items.values()):
        return settle.unsure(job.outcome, items, want=job.want, now=_now())
    if refusals:
        detail = f"Plex refused the write: {refusals[0]}."
        return settle.ended(job.outcome, "failed", detail, want=job.want, now=_now(), items=items, due_in=settle.DAY)
    return settle.ended(job.outcome, "synced", notes, want=job.want, now=_now(), items=items)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _clock() -> float:
    return time.monotonic()
