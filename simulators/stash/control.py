"""The control API: how a test looks at the truth, changes it, breaks the server and moves its clock.

Everything is JSON and open to everybody; `GET /control/ops` lists what `POST /control/do` can do.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.responses import JSONResponse
from starlette.routing import Route

from simulators.stash import truth
from simulators.stash.connection import left
from simulators.stash.edits import OPS
from simulators.stash.edits.transaction import Refused
from simulators.stash.faults import BadFault
from simulators.stash.random_edits import random_edits
from simulators.stash.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from simulators.stash.server import Done, Stash

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

    async def reset_stats(self, _request: Request) -> JSONResponse:
        """Count from zero again."""
        self.stash.stats.reset()
        self.stash.plugin.fired.clear()
        self.stash.plugin.history.clear()
        return ok()

    async def ops(self, _request: Request) -> JSONResponse:
        """List what can be done, with its arguments and what it moves and fires."""
        return JSONResponse({name: (op.__doc__ or "").split("\n")[0] for name, op in sorted(OPS.items())})

    async def do(self, request: Request) -> JSONResponse:
        """Make a change; the answer comes after the last plugin process, as a mutation's does."""
        args = await request.json()
        op = args.pop("op", "")
        try:
            done = random_edits(self.stash, **args) if op == "random" else self.stash.do(op, args)
        except (Refused, TypeError, ValueError) as error:
            return wrong(str(error))
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

    async def fault(self, request: Request) -> JSONResponse:
        """Put a fault in force, or end all."""
        try:
            self.stash.faults.add(await request.json())
        except BadFault as error:
            return wrong(str(error))
        return ok()

    async def release(self, _request: Request) -> JSONResponse:
        """Let every held request go on."""
        held, self.stash.released = self.stash.released, asyncio.Event()
        held.set()
        return ok()

    async def clock(self, request: Request) -> JSONResponse:
        """Move the clock or the zone of the server."""
        given = await request.json()
        try:
            self.stash.clock.zone = ZoneInfo(given.get("zone", self.stash.clock.zone.key))
        except (ZoneInfoNotFoundError, ValueError) as error:
            return wrong(f"no such zone: {error}")
        self.stash.clock.offset_s = float(given.get("offset_s", self.stash.clock.offset_s))
        return ok(now=self.stash.clock.now())

    async def snapshot(self, request: Request) -> JSONResponse:
        """Keep a copy of the database under a name."""
        self.stash.snapshots[(await request.json())["name"]] = self.stash.db.copy()
        return ok()

    async def restore(self, request: Request) -> JSONResponse:
        """Put a copy back, as a restored backup."""
        name = (await request.json())["name"]
        if name not in self.stash.snapshots:
            return wrong(f"no snapshot {name}")
        self.stash.replace(self.stash.snapshots[name].copy())
        return ok(scenes=len(self.stash.db.scenes))

    async def replace(self, request: Request) -> JSONResponse:
        """Put another Stash behind the same URL."""
        given = await request.json()
        scenes = int(given.get("scenes", self.stash.settings.scenes))
        self.stash.replace(self.stash.sample(int(given.get("seed", 2)), scenes))
        return ok(scenes=len(self.stash.db.scenes))

    async def plugin(self, request: Request) -> JSONResponse:
        """Install the one plugin, or remove it with an empty command."""
        given = await request.json()
        plugin = self.stash.plugin
        plugin.command = [str(one) for one in given.get("command", [])]
        plugin.events = given.get("events")
        plugin.default_args = given.get("default_args", {})
        return ok()

    async def hooks(self, _request: Request) -> JSONResponse:
        """Return the last thousand events, with the exit status of the plugin where it ran."""
        return JSONResponse(list(self.stash.plugin.history))

    async def recorded(self, request: Request) -> JSONResponse:
        """Turn recorded answers on or off."""
        self.stash.recording = Recording(on=bool((await request.json()).get("on", True)))
        return ok()


def routes(stash: Stash) -> list[Route]:
    """Return the control API's routes."""
    control = Control(stash)
    gets = (control.scenes, control.stats, control.ops, control.hooks)
    posts = (
        control.do, control.fault, control.release, control.clock, control.snapshot, control.restore,
        control.replace, control.plugin, control.recorded,
    )  # fmt: skip
    return [
        *(Route(f"/{get.__name__}", get) for get in gets),
        *(Route(f"/{post.__name__}", _json_only(post), methods=["POST"]) for post in posts),
        Route("/reset-stats", control.reset_stats, methods=["POST"]),
        Route("/{kind:str}", control.entities),
    ]


def _json_only(post: Callable[[Request], Awaitable[JSONResponse]]) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Return an endpoint that takes an empty body for an empty object and anything else but an object for a mistake."""

    async def endpoint(request: Request) -> JSONResponse:
        body = await request.body()
        try:
            given = json.loads(body or b"{}")
        except ValueError as error:
            return wrong(f"not JSON: {error}")
        return await post(request) if isinstance(given, dict) else wrong("not a JSON object")

    return endpoint
