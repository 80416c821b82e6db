"""Commands that tell an owner to do something: each is a request, and its answer in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from common import messages
from common.errors import Undecodable
from common.messages import Request, WatcherStats, WriterStats
from tools.s2p.ask import Asker
from tools.s2p.out import escape
from tools.s2p.words import count, duration

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping

    from rich.status import Status

    from tools.s2p.bus import Bus
    from tools.s2p.out import Out

WRITER: Final = "plex"


class Act(NamedTuple):
    """One command: who does it, what the owner calls it, and the request made of the options."""

    owner: str
    command: str
    request: Callable[[Namespace], Request]


def _bare(_: Namespace) -> Request:
    return Request()


def _scenes(options: Namespace) -> Request:
    return Request(ids=tuple(options.scenes), adopt=options.adopt)


ACTS: Final[Mapping[str, Act]] = {
    "start": Act(WRITER, "start", _bare),
    "pause": Act(WRITER, "pause", _bare),
    "resume": Act(WRITER, "resume", _bare),
    "reconcile": Act(WRITER, "reconcile", lambda o: Request(confirm=o.confirm)),
    "retry": Act(WRITER, "retry", lambda o: Request(ids=tuple(o.scenes), state=o.state, reason=o.reason)),
    "resync": Act(WRITER, "resync", _scenes),
    "pin": Act(WRITER, "pin", lambda o: Request(ids=(o.scene,), rating_key=o.rating_key)),
    "unpin": Act(WRITER, "unpin", lambda o: Request(ids=(o.scene,))),
    "sweep": Act("stash", "sweep", lambda o: Request(confirm=o.confirm)),
    "resync --stash": Act("stash", "resync", _bare),
    "refresh": Act("stash", "refresh", lambda o: Request(ids=tuple(o.scenes))),
}


async def act(bus: Bus, out: Out, options: Namespace) -> int:
    """Send the command's request, show how it goes, and print the answer."""
    chosen = ACTS[_which(options)]
    owner = chosen.owner if chosen.owner == "stash" else f"plex/{options.name}"
    with out.busy(f"{chosen.command}: waiting for {owner}") as busy:
        asker = Asker(bus, patience=options.timeout, progress=Progress(out, busy, chosen.command))
        answer = msgspec.json.decode(await asker.ask_raw(owner, chosen.command, chosen.request(options)))
    out.data(answer)
    out.line(f"{chosen.command}: {escape(sentence(answer))}")
    return 0


def _which(options: Namespace) -> str:
    if options.command != "resync" or not options.stash:
        return str(options.command)
    return "refresh" if options.scenes else "resync --stash"


def sentence(answer: Any) -> str:
    """Return an answer as one line: its sentence where it has one, else what it has by name."""
    if not isinstance(answer, dict) or not answer:
        return "done"
    if answer.get("detail"):
        return str(answer["detail"])
    return ", ".join(f"{name} {count(each) if type(each) is int else each}" for name, each in answer.items())


class Progress:
    """Shows an owner's stats while it works: in the spinner on a terminal, else a line when the tenth changes."""

    def __init__(self, out: Out, busy: Status, what: str) -> None:
        self._out, self._busy, self._what = out, busy, what
        self._told = ""

    def __call__(self, payload: bytes) -> None:
        """Take the next stats in."""
        text = progress_of(payload)
        if not text:
            return
        if self._out.live:
            self._busy.update(escape(f"{self._what}: {text}"))
        elif text != self._told:
            self._out.say(f"{self._what}: {text}")
        self._told = text


def progress_of(payload: bytes) -> str:
    """Return how far an owner is, by its stats; empty where they tell nothing."""
    try:
        watcher = messages.decode(WatcherStats, payload)
        writer = messages.decode(WriterStats, payload)
    except Undecodable:
        return ""
    if watcher.task:
        left = f", {duration(watcher.seconds_left)} left" if watcher.seconds_left is not None else ""
        return f"{watcher.task} {count(watcher.done)} of {count(watcher.total)}{left}"
    return f"{count(writer.pending)} pending, {writer.rate:.1f} scenes/s" if writer.pending else ""
