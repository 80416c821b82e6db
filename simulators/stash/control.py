"""The control API: how a test looks at the truth, changes it, breaks the server and moves its clock.

Below /control, JSON in and out, open to all. What was done answers `{"ok": true, …}`, what could not 400 with why.

    GET  scenes?ids=1,2 · tags · performers · studios · groups · galleries     the truth
    GET  stats · hooks · ops                    requests by operation; the last events; what `do` offers
    POST reset-stats
    POST do          {op, …, began_s_ago?}      one change, stamped as begun so long before it commits
    POST do          {op: "random", seed, count, kinds?}
    POST fault       {kind, match?, count?, seconds?, …}   see `faults`; match is an operation's name or "image"
    POST release                                every held request goes on
    POST clock       {offset_s?, zone?}
    POST snapshot    {name}                     and restore {name}: a restored backup
    POST replace     {scenes?, seed?}           another Stash behind the same URL
    POST plugin      {command, events?, default_args?}
    POST recorded    {on?}                      see `recording`
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulators.stash import truth
from simulators.stash.connection import left
from simulators.stash.edits import OPS
from simulators.stash.edits.transaction import Args, Refused
from simulators.stash.faults import BadFault
from simulators.stash.random_edits import random_edits
from simulators.stash.recording import Recording

if TYPE_CHECKING:
    from simulators.stash.server import Done, Stash

Given = dict[str, Any]
Post = Callable[[Given, Request], Awaitable[JSONResponse]]
KINDS = ("tags", "performers", "studios", "groups", "galleries")


def ok(**facts: Any) -> JSONResponse:
    """Return what went well."""
    return JSONResponse({"ok": True, **facts})


def wrong(message: str, status: int = 400) -> JSONResponse:
    """Return an error that says what was wrong."""
    return JSONResponse({"ok": False, "error": message}, status)


class Control:
    """The endpoints over one simulated Stash."""

    def __init__(self, stash: Stash) -> None:
        self.stash = stash

    async def scenes(self, request: Request) -> JSONResponse:
        """Return all scenes, or those of `?ids=1,2`."""
        db = self.stash.db
        wanted = request.query_params.get("ids")
        ids = [int(one) for one in wanted.split(",") if one] if wanted is not None else list(db.scenes.rows)
        return JSONResponse([truth.scene(db, db.scenes.rows[one]) for one in ids if one in db.scenes.rows])

    async def entities(self, request: Request) -> JSONResponse:
        """Return all rows of one kind."""
        kind = request.path_params["kind"]
        return JSONResponse(truth.entities(self.stash.db, kind)) if kind in KINDS else wrong(f"no {kind} here", 404)

    async def stats(self, _request: Request) -> JSONResponse:
        """Say what was asked so far, what is held, which hooks fired, and how many plugin processes run."""
        stats, plugin = self.stash.stats, self.stash.plugin
        return JSONResponse(
            {
                "requests": dict(stats.requests),
                "total": stats.requests.total(),
                "held": stats.held,
                "held_total": stats.held_total,
                "hooks": dict(plugin.fired),
                "running": plugin.running,
                "now": self.stash.clock.now(),
            }
        )

    async def ops(self, _request: Request) -> JSONResponse:
        """List what can be done, with its arguments and what it moves and fires."""
        return JSONResponse({name: (op.__doc__ or "").split("\n")[0] for name, op in sorted(OPS.items())})

    async def do(self, given: Given, request: Request) -> JSONResponse:
        """Make a change; the answer comes after the last plugin process, as a mutation's does."""
        op = given.pop("op", "")
        try:
            done = random_edits(self.stash, **given) if op == "random" else self.stash.do(op, given)
        except (TypeError, ValueError) as error:
            raise Refused(str(error)) from error
        await self._settle(request, done)
        return ok(**done.facts, hooks=[[hook.type, hook.id] for hook in done.hooks])

    async def _settle(self, request: Request, done: Done) -> None:
        """Wait for the plugin; a client that goes away ends it, as in Stash."""
        host, port = request.scope["server"]
        running = asyncio.create_task(self.stash.settle(done, host, port))
        gone = asyncio.create_task(left(request.receive))
        await asyncio.wait((running, gone), return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        running.cancel()
        await asyncio.gather(running, gone, return_exceptions=True)

    async def fault(self, given: Given, _request: Request) -> JSONResponse:
        """Put a fault in force, or end all."""
        self.stash.faults.add(given)
        return ok()

    async def release(self, _given: Given, _request: Request) -> JSONResponse:
        """Let every held request go on."""
        held, self.stash.released = self.stash.released, asyncio.Event()
        held.set()
        return ok()

    async def reset_stats(self, _given: Given, _request: Request) -> JSONResponse:
        """Count from zero again."""
        self.stash.stats.reset()
        self.stash.plugin.fired.clear()
        self.stash.plugin.history.clear()
        return ok()

    async def clock(self, given: Given, _request: Request) -> JSONResponse:
        """Move the clock or the zone of the server."""
        clock, before = self.stash.clock, self.stash.clock.zone.key
        try:
            clock.zone = ZoneInfo(given.get("zone", before))
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise Refused(f"no such zone: {error}") from error
        clock.offset_s = float(given.get("offset_s", clock.offset_s))
        if clock.zone.key != before:
            # Stash reads its zone when it starts, and starts with a line in its log
            self.stash.logged = clock.precise()
        return ok(now=clock.now())

    async def snapshot(self, given: Given, _request: Request) -> JSONResponse:
        """Keep a copy of the database under a name."""
        self.stash.snapshots[given["name"]] = self.stash.db.copy()
        return ok()

    async def restore(self, given: Given, _request: Request) -> JSONResponse:
        """Put a copy back, as a restored backup."""
        if given["name"] not in self.stash.snapshots:
            raise Refused(f"no snapshot {given['name']}")
        self.stash.replace(self.stash.snapshots[given["name"]].copy())
        return ok(scenes=len(self.stash.db.scenes))

    async def replace(self, given: Given, _request: Request) -> JSONResponse:
        """Put another Stash behind the same URL."""
        scenes = int(given.get("scenes", self.stash.settings.scenes))
        self.stash.replace(self.stash.sample(int(given.get("seed", 2)), scenes))
        return ok(scenes=len(self.stash.db.scenes))

    async def plugin(self, given: Given, _request: Request) -> JSONResponse:
        """Install the one plugin, or remove it with an empty command."""
        plugin = self.stash.plugin
        plugin.command = [str(one) for one in given.get("command", [])]
        plugin.events = given.get("events")
        plugin.default_args = given.get("default_args", {})
        return ok()

    async def recorded(self, given: Given, _request: Request) -> JSONResponse:
        """Turn recorded answers on or off."""
        self.stash.recording = Recording(on=bool(given.get("on", True)))
        return ok()

    async def hooks(self, _request: Request) -> JSONResponse:
        """Return the last thousand events, with the exit status of the plugin where it ran."""
        return JSONResponse(list(self.stash.plugin.history))


def routes(stash: Stash) -> list[Route]:
    """Return the control API's routes."""
    control = Control(stash)
    gets = (control.scenes, control.stats, control.ops, control.hooks)
    posts = (
        control.do, control.fault, control.release, control.reset_stats, control.clock, control.snapshot,
        control.restore, control.replace, control.plugin, control.recorded,
    )  # fmt: skip
    return [
        *(Route(f"/{get.__name__}", get) for get in gets),
        *(Route(f"/{post.__name__.replace('_', '-')}", _json(post), methods=["POST"]) for post in posts),
        Route("/{kind:str}", control.entities),
    ]


def _json(post: Post) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Return an endpoint that reads an object (nothing is an empty one) and tells what was refused and why."""

    async def endpoint(request: Request) -> JSONResponse:
        try:
            given = json.loads(await request.body() or b"{}")
        except ValueError as error:
            return wrong(f"not JSON: {error}")
        if not isinstance(given, dict):
            return wrong("not a JSON object")
        try:
            return await post(Args(given), request)
        except (Refused, BadFault) as error:
            return wrong(str(error))

    return endpoint
