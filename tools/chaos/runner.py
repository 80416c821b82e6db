"""One run: load, then round after round of edits and faults, each followed by the question whether all came right."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import aiomqtt

from tools.chaos import ear
from tools.chaos.faults import SERVICES
from tools.chaos.hands import Hands
from tools.chaos.history import report
from tools.chaos.judge import Bus, Due, announced, cases, count, excused, judge, judge_provider, policies_of
from tools.chaos.mishaps import Mishaps
from tools.chaos.photos import judge_photos, shown_photos
from tools.chaos.record import Record
from tools.chaos.scalars import Violation
from tools.chaos.schedule import Schedule, is_late, schedule_of
from tools.chaos.world import Refused, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tools.chaos.cast import Edit
    from tools.chaos.faults import Fault
    from tools.chaos.schedule import Round

    Say = Callable[[str], None]

WITHIN: Final = 60.0
LOAD_WITHIN: Final = 60.0
# the first load is not what is judged, and pictures take it a while on a busy machine
LOADED_A_SECOND: Final = 2
PUT_OFF: Final = 135.0
SLACK: Final = 15.0
LOOK_EVERY: Final = 1.0
# a look at thousands of scenes costs the processor that what is looked at needs
NAPS: Final = 3
TEND_EVERY: Final = 0.3
SURPRISES: Final = 5


class Options(NamedTuple):
    """What to run; `only` limits the faults, as `is_asked_for` says."""

    seed: int
    minutes: float
    scenes: int
    beyond: bool = False
    only: str = ""


class Result(NamedTuple):
    """What came of it, as DESIGN has it."""

    seed: int
    minutes: float
    faults: dict[str, int]
    edits: int
    lost: int = 0
    stale: int = 0
    overwritten: int = 0
    stuck: int = 0
    slowest_convergence_s: float = 0.0

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.lost or self.stale or self.overwritten or self.stuck)


async def run(options: Options, say: Say) -> Result:
    """Run it; what happens is said in lines of text."""
    async with World(options.seed, options.scenes) as world:
        result = await Run(world, options, say).all()
        world.kept = not result.clean
        if world.kept:
            say(f"logs of all processes: {world.folder}")
        return result


class Run:
    """One run in a world of its own."""

    def __init__(self, world: World, options: Options, say: Say) -> None:
        self._world = world
        self._options = options
        self._say = say
        self._record = Record()
        self._hands = Hands(world, self._record)
        self._slowest = 0.0
        self._policies: dict[str, str] = {}

    async def all(self) -> Result:
        """Load, then play every round; the first that does not come right is the last."""
        schedule = await self._prepare()
        self._say(str(schedule))
        async with asyncio.TaskGroup() as group:
            beside = [
                group.create_task(work) for work in (ear.listen(self._world.broker.port, self._record), self._tend())
            ]
            violations = await self._load(schedule)
            for number, turn in enumerate(schedule.rounds, 1):
                if violations:
                    break
                violations = await self._play(
                    number, turn, Mishaps(self._world, self._record, self._hands, schedule.fields)
                )
            for task in beside:
                task.cancel()
        return self._conclude(violations)

    async def _prepare(self) -> Schedule:
        """Bring both simulators to where the schedule begins."""
        world, options = self._world, self._options
        rows = await world.look("stash", "scenes")
        schedule = schedule_of(options.seed, options.minutes, rows, beyond=options.beyond, only=options.only)
        await world.control("plex", "settings", tag_mode=schedule.tag_mode, normalise=schedule.normalise)
        await self._hands.read_all(0.0)
        known = [self._record.versions[row["id"]][0] for row in rows if not is_late(row["id"])]
        await world.control("plex", "items", section="1", files=[path for one in known for path in one.paths])
        self._policies = policies_of(schedule.fields)
        return schedule

    async def _load(self, schedule: Schedule) -> list[Violation]:
        for name in SERVICES:
            fields = {"S2P_FIELDS": schedule.fields} if name == "writer" and schedule.fields else None
            self._world.start(name, fields)
        violations, took = await self._converge(LOAD_WITHIN + self._options.scenes / LOADED_A_SECOND)
        self._say(f"first load of {self._options.scenes} scenes: {took:.1f} s")
        return violations

    async def _play(self, number: int, turn: Round, mishaps: Mishaps) -> list[Violation]:
        """Let everything of a round happen at its time, then look whether all comes right."""
        begun = time.monotonic()
        open_ones: dict[int, AsyncExitStack] = {}
        for at, _, what, place in timeline(turn):
            await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
            if what is None:
                await self._heal(open_ones.pop(place, None))
            elif place < 0:
                await self._hands.do(what)  # type: ignore[arg-type]
            else:
                open_ones[place] = await self._strike(what, mishaps)  # type: ignore[arg-type]
        violations, took = await self._converge(WITHIN)
        self._slowest = max(self._slowest, took)
        self._say(f"round {number}: right after {took:.1f} s" if not violations else f"round {number}: not right")
        return violations

    async def _strike(self, fault: Fault, mishaps: Mishaps) -> AsyncExitStack:
        stack = AsyncExitStack()
        place = self._record.begin(fault.kind, time.time())
        stack.callback(lambda: self._record.end(place, time.time()))
        try:
            await stack.enter_async_context(mishaps.strike(fault))
        except Refused as refusal:
            self._hands.refused.append(f"{fault}: {refusal}")
        return stack

    async def _heal(self, stack: AsyncExitStack | None) -> None:
        if stack is not None:
            await stack.aclose()

    async def _converge(self, within: float) -> tuple[list[Violation], float]:
        """Look until nothing is wrong, or nothing excuses it any more; return what is wrong, and after how long."""
        healed = time.time()
        deadline, asked = healed + within, False
        while True:
            begun = time.monotonic()
            violations, due = await self._look()
            nap = max(LOOK_EVERY, NAPS * (time.monotonic() - begun))
            if any(one.kind == "overwritten" for one in violations):
                return violations, time.time() - healed
            if not violations or time.time() > deadline:
                if not violations or asked or not excused(violations, due):
                    return violations, time.time() - healed
                asked = True
                deadline = await self._wait_for(due.every, healed)
            self._say(f"  after {time.time() - healed:.0f} s: {left(violations)}")
            await asyncio.sleep(min(nap, max(LOOK_EVERY, deadline - time.time())))

    async def _wait_for(self, due: dict[int, float], healed: float) -> float:
        """Return until when to wait for work that was put off; what was put off for too long is asked for by hand."""
        late = [scene for scene, at in due.items() if at > healed + PUT_OFF]
        if late:
            self._say(f"put off for minutes, so asked for by hand: scenes {sorted(late)}")
            await ear.ask(self._world.broker.port, "plex/plex", "resync", ids=late)
        soon = [at for scene, at in due.items() if scene not in late]
        self._say(f"waiting for {len(due)} scenes whose writes failed or had no answer")
        return max([time.time(), *soon]) + SLACK

    async def _look(self) -> tuple[list[Violation], Due]:
        """Look at everything once."""
        record, world = self._record, self._world
        items: Sequence[dict[str, Any]] = await world.look("plex", "items")
        record.wrote(await world.look("plex", "writes", since=str(record.last_write)))
        try:
            bus = await ear.retained(world.broker.port)
        except (aiomqtt.MqttError, TimeoutError) as error:
            return [Violation("stuck", 0, "broker", f"{type(error).__name__}: {error}")], Due({}, {})
        found = judge(record, items, bus, self._policies)
        if not found:
            found = [*await self._photos(items), *judge_provider(record, await self._titles(bus))]
        return found, announced(bus)

    async def _photos(self, items: Sequence[Mapping[str, Any]]) -> Iterator[Violation]:
        """Fetch every performer's photo from where Plex has been told it is."""
        known, world = list(cases(self._record, items)), self._world
        seen = {address: await world.picture(address) for address in sorted(shown_photos(known))}
        return (
            judge_photos(self._record, known, world.provider, seen) if self._policies["actors"] != "off" else iter(())
        )

    async def _titles(self, bus: Bus) -> dict[int, str | None]:
        """Ask the provider what every described scene is called."""
        scenes = [one for one in bus.scenes if (last := self._record.versions[one][-1]).paths and not last.bare]
        return {scene: await self._world.title(scene) for scene in scenes}

    async def _tend(self) -> None:
        """Start again what ends by itself, and note when the writer's memory went with it."""
        while True:
            for name in self._world.tend():
                self._record.tell(time.time(), 0, f"{name} ended by itself and was started again")
                if name == "writer":
                    self._record.deaths.append((time.time() - 2.0, time.time()))
            await asyncio.sleep(TEND_EVERY)

    def _conclude(self, violations: list[Violation]) -> Result:
        for surprise in self._world.surprises[:SURPRISES]:
            self._say(f"ended by itself: {surprise}")
        if self._hands.refused:
            self._say(f"{len(self._hands.refused)} edits were not possible any more")
        if violations:
            self._say(report(self._record, violations))
        faults = Counter(one.kind for one in self._record.struck)
        found = count(violations)
        slowest = round(self._slowest, 1)
        return Result(
            self._options.seed, self._options.minutes, dict(sorted(faults.items())), self._record.edits,
            found["lost"], found["stale"], found["overwritten"], found["stuck"], slowest,
        )  # fmt: skip


def left(violations: Sequence[Violation]) -> str:
    """Return in short how much is still wrong, by kind and field."""
    counts = Counter((one.kind, one.field) for one in violations)
    return ", ".join(f"{n} {kind} {field}" for (kind, field), n in sorted(counts.items()))


def timeline(turn: Round) -> list[tuple[float, int, Edit | Fault | None, int]]:
    """Return (time, order, what, place) of everything in a round; None heals the fault of that place."""
    found: list[tuple[float, int, Edit | Fault | None, int]] = []
    for place, fault in enumerate(turn.faults):
        found += [(fault.at, 0, fault, place), (fault.at + fault.lasts, 2, None, place)]
    found += [(edit.at, 1, edit, -1) for edit in turn.edits]
    return sorted(found, key=lambda one: one[:2])
