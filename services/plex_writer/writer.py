"""The shell of plex_writer: what wakes it, the lane's loop, and what it tells about itself."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import structlog

from common import messages
from common.answers import Chosen, Detail
from common.errors import Rejected, S2PError, Unauthorized, Unavailable, Undecodable
from common.messages import Scene, WatcherInfo, WriterInfo, WriterStats
from common.service import Stopped
from common.table import Table
from common.tally import Counted
from common.topics import row_id
from common.version import VERSION
from services.plex_writer.check import Check
from services.plex_writer.compare import Compare
from services.plex_writer.desk import Desk
from services.plex_writer.dirty import Dirty
from services.plex_writer.events import Events
from services.plex_writer.gap_report import Gaps
from services.plex_writer.hints import Hints
from services.plex_writer.images import Images
from services.plex_writer.lane import Blamed, Lane
from services.plex_writer.library import Library
from services.plex_writer.link import Link
from services.plex_writer.outcomes import Outcomes
from services.plex_writer.pace import Pace
from services.plex_writer.pause import Pause
from services.plex_writer.plex import PlexUnavailable
from services.plex_writer.rate import Rate
from services.plex_writer.reconcile import Reconcile
from services.plex_writer.register import Register
from services.plex_writer.retry import chosen
from services.plex_writer.scanner import Scanner
from services.plex_writer.scout import Scout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.bus import Connection, Message
    from common.messages import Outcome, Request
    from common.options import Options
    from common.service import Service
    from services.plex_writer.covers import Covers
    from services.plex_writer.dirty import Ticket
    from services.plex_writer.plex import Plex
    from services.plex_writer.schedule import Schedule

BATCH = 50
DAY = 86_400.0
IDLE = 1.0
INFO_EVERY = 5.0

log = structlog.get_logger("writer")


class Writer:
    """One Plex server's writer; `run` returns when the service is asked to stop and the item in hand is done."""

    def __init__(
        self, service: Service, plex: Plex, options: Options, *, pictures: tuple[Plex, Covers] | None = None
    ) -> None:
        self._service = service
        self._plex = plex
        self._options = options
        self._name = service.settings.plex.name
        self._dirty = Dirty()
        self._scenes = Table(service.topics.scenes, service.reader, service.bus)
        self._loads = Table(service.topics.scenes, service.loader, service.bus)
        own = Table(service.topics.outcomes(self._name), service.reader, service.bus)
        self._outcomes = Outcomes(own, service.undecoded)
        self._library = Library(plex, self._outcomes, options)
        self._link = Link(service, plex)
        self._rate = Rate()
        self._pace = Pace()
        self._pause = Pause(service)
        self._scout = self._make_scout()
        self._images = self._make_images(*pictures) if pictures else None
        self._hints = Hints(
            service,
            plex=plex,
            link=self._link,
            library=self._library,
            wake=self._mark_woken,
            look_soon=self._scout.look_soon,
        )
        self._compare_wanted = asyncio.Event()
        self._lane = Lane(
            plex=plex,
            scenes=self._scenes,
            outcomes=self._outcomes,
            library=self._library,
            options=options,
            dirty=self._dirty,
            undecoded=service.undecoded,
            pace=self._pace,
            halted=self._is_halted,
            settled=self._settled,
            compare=self._compare_wanted.set,
        )
        self._compare = Compare(
            service,
            scenes=self._loads,
            outcomes=self._outcomes,
            library=self._library,
            dirty=self._dirty,
            options=options,
            settled=self._settled,
        )
        self._reconcile = Reconcile(
            service, compare=self._compare, scout=self._scout, library=self._library, link=self._link
        )
        self._gaps = Gaps(
            service,
            plex=plex,
            scenes=self._scenes,
            loads=self._loads,
            outcomes=self._outcomes,
            library=self._library,
            options=options,
        )
        self._wake = asyncio.Event()
        self._desk = Desk(
            plex=plex,
            scenes=self._scenes,
            loads=self._loads,
            outcomes=self._outcomes,
            library=self._library,
            options=options,
            dirty=self._dirty,
            wake=self._wake.set,
            began=self._on_began,
        )
        self._watcher = WatcherInfo(service="")
        self._batch = BATCH
        self._in_hand: int | None = None
        self._told_stats: WriterStats | None = None
        self._told_info: WriterInfo | None = None

    def _make_scout(self) -> Scout:
        settings = self._service.settings.plex
        events = Events(
            settings.url,
            settings.token.get_secret_value() if settings.token else "",
            connect_timeout=settings.connect_timeout,
            undecoded=self._service.undecoded,
        )
        return Scout(
            plex=self._plex,
            link=self._link,
            library=self._library,
            events=events,
            pace=self._pace,
            wake=self._mark_woken,
            in_hand=lambda: self._lane.in_hand,
        )

    def _make_images(self, plex: Plex, covers: Covers) -> Images:
        return Images(
            plex=plex,
            covers=covers,
            scenes=self._scenes,
            outcomes=self._outcomes,
            options=self._options,
            link=self._link,
            halted=lambda: self._is_halted() or self._desk.review.active,
        )

    def _is_halted(self) -> bool:
        return self._service.stop.is_set() or bool(self._pause)

    def _settled(self, scene: Scene, outcome: Outcome | None) -> None:
        """Words are done; their pictures are next."""
        if self._images is not None:
            self._images.look(scene, outcome)

    async def listen(self) -> None:
        """Register what wakes the lane; before the session connects, since its backlog comes with the connection."""
        bus, topics = self._service.bus, self._service.topics
        await bus.subscribe([f"{topics.scenes}/+"], self._on_scene, retained=False)
        await bus.subscribe([topics.stash("info")], self._on_watcher)
        await self._hints.listen()
        bus.on_up.append(self._on_up)

    async def run(self) -> None:
        """Load our outcomes, then compare, watch the libraries, work and tell, side by side."""
        check = Check(
            self._service,
            scenes=self._scenes,
            outcomes=self._outcomes,
            library=self._library,
            options=self._options,
        )
        register = Register(self._plex, self._service.settings.provider.url, self._options.paths)
        await self._service.serve(
            {
                "check": check.on_check,
                "register": register.on_register,
                "reconcile": self._on_reconcile,
                "gaps": self._gaps.on_request,
                "resync": self._on_resync,
                "retry": self._on_retry,
                "pause": self._on_pause,
                "resume": self._on_resume,
                **self._desk.handlers,
            }
        )
        await self._service.unless_stopped(self._load())
        beside = [
            self._compare_forever(),
            self._scout.run(),
            self._hints.run(),
            self._tell_forever(),
            self._scheduled(self._reconcile.schedule),
            self._scheduled(self._gaps.schedule),
        ]
        if self._images is not None:
            beside.append(self._images.run())
        if self._service.settings.plex.scan:
            beside.append(Scanner(self._plex, self._link, self._library).run())
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in beside]
            with contextlib.suppress(Stopped):
                await group.create_task(self._work_forever())
            for task in tasks:
                task.cancel()
        await self._tell(final=True)

    def _on_scene(self, message: Message) -> None:
        """Note that a scene changed; its content is read when its turn comes, so the newest is what is written."""
        scene_id = row_id(self._scenes.prefix, message.topic)
        if scene_id is None:
            return
        if not message.payload:
            self._dirty.mark(scene_id, live=True, gone=True)
        else:
            try:
                messages.decode(Scene, message.payload)
            except Undecodable as error:
                self._service.undecoded.add(message.topic, error)
                return
            first_load = self._watcher.loading and scene_id not in self._outcomes
            self._dirty.mark(scene_id, live=not first_load)
        self._wake.set()

    def _on_watcher(self, message: Message) -> None:
        try:
            info = messages.decode(WatcherInfo, message.payload) if message.payload else WatcherInfo(service="")
        except Undecodable as error:
            self._service.undecoded.add(message.topic, error)
            return
        began, loaded = self._watcher.epoch != info.epoch, self._watcher.loading and not info.loading
        if began or loaded or self._compare.is_due(info):
            self._compare_wanted.set()
        self._watcher = info

    def _on_up(self, connection: Connection) -> None:
        """After every reconnect the broker may have lost what it had, the session included."""
        if connection.generation > 1:
            self._told_stats = self._told_info = None
            self._compare_wanted.set()

    async def _on_reconcile(self, request: Request) -> object:
        self._compare.confirmed = self._compare.confirmed or request.confirm
        try:
            done = await self._reconcile.schedule.once()
        except (PlexUnavailable, Unauthorized) as error:
            await self._link.doubt(error)
            raise Rejected(f"Plex fails: {error}; it is compared as soon as it is back") from None
        finally:
            self._wake.set()
        detail = (
            f"Of {done.items} items in Plex, {done.differing} are not as they were seen last; {done.unsettled} scenes "
            "differ from what was written. They are looked at now; see pending on stats."
        )
        return Detail(detail=detail)

    async def _on_resync(self, request: Request) -> object:
        if request.path:
            self._hints.add(request.path)
            found = self._library.find([request.path])
            owners = {owner for key in found if (owner := self._outcomes.owner(key)) is not None}
            self._mark_woken(owners)
            return Chosen(scenes=len(owners) + len(self._library.waiting.ending([request.path])))
        ids = request.ids or tuple(self._outcomes)
        if request.adopt:
            self._lane.adopt(ids)
        for scene_id in ids:
            self._dirty.mark(scene_id, live=bool(request.ids), look=True)
        self._wake.set()
        return {"scenes": len(ids)}

    async def _on_retry(self, request: Request) -> object:
        outcomes = (outcome for scene_id in self._outcomes if (outcome := self._outcomes.get(scene_id)) is not None)
        ids = list(chosen(outcomes, request))
        for scene_id in ids:
            self._dirty.recall(scene_id)
        self._wake.set()
        return Chosen(scenes=len(ids))

    async def _on_pause(self, _: Request) -> object:
        fresh = self._pause.begin()
        await self._tell()
        return Detail(detail=f"{'Paused' if fresh else 'Paused already'}, since {self._pause.since}; resume goes on.")

    async def _on_resume(self, _: Request) -> object:
        fresh = self._pause.end()
        await self._tell()
        return Detail(detail=f"Going on with {len(self._dirty)} scenes." if fresh else "It was not paused.")

    async def _load(self) -> None:
        while not self._service.ready:
            try:
                await self._link.load()
                await self._reconcile.load()
                await self._gaps.load()
                told = await self._own_info()
                if told is not None and told.paused:
                    self._pause.begin(told.paused)
                self._desk.begin(self._service.settings.plex.start, told.started if told is not None else "")
                loaded = await self._outcomes.load(self._counted)
            except Unavailable as error:
                log.warning("outcomes_unreadable", why=str(error), effect="trying again; nothing is planned without")
                await asyncio.sleep(1)
                continue
            self._service.ready = True
            log.info("outcomes_loaded", outcomes=len(self._outcomes), table=loaded.verdict)
        # who edited an item within the second in which it was written just before the end shows in no listing
        self._mark_woken(set(self._outcomes.latest))
        self._compare_wanted.set()

    async def _on_began(self) -> None:
        """Say where a restart finds it that a person has ended the review, and handle everything."""
        await self._tell()
        self._compare_wanted.set()

    async def _counted(self) -> Counted | None:
        info = await self._own_info()
        return Counted(messages.Stamp(info.epoch, info.seq), info.outcomes, loading=False) if info else None

    async def _own_info(self) -> WriterInfo | None:
        topic = self._service.topics.plex(self._name, "info")
        row = (await self._service.reader.read([topic])).get(topic)
        try:
            return messages.decode(WriterInfo, row) if row else None
        except Undecodable as error:
            self._service.undecoded.add(topic, error)
            return None

    async def _compare_forever(self) -> None:
        """Compare at start, after every reconnect, when the watcher or the lane gives a cause, on request and daily."""
        generation = self._service.bus.connection.generation if self._service.bus.connection else 1
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DAY):
                    await self._compare_wanted.wait()
            self._compare_wanted.clear()
            try:
                connection = await self._service.bus.wait_connected()
                if connection.generation != generation:
                    generation = connection.generation
                    await self._audit()
                heard = self._watcher
                await self._compare.run()
                if self._watcher is not heard and self._compare.is_due(self._watcher):
                    self._compare_wanted.set()
            except Unavailable as error:
                log.warning("compare_again", why=str(error))
                self._compare_wanted.set()
                await asyncio.sleep(1)
            self._wake.set()

    async def _audit(self) -> None:
        """See whether the broker still has our last publication; if not, give it back what it lost."""
        info = await self._own_info()
        if info is not None and messages.Stamp(info.epoch, info.seq) == self._outcomes.stamp:
            return
        wrong = await self._outcomes.audit()
        if wrong:
            log.warning(
                "audited", outcomes=len(self._outcomes), put_right=wrong, why="the broker had lost or kept more"
            )
        self._told_info = None
        for report in (self._link, self._reconcile, self._gaps):
            await report.tell()

    async def _scheduled(self, schedule: Schedule[Any]) -> None:
        """Follow a schedule once there is a listing to compare with."""
        await self._scout.listed.wait()
        try:
            await schedule.forever()
        finally:
            await schedule.close()

    def _mark_woken(self, scene_ids: set[int]) -> None:
        for scene_id in scene_ids:
            self._dirty.mark(scene_id, live=False, look=True)
        self._wake.set()

    async def _work_forever(self) -> None:
        """Work until asked to stop; raises Stopped then, between two batches."""
        while True:
            await self._service.unless_stopped(self._ready_to_work())
            if self._service.stop.is_set():
                return
            self._wake.clear()  # before the look at what is dirty, or a mark right after it would wake nobody
            tickets = self._dirty.take(self._batch, time.monotonic(), besides=self._in_hand)
            if tickets:
                await self._work(tickets)
            else:
                await self._service.unless_stopped(self._rest())

    async def _ready_to_work(self) -> None:
        """Wait for Plex and for its first listing, without which every scene would seem to be missing."""
        await self._link.well()
        await self._scout.listed.wait()
        await self._pause.over()

    async def _rest(self) -> None:
        due = self._dirty.next_due()
        timeout = None if due is None else max(0.0, due - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._wake.wait()

    async def _work(self, tickets: Sequence[Ticket]) -> None:
        before = self._lane.handled
        try:
            await (self._desk.review if self._desk.review.active else self._lane).handle(tickets)
            self._in_hand = None
            self._batch = min(BATCH, self._batch * 2)
        except (PlexUnavailable, Unauthorized) as error:
            await self._after_failure(tickets, error)
        except Rejected as error:
            # a read that Plex refuses, since a write that it refuses ends in its scene's outcome
            await self._find_culprit(tickets, error)
        except Unavailable as error:
            log.warning("broker_unavailable", why=str(error), effect="the scenes stay pending")
            await self._service.unless_stopped(self._service.bus.wait_connected())
        self._rate.add(self._lane.handled - before)

    async def _after_failure(self, tickets: Sequence[Ticket], error: PlexUnavailable | Unauthorized) -> None:
        """Plex away: nobody is to blame, and another scene goes first later. Plex well: find the scene that fails."""
        if not await self._link.doubt(error):
            self._batch = 1
            self._in_hand = (error.ticket if isinstance(error, Blamed) else tickets[0]).scene_id
        else:
            await self._find_culprit(tickets, error)

    async def _find_culprit(self, tickets: Sequence[Ticket], error: S2PError) -> None:
        """Set the scene aside that fails while Plex is well; if several were in hand, take them one by one."""
        if isinstance(error, Blamed):
            await self._lane.blame(error.ticket, str(error))
        elif len(tickets) == 1:
            await self._lane.blame(tickets[0], str(error))
        else:
            self._batch = 1

    async def _tell_forever(self) -> None:
        last_info = 0.0
        while True:
            await asyncio.sleep(IDLE)
            await self._tell(stats_only=time.monotonic() - last_info < INFO_EVERY)
            last_info = time.monotonic() if time.monotonic() - last_info >= INFO_EVERY else last_info

    async def _tell(self, *, stats_only: bool = False, final: bool = False) -> None:
        if not self._service.bus.connected:
            return
        stats = self._stats()
        if stats != self._told_stats:
            self._told_stats = stats
            await self._service.publish("stats", stats)
        info = self._info()
        if not stats_only and info != self._told_info:
            self._told_info = info
            await self._service.publish("info", info)
        if final:
            log.info("handed_over", pending=stats.pending, outcomes=info.outcomes)

    def _stats(self) -> WriterStats:
        states = self._outcomes.states
        return WriterStats(
            pending=len(self._dirty),
            synced=states["synced"],
            waiting=states["waiting"],
            ambiguous=states["ambiguous"],
            failed=states["failed"],
            skipped=states["skipped"],
            rate=self._rate.per_second(),
            writes=self._lane.writes,
            requests=self._plex.requests + (self._images.requests if self._images else 0),
            images_due=self._images.due if self._images else 0,
            review=self._desk.told,
            last_sync=self._lane.last_sync,
            suspect=self._compare.suspect,
            undecodable=self._service.undecoded.payload(),
        )

    def _info(self) -> WriterInfo:
        facts = self._link.facts
        return WriterInfo(
            service=VERSION,
            server=facts.name if facts else "",
            machine=facts.machine if facts else "",
            version=facts.version if facts else "",
            libraries=self._library.info(),
            epoch=self._outcomes.stamp.epoch,
            seq=self._outcomes.stamp.seq,
            outcomes=len(self._outcomes),
            paused=self._pause.since,
            started=self._desk.started,
        )
