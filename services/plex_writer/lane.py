"""The lane: takes dirty scenes, reads them by key, and brings Plex to what they want.

Gather, decide, apply, look. A batch costs one read of its items, one write an item that differs, one read back.
Before a write the outcome is retained with its intent; nothing is reported before it was seen.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import TYPE_CHECKING

import structlog

from common.bus import TooLarge
from common.errors import Rejected, Unauthorized, Undecodable
from services.plex_writer import job as step
from services.plex_writer import settle
from services.plex_writer.aim import Aim
from services.plex_writer.binding import guid_to_bind, request
from services.plex_writer.looks import Looks
from services.plex_writer.plex import PlexUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from common.messages import Outcome, Scene
    from common.options import Options
    from common.service import Undecoded
    from common.table import Table
    from services.plex_writer.dirty import Dirty, Ticket
    from services.plex_writer.job import Job, Target
    from services.plex_writer.library import Library
    from services.plex_writer.match import Claim
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.pace import Pace
    from services.plex_writer.plan import Current
    from services.plex_writer.plex import Plex

NAP = 0.1
FRESH = 10.0
AFTER_MATCH = 15.0
REMEMBERED = 10_000

log = structlog.get_logger("lane")


class Blamed(PlexUnavailable):
    """A request for one scene failed as if Plex were away; the probe decides whether that scene is to blame."""

    def __init__(self, ticket: Ticket, why: str) -> None:
        super().__init__(why)
        self.ticket = ticket


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
        pace: Pace,
        halted: Callable[[], bool],
        settled: Callable[[Scene, Outcome | None], None],
        compare: Callable[[], None],
    ) -> None:
        self.writes = 0
        self.handled = 0
        self.last_sync = ""
        self.in_hand: set[int] = set()
        self._plex = plex
        self._scenes = scenes
        self._outcomes = outcomes
        self._library = library
        self._options = options
        self._fingerprint = options.fingerprint()
        self._dirty = dirty
        self._undecoded = undecoded
        self._pace = pace
        self._halted = halted
        self._settled = settled
        self._compare = compare
        self._aim = Aim(plex, library, options, self._lost_file)
        self._looks = Looks()
        self._bound: dict[str, str] = {}
        self._begun: set[int] = set()
        self._adopting: set[int] = set()

    async def handle(self, tickets: Sequence[Ticket]) -> None:
        """Bring these scenes' items to what is wanted; live changes that arrive cut a bulk batch short.

        Raises PlexUnavailable, or Blamed when one scene's own write failed; what was not settled stays dirty.
        """
        self.in_hand = {ticket.scene_id for ticket in tickets}
        try:
            await self._handle(tickets)
        finally:
            self.in_hand = set()

    async def _handle(self, tickets: Sequence[Ticket]) -> None:
        rows = await self._scenes.read(ticket.scene_id for ticket in tickets)
        await self._outcomes.ensure(rows)
        jobs = [job for ticket in tickets if (job := await self._open(ticket, rows.get(ticket.scene_id))) is not None]
        read_at = _clock()
        await self._aim.at(jobs)
        claimed: dict[str, Claim] = {}
        jobs.sort(key=lambda job: job.strongest, reverse=True)
        jobs = [job for job in jobs if await self._has_target(job, claimed)]
        self._library.readings.read((target.current for job in jobs for target in job.targets), read_at)
        await self._announce(jobs)
        done = await self._write(jobs, read_at)
        await self._look(done)

    async def blame(self, ticket: Ticket, why: str) -> None:
        """Charge a failure to one scene: set it aside, and record it as failed when that did not help."""
        rows = await self._scenes.read([ticket.scene_id])
        scene = self._decode(ticket.scene_id, rows.get(ticket.scene_id))
        if scene is None:
            self._dirty.settle(ticket)
            return
        job = self._opened(ticket, scene)
        outcome, delay = settle.blamed(job.outcome, why, want=job.want, now=_now())
        log.warning("set_aside", scene=scene.id, why=why, seconds=round(delay), attempts=outcome.attempts)
        await (await self._outcomes.put(outcome))
        self._dirty.set_aside(ticket, _clock() + delay)

    def adopt(self, scene_ids: Iterable[int]) -> None:
        """Take what these scenes' items show for ours when they are handled next, since a person says so."""
        self._adopting.update(scene_ids)

    def _decode(self, scene_id: int, row: bytes | None) -> Scene | None:
        try:
            return None if row is None else step.read_scene(scene_id, row)
        except Undecodable as error:
            self._undecoded.add(self._scenes.topic(scene_id), error)
            return None

    async def _open(self, ticket: Ticket, row: bytes | None) -> Job | None:
        """Settle what needs no Plex, and return the rest as a job."""
        if row is None and ticket.gone:
            cleared = await self._outcomes.clear(ticket.scene_id)
            self._library.waiting.drop(ticket.scene_id)
            if cleared is not None:
                await cleared
        scene = self._decode(ticket.scene_id, row)
        before = self._outcomes.get(ticket.scene_id)
        if row is None and before is not None:
            # an old message of it may have hidden that it is gone: only the whole table tells
            self._compare()
        if scene is None or settle.is_stale(scene, before) or self._outcomes.is_unreadable(ticket.scene_id):
            self._dirty.settle(ticket, unread=not ticket.gone)
            return None
        job = self._opened(ticket, scene)
        done = step.without_plex(job, _now())
        if done is not None:
            await self._publish(job, done)
            return None
        if job.item.skipped:
            shown = await self._read(list(job.outcome.items))
            await self._publish(job, step.skipped(job, shown, _now()))
            return None
        if settle.is_begun(job.outcome) and scene.id not in self._begun and await self._is_left_aside(job):
            return None
        if settle.may_still_change(job.outcome):
            self._looks.left_open(scene.id, _clock())
        return job

    async def _is_left_aside(self, job: Job) -> bool:
        """Count a write that an earlier process did not end; say whether the scene is to come after all others."""
        self._begun.add(job.scene.id)
        job.outcome, delay = settle.left_open(job.outcome, _now())
        await (await self._outcomes.put(job.outcome))
        if delay:
            log.warning("set_aside", scene=job.scene.id, why=job.outcome.detail, seconds=round(delay))
            self._dirty.set_aside(job.ticket, _clock() + delay)
        return delay > 0

    def _opened(self, ticket: Ticket, scene: Scene) -> Job:
        job = step.opened(
            ticket,
            scene,
            self._outcomes.get(scene.id),
            options=self._options,
            fingerprint=self._fingerprint,
            now=_now(),
        )
        job.adopt = scene.id in self._adopting
        return job

    async def _read(self, rating_keys: Sequence[str]) -> dict[str, Current]:
        began = _clock()
        found = await self._plex.details(rating_keys)
        self._library.readings.read(found.values(), began)
        return found

    async def _has_target(self, job: Job, claimed: dict[str, Claim]) -> bool:
        """End a scene that Plex does not have, or whose item another one has more right to; `claimed` by those at hand.

        An item found by its content alone is left to whoever has it.
        """
        for target in list(job.targets):
            rating_key = target.current.rating_key
            other = max(
                filter(None, (claimed.get(rating_key), self._outcomes.claim(rating_key, besides=job.scene.id))),
                default=None,
            )
            if other is None or other < job.claim(target.found):
                continue
            if target.found != "hash":
                await self._end(job, step.rival(job, rating_key, other.scene_id, _now()))
                return False
            job.targets.remove(target)
        if job.tied:
            await self._end(job, step.tied(job, _now()))
            return False
        if not job.targets:
            await self._let_wait(job)
            return False
        self._take_over(job)
        claimed.update({target.current.rating_key: job.claim(target.found) for target in job.targets})
        job.outcome = settle.found(job.outcome)
        return True

    def _lost_file(self, scene_id: int) -> None:
        if scene_id not in self.in_hand:
            self._dirty.mark(scene_id, live=False, look=True)

    def _take_over(self, job: Job) -> None:
        """Let scenes that lose an item to this one look again; what was written for them is ours here too."""
        for target in job.targets:
            owner = self._outcomes.owner(target.current.rating_key)
            before = self._outcomes.last_writer(target.current.rating_key)
            if before is not None and before.id != job.scene.id:
                step.inherit(job, target, before, self._options)
            if owner is not None and owner != job.scene.id:
                self._dirty.mark(owner, live=False, look=True)

    async def _let_wait(self, job: Job) -> None:
        why = step.missing(job, self._library.why_missing(job.scene))
        outcome = settle.waiting(job.outcome, why, want=job.want, now=_now())
        self._library.waiting.add(job.scene.id, job.item.paths)
        if job.reason in {"new", "another", "changed"}:
            self._library.on_missing(job.item.paths)
        if job.outcome.pinned is None and self._library.find(job.item.paths):
            # a listing brought its file between our look at the index and now, and woke nobody yet
            self._dirty.mark(job.scene.id, live=False, look=True)
        await self._end(job, outcome)

    async def _announce(self, jobs: Iterable[Job]) -> None:
        """Retain what is about to be written, and wait until the broker has it.

        What the broker can't take is not written, since nobody could tell afterwards that it is ours.
        """
        acks = []
        for job in jobs:
            outcome = step.announced(job)
            if outcome is None:
                continue
            try:
                acks.append(await self._outcomes.put(outcome))
            except TooLarge as error:
                job.refuse(f"the record of it is too large for the broker ({error}); raise its max_packet_size")
                continue
            job.outcome = outcome
            self._begun.add(job.scene.id)
        for ack in acks:
            await ack

    async def _write(self, jobs: Sequence[Job], read_at: float) -> list[Job]:
        """Send the edits; return the jobs reached before a live change, or the end, asked for the lane.

        What was read more than 10 seconds ago is read again first, since a person may have edited it meanwhile.
        """
        done: list[Job] = []
        for job in jobs:
            if done and self._is_cut_short(job.ticket):
                break
            if done and _clock() - read_at > FRESH:
                break
            for target in job.targets:
                if target.edit and not target.refused:
                    await self._send(job, target)
            done.append(job)
            if any(target.sent for target in job.targets):
                await self._rest(job.ticket)
        return done

    def _is_cut_short(self, ticket: Ticket) -> bool:
        return (self._dirty.has_live and not ticket.live) or self._halted()

    async def _rest(self, ticket: Ticket) -> None:
        """Rest after a write of bulk work while Plex is slow or scans; a live change ends it."""
        until = _clock() + (0.0 if ticket.live else self._pace.rest())
        while (left := until - _clock()) > 0 and not self._is_cut_short(ticket):  # noqa: ASYNC110 - three conditions
            await asyncio.sleep(min(NAP, left))

    async def _send(self, job: Job, target: Target) -> None:
        began = _clock()
        try:
            await self._plex.edit(target.current, target.edit)
            self._pace.saw(_clock() - began)
            target.sent = True
            self.writes += 1
        except Rejected as error:
            target.refused = str(error)
            # an edit of several requests may have arrived in part, which the read back tells
            target.sent = True
        except (PlexUnavailable, Unauthorized) as error:
            self._looks.unanswered(job.scene.id, _clock())
            raise Blamed(job.ticket, str(error)) from error
        finally:
            self._library.readings.wrote(target.current.rating_key, _clock())

    async def _look(self, jobs: Sequence[Job]) -> None:
        """Read back what was written, and report what is seen."""
        written = [target.current.rating_key for job in jobs for target in job.targets if target.sent]
        seen = await self._read(written)
        # all are on their way before the first acknowledgement is awaited: one round trip a batch, not one a scene
        ends = [(job, self._looked(step.concluded(job, seen, self._options.fields, _now()))) for job in jobs]
        for job, outcome, ack in [(job, outcome, await self._send_off(job, outcome)) for job, outcome in ends]:
            await self._settle(job, outcome, ack)
        for job in jobs:
            await self._bind(job)

    async def _bind(self, job: Job) -> None:
        """Match items to our provider that Plex scanned before Stash knew them, where the library uses our agent."""
        for target in job.targets:
            section = self._library.section(target.current.section)
            guid = guid_to_bind(target.current, section.agent if section else "", job.scene.id)
            if guid is None or self._bound.get(target.current.rating_key) == guid:
                continue
            self._bound.pop(target.current.rating_key, None)
            self._bound[target.current.rating_key] = guid
            if len(self._bound) > REMEMBERED:
                del self._bound[next(iter(self._bound))]
            try:
                await self._plex.put(request(target.current, guid, job.item.title))
            except (Rejected, PlexUnavailable) as error:
                log.warning("not_matched", item=target.current.rating_key, scene=job.scene.id, why=str(error))
                continue
            # what Plex fetches from our provider now may be other than what is wanted, as unlocked fields are
            self._dirty.remind(job.scene.id, _clock() + AFTER_MATCH)

    async def _end(self, job: Job, outcome: Outcome) -> None:
        """Publish the outcome of a scene whose items were looked at, and plan another look where one is due."""
        await self._publish(job, self._looked(outcome))

    def _looked(self, outcome: Outcome) -> Outcome:
        delay = self._looks.after(outcome, _clock())
        if delay is None:
            return settle.looked_for_good(outcome)
        self._dirty.remind(outcome.id, _clock() + delay)
        return settle.due(outcome, _now(), delay)

    async def _publish(self, job: Job, outcome: Outcome) -> None:
        """Publish the outcome, then let the scene be clean, unless it changed meanwhile."""
        await self._settle(job, outcome, await self._send_off(job, outcome))

    async def _send_off(self, job: Job, outcome: Outcome) -> asyncio.Future[None]:
        if outcome.state == "ambiguous":
            # an item that is split off, or a file that turns up, may tell
            self._library.waiting.add(job.scene.id, job.item.paths)
        elif outcome.state != "waiting":
            self._library.waiting.drop(job.scene.id)
        before = self._outcomes.get(outcome.id)
        ack = await self._outcomes.put(outcome)
        for rating_key in settle.given_up(before, outcome):
            for scene_id in self._library.released(rating_key):
                self._dirty.mark(scene_id, live=False, look=True)
        return ack

    async def _settle(self, job: Job, outcome: Outcome, ack: asyncio.Future[None]) -> None:
        await ack
        self._begun.discard(outcome.id)
        self._adopting.discard(outcome.id)
        self.handled += 1
        if outcome.state == "synced":
            self.last_sync = outcome.at
        self._settled(job.scene, None)
        self._dirty.settle(job.ticket)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _clock() -> float:
    return time.monotonic()
