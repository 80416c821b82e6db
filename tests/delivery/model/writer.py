"""The writer in the model: its pure decisions in the order in which lane, compare and shell take them.

A process is one object; to kill it is to drop the object, between any two steps.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from common import messages
from common.item import item_of, want
from common.messages import Outcome, Stamp, WatcherInfo, WriterInfo
from common.options import DEFAULT_FIELDS, FieldPolicy, Options
from common.tally import Counted, Loaded, differing, judge
from services.plex_writer import job as step
from services.plex_writer import settle, unsettled
from services.plex_writer.dirty import Dirty
from services.plex_writer.looks import Looks
from services.plex_writer.match import decide

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.plex_writer.dirty import Ticket
    from services.plex_writer.job import Job
    from tests.delivery.model.world import Broker, Clock, Plex

OPTIONS = Options(fields=dict(DEFAULT_FIELDS) | {"date": FieldPolicy("fill")})
PRINT = OPTIONS.fingerprint()


class Writer:
    """One process of the writer; `stage` is where the jobs in hand are."""

    def __init__(self, broker: Broker, plex: Plex, clock: Clock) -> None:
        self.dirty = Dirty(live_limit=2)
        self.rows: dict[int, bytes] = {}
        self.waiting: set[int] = set()
        self.listed: set[int] = set()
        self.jobs: list[Job] = []
        self.stage = ""
        self.compare_due = True
        self.audit_due = False
        self.stamp = Stamp(0, 0)
        self._broker = broker
        self._plex = plex
        self._clock = clock
        self._looks = Looks()
        self._begun: set[int] = set()
        self._epoch = 0
        self._loading = False
        self._loaded = Loaded(0, "unknown", None)
        self._undecided: list[tuple[int, Stamp]] = []
        self._told = b""
        self._load()

    def outcome(self, scene_id: int) -> Outcome | None:
        """Return a scene's outcome."""
        row = self.rows.get(scene_id)
        return None if row is None else messages.decode(Outcome, row)

    def connected(self) -> None:
        """Take up the session, or have a new one."""
        broker = self._broker
        if broker.session is None:
            broker.session = deque()
        broker.online = True
        if row := broker.retained.get("info/stash"):
            self._hear_info(row)

    def deliver(self) -> None:
        """Take over the next message."""
        assert self._broker.session
        topic, payload = self._broker.session.popleft()
        if topic == "info/stash":
            self._hear_info(payload)
            return
        scene_id = int(topic.partition("/")[2])
        self.dirty.mark(scene_id, live=True, gone=not payload)

    def _hear_info(self, payload: bytes | None) -> None:
        info = messages.decode(WatcherInfo, payload) if payload else None
        epoch, loading = (info.epoch, info.loading) if info else (0, False)
        counted = Counted(info.stamp, info.scenes, info.loading) if info else Counted(Stamp(0, 0), 0, loading=False)
        told = unsettled.tells_of(counted, self._loaded, self._undecided)
        if self._epoch != epoch or (self._loading and not loading) or told:
            self.compare_due = True
        self._epoch, self._loading = epoch, loading

    def audit(self) -> None:
        """See after a reconnect whether the broker still has our last publication."""
        self.audit_due, self._told = False, b""
        row = self._broker.retained.get("info/plex")
        info = messages.decode(WriterInfo, row) if row else None
        if info is not None and Stamp(info.epoch, info.seq) == self.stamp:
            return
        wrong = differing(self._broker.rows("outcome"), self.rows, ())
        if wrong:
            self.stamp = Stamp(max(self.stamp.epoch + 1, self._clock.unix_ms), self.stamp.seq)
        for key in wrong:
            self._broker.publish(f"outcome/{key}", self.rows.get(key, b""))

    @property
    def has_news(self) -> bool:
        """Whether there is something new to tell, once the broker is known to have it all."""
        return not self.audit_due and self._info() != self._told

    def tell(self) -> None:
        """Publish info."""
        self._told = self._info()
        self._broker.publish("info/plex", self._told)

    def _info(self) -> bytes:
        info = WriterInfo(service="", epoch=self.stamp.epoch, seq=self.stamp.seq, outcomes=len(self.rows))
        return messages.encode(info)

    def compare(self) -> None:
        """Compare what is wanted with what was done."""
        self.compare_due = False
        broker, now = self._broker, self._clock.date
        rows = broker.rows("scene")
        row = broker.retained.get("info/stash")
        info = messages.decode(WatcherInfo, row) if row else None
        counted = Counted(info.stamp, info.scenes, info.loading) if info else None
        verdict = judge(len(rows), counted, None)
        if verdict == "short":
            verdict = judge(len(rows), counted, Loaded(len(rows), "short", counted))
        for scene_id, payload in rows.items():
            scene = step.read_scene(scene_id, payload)
            outcome = self.outcome(scene_id)
            wanted = want(item_of(scene, OPTIONS), PRINT)
            finding = unsettled.compared(scene, outcome, wanted, now)
            if outcome is not None and finding != "unsettled":
                rest = settle.seconds_until_due(outcome, now)
                if rest is not None:
                    self.dirty.remind(scene_id, self._clock.now + rest)
            if finding == "waits":
                self.waiting.add(scene_id)
            if finding == "unsettled" or (finding == "waits" and scene_id in self.listed):
                self.dirty.mark(scene_id, live=False, look=True)
        missing = [(key, found.stamp) for key in self.rows if key not in rows and (found := self.outcome(key))]
        loaded = self._loaded = Loaded(len(rows), verdict, counted)
        gone = unsettled.absent(loaded, missing)
        self._undecided = [found for found in missing if found[0] not in gone]
        if not unsettled.suspicion(loaded, len(gone), len(self.rows)):
            for scene_id in gone:
                self.dirty.mark(scene_id, live=False, gone=True)

    def list_library(self) -> None:
        """See which items there are, and wake who waits for them."""
        for scene_id in self._plex.items.keys() - self.listed:
            if scene_id in self.waiting:
                self.dirty.mark(scene_id, live=False, look=True)
        self.listed = set(self._plex.items)

    def take(self, limit: int) -> None:
        """Begin with the next scenes: read them, and settle what needs no Plex."""
        tickets = self.dirty.take(limit, self._clock.now)
        rows = self._broker.read("scene", [ticket.scene_id for ticket in tickets])
        self.jobs = [job for ticket in tickets if (job := self._open(ticket, rows.get(ticket.scene_id))) is not None]
        self.stage = "opened" if self.jobs else ""

    def go_on(self, how: Callable[[], str]) -> None:
        """Take one step with the jobs in hand; `how` says how Plex answers, "away" for not at all."""
        stage, self.stage = self.stage, ""
        getattr(self, f"_{stage}")(how)

    def _opened(self, how: Callable[[], str]) -> None:
        if how() == "away":
            return
        for job in self.jobs:
            keys = [str(job.scene.id)] if job.scene.id in self.listed else []
            read = list(self._plex.details(keys).values())
            step.aim(job, decide(read, paths=job.item.paths, key=OPTIONS.paths.key), OPTIONS)
        self.jobs.sort(key=lambda job: job.scene.stamp, reverse=True)
        self.jobs = [job for job in self.jobs if self._has_target(job)]
        self.stage = "aimed" if self.jobs else ""

    def _aimed(self, _: Callable[[], str]) -> None:
        for job in self.jobs:
            outcome = step.announced(job)
            if outcome is not None:
                self._put(outcome)
                job.outcome = outcome
                self._begun.add(job.scene.id)
        self.stage = "announced"

    def _announced(self, how: Callable[[], str]) -> None:
        for job in self.jobs:
            for target in job.targets:
                if target.edit and not target.sent:
                    if not self._plex.write(target.current.rating_key, target.edit, how()):
                        self._looks.unanswered(job.scene.id, self._clock.now)
                        self._blame(job)
                        return
                    target.sent = True
                    self.stage = "announced"
                    return
        self.stage = "written"

    def _written(self, how: Callable[[], str]) -> None:
        if how() == "away":
            return
        sent = [target.current.rating_key for job in self.jobs for target in job.targets if target.sent]
        seen = self._plex.details(sent)
        for job in self.jobs:
            self._end(job, step.concluded(job, seen, OPTIONS.fields, self._clock.date))

    def _open(self, ticket: Ticket, row: bytes | None) -> Job | None:
        scene_id, before = ticket.scene_id, self.outcome(ticket.scene_id)
        if row is None:
            if ticket.gone and before is not None:
                self._forget(scene_id)
            self.compare_due = self.compare_due or self.outcome(scene_id) is not None
            self.dirty.settle(ticket, unread=not ticket.gone)
            return None
        scene = step.read_scene(scene_id, row)
        if settle.is_stale(scene, before):
            self.dirty.settle(ticket, unread=True)
            return None
        job = step.opened(ticket, scene, before, options=OPTIONS, fingerprint=PRINT, now=self._clock.date)
        done = step.without_plex(job, self._clock.date)
        if done is not None:
            self._publish(job, done)
            return None
        if job.item.skipped:
            self._publish(job, step.skipped(job, self._plex.details(job.outcome.items), self._clock.date))
            return None
        if settle.is_begun(job.outcome) and scene_id not in self._begun:
            self._begun.add(scene_id)
            job.outcome, delay = settle.left_open(job.outcome, self._clock.date)
            self._put(job.outcome)
            if delay:
                self.dirty.set_aside(ticket, self._clock.now + delay)
                return None
        if settle.may_still_change(job.outcome):
            self._looks.left_open(scene_id, self._clock.now)
        return job

    def _has_target(self, job: Job) -> bool:
        if job.targets:
            job.outcome = settle.found(job.outcome)
            return True
        self.waiting.add(job.scene.id)
        self._end(job, settle.waiting(job.outcome, "not there", want=job.want, now=self._clock.date))
        return False

    def _blame(self, job: Job) -> None:
        """Set the scene aside whose write failed while Plex was well."""
        outcome, delay = settle.blamed(job.outcome, "no answer", want=job.want, now=self._clock.date)
        self._put(outcome)
        self.dirty.set_aside(job.ticket, self._clock.now + delay)

    def _end(self, job: Job, outcome: Outcome) -> None:
        delay = self._looks.after(outcome, self._clock.now)
        if delay is None:
            outcome = settle.looked_for_good(outcome)
        else:
            self.dirty.remind(outcome.id, self._clock.now + delay)
            outcome = settle.due(outcome, self._clock.date, delay)
        self._publish(job, outcome)

    def _publish(self, job: Job, outcome: Outcome) -> None:
        if outcome.state != "waiting":
            self.waiting.discard(outcome.id)
        self._put(outcome)
        self._begun.discard(outcome.id)
        self.dirty.settle(job.ticket)

    def _put(self, outcome: Outcome) -> None:
        self.stamp = Stamp(self.stamp.epoch, self.stamp.seq + 1)
        self.rows[outcome.id] = messages.encode(outcome)
        self._broker.publish(f"outcome/{outcome.id}", self.rows[outcome.id])

    def _forget(self, scene_id: int) -> None:
        self.stamp = Stamp(self.stamp.epoch, self.stamp.seq + 1)
        del self.rows[scene_id]
        self._broker.publish(f"outcome/{scene_id}", b"")

    def _load(self) -> None:
        self.rows = self._broker.rows("outcome")
        row = self._broker.retained.get("info/plex")
        told = messages.decode(WriterInfo, row).epoch if row else 0
        self.stamp = Stamp(max(told + 1, self._clock.unix_ms), 0)
        self.listed = set(self._plex.items)
        self.connected()
