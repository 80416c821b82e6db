"""Runs a raw plugin for every event, as Stash does: after the commit, one process at a time, while the client waits.

The payload on stdin is Stash's own (source v0.30): `server_connection` with a session cookie that is a live login, and
`args` with the `hookContext`. A client that goes away kills the process in hand and drops the events that are left.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.stash.edits.transaction import Hook

HISTORY = 1000


@dataclass(slots=True)
class Plugin:
    """The one plugin that is installed; an empty `command` is none. `events` limits what triggers it."""

    command: list[str] = field(default_factory=list)
    events: list[str] | None = None
    default_args: dict[str, Any] = field(default_factory=dict)
    directory: str = "/config/plugins/simulated"
    running: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    history: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=HISTORY))

    def triggers(self, hook: Hook) -> bool:
        """Say whether this event starts the plugin."""
        return bool(self.command) and (self.events is None or hook.type in self.events)

    async def run(self, hooks: list[Hook], connection: dict[str, Any]) -> None:
        """Run the plugin for each event in turn; what it does wrong is noted and never an error."""
        for hook in hooks:
            self.fired[hook.type] += 1
            note: dict[str, Any] = {"type": hook.type, "id": hook.id}
            self.history.append(note)
            if self.triggers(hook):
                note["exit"] = await self._run_one(payload(hook, connection, self.default_args, self.directory))

    async def _run_one(self, stdin: dict[str, Any]) -> int | str:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(*self.command, stdin=pipe, stdout=pipe)
        except OSError as error:
            return str(error)
        self.running += 1
        try:
            await process.communicate(json.dumps(stdin).encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self.running -= 1
        return process.returncode or 0


def payload(hook: Hook, connection: dict[str, Any], default_args: dict[str, Any], directory: str) -> dict[str, Any]:
    """Return what a raw plugin reads from its standard input."""
    context: dict[str, Any] = {"id": hook.id, "type": hook.type, "input": hook.input}
    if hook.input_fields:
        context["inputFields"] = list(hook.input_fields)
    return {
        "server_connection": {**connection, "PluginDir": directory},
        "args": {**default_args, "hookContext": context},
    }


def cookie(value: str) -> dict[str, Any]:
    """Return a session cookie as Go writes one as JSON."""
    never = "0001-01-01T00:00:00Z"
    return {
        "Name": "session", "Value": value, "Quoted": False, "Path": "", "Domain": "", "Expires": never,
        "RawExpires": "", "MaxAge": 0, "Secure": False, "HttpOnly": False, "SameSite": 0, "Partitioned": False,
        "Raw": "", "Unparsed": None,
    }  # fmt: skip
