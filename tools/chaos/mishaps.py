"""Carries out faults: each is a context that begins with the trouble and ends with it healed."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from tools.chaos.faults import LINK, LINK_BUS, PLEX, PLEX_ITEM, PLEX_LATER, PLEX_SOME, SERVICES, STASH, STASH_WHOLE
from tools.chaos.plain import PLEX_ROOT
from tools.chaos.world import ZONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tools.chaos.faults import Fault
    from tools.chaos.hands import Hands
    from tools.chaos.record import Record
    from tools.chaos.world import World


EDITS: Final = "PUT /library/sections/*"
AHEAD: Final = 2 * 86_400.0
STRANGERS: Final = 40


def beside(usual: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Return settings with `others` in their place; of fields, those that are not named keep their usual policies."""
    fields = [each["S2P_FIELDS"] for each in (usual, others) if each.get("S2P_FIELDS")]
    policies = dict(part.split("=", 1) for part in ",".join(fields).split(",") if part)
    named = {"S2P_FIELDS": ",".join(f"{name}={policy}" for name, policy in policies.items())} if policies else {}
    return {**usual, **others, **named}


class Mishaps:
    """The bad luck of a run."""

    def __init__(self, world: World, record: Record, hands: Hands, fields: str) -> None:
        self._world = world
        self._record = record
        self._hands = hands
        self._fields = {"S2P_FIELDS": fields} if fields else {}

    @asynccontextmanager
    async def strike(self, fault: Fault) -> AsyncIterator[None]:
        """Let a fault be about; raises Refused at its begin where it makes no sense any more."""
        where, _, what = fault.kind.partition(".")
        if where in SERVICES:
            context = self._service(where, what, fault)
        elif where == "broker":
            context = self._broker(what)
        elif where == "stash":
            context = self._database(what) if what in STASH_WHOLE else self._stash(what)
        elif where == "plex":
            context = self._plex(what, fault)
        else:
            context = self._link(where, what)
        async with context:
            yield

    @asynccontextmanager
    async def _service(self, name: str, what: str, fault: Fault) -> AsyncIterator[None]:
        world = self._world
        if what == "second":
            other = world.second(name)
            yield
            await world.reap(other)
        elif what == "settings":
            usual = self._fields if name == "writer" else {}
            await self._away(name, at_once=False)
            self._back(name, beside(usual, fault.args["settings"]))
            yield
            await self._away(name, at_once=False)
            self._back(name, usual)
        elif what.startswith("kill_in"):
            await self._hold(name, fault)
            yield
            await self._away(name, at_once=True)
            await self._release(name)
            self._back(name)
        else:
            await self._away(name, at_once=what == "kill")
            yield
            self._back(name)

    async def _hold(self, name: str, fault: Fault) -> None:
        """Let the simulator keep the next request that matters; its victim's edit follows at once."""
        if name == "writer":
            key = await self._hands.victim(fault.scene)
            await self._world.control(
                "plex", "fault", kind="hold", match=EDITS, ratingKey=key, when=fault.args["when"], count=1
            )
        else:
            await self._world.control("stash", "fault", kind="hold", when="after", count=1)

    async def _release(self, name: str) -> None:
        which = "plex" if name == "writer" else "stash"
        await self._world.control(which, "fault", kind="clear")
        await self._world.control(which, "release")

    async def _away(self, name: str, *, at_once: bool) -> None:
        if name == "writer":
            self._record.deaths.append((time.time(), float("inf")))
        await self._world.end(name, at_once=at_once)

    def _back(self, name: str, settings: dict[str, str] | None = None) -> None:
        self._world.start(name, settings)
        if name == "writer":
            died, _ = self._record.deaths[-1]
            self._record.deaths[-1] = (died, time.time())

    @asynccontextmanager
    async def _broker(self, what: str) -> AsyncIterator[None]:
        broker, lost = self._world.broker, self._record.lost
        if what == "older":
            await broker.save()
            yield
            lost.append(time.time())
            await broker.kill()
            broker.restore()
            await broker.start()
        elif what in ("small", "full_disk"):
            await broker.stop()
            await broker.start("small" if what == "small" else "full")
            yield
            lost.append(time.time())
            await (broker.stop() if what == "small" else broker.kill())
            await broker.start()
        else:
            async with self._gone(what):
                yield

    @asynccontextmanager
    async def _gone(self, what: str) -> AsyncIterator[None]:
        """Take the broker away, with its data or not, and with the writer's memory or not."""
        broker = self._world.broker
        self._record.lost.append(time.time())
        if what == "empty_writer_away":
            await self._away("writer", at_once=True)
        await (broker.stop() if what == "term" else broker.kill())
        if what.startswith("empty"):
            broker.wipe()
        yield
        await broker.start()
        if what == "empty_writer_away":
            self._back("writer")

    @asynccontextmanager
    async def _stash(self, what: str) -> AsyncIterator[None]:
        await self._world.control("stash", "fault", **STASH[what])
        yield
        await self._world.control("stash", "fault", kind="clear")

    @asynccontextmanager
    async def _database(self, what: str) -> AsyncIterator[None]:
        """Let Stash come back from a backup, be another one for a while, or have another clock."""
        world, name = self._world, "chaos"
        if what in ("zone", "clock_ahead"):
            moved = {"zone": "America/Los_Angeles"} if what == "zone" else {"offset_s": AHEAD}
            await world.control("stash", "clock", **moved)
            yield
            await world.control("stash", "clock", zone=ZONE, offset_s=0.0)
            return
        await world.control("stash", "snapshot", name=name)
        if what == "another":
            self._hands.barred = "another Stash is there"
            await world.control("stash", "replace", scenes=STRANGERS, seed=99)
        yield
        await world.control("stash", "restore", name=name)
        self._hands.barred = ""
        await self._hands.read_all(time.time())

    @asynccontextmanager
    async def _plex(self, what: str, fault: Fault) -> AsyncIterator[None]:
        if what == "busy":
            async with self._busy():
                yield
            return
        command = {**PLEX, **PLEX_SOME, **PLEX_ITEM, **PLEX_LATER}[what]
        if what in PLEX_ITEM or what in PLEX_LATER:
            command = command | {"ratingKey": await self._hands.victim(fault.scene)}
        made = await self._world.control("plex", "fault", **command)
        yield
        await self._world.control("plex", "fault", kind="clear", id=made["id"])

    @asynccontextmanager
    async def _busy(self) -> AsyncIterator[None]:
        """Let Plex scan a few files slowly, and be slow to write meanwhile, as its database is."""
        world = self._world
        made = await world.control("plex", "fault", kind="sqlite-busy", ms=900.0)
        await world.control("plex", "settings", scan_step_ms=700.0)
        files = [f"{PLEX_ROOT}/unknown/{uuid.uuid4().hex}.mp4" for _ in range(4)]
        scan = asyncio.create_task(world.control("plex", "items", section="1", files=files))
        yield
        await world.control("plex", "settings", scan_step_ms=0.0)
        await world.control("plex", "fault", kind="clear", id=made["id"])
        await scan

    @asynccontextmanager
    async def _link(self, link: str, what: str) -> AsyncIterator[None]:
        for command in {**LINK, **LINK_BUS}[what]:
            await self._world.carry(link, **command)
        yield
        await self._world.carry(link, kind="clear")
