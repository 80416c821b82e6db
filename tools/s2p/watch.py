"""`s2p watch`: every change of a scene and every outcome as it happens, one line each."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from common import messages
from common.errors import Undecodable
from common.messages import Outcome, Scene, WatcherState, WriterState, WriterStats
from common.topics import Topics, row_id
from tools.s2p.out import escape
from tools.s2p.words import count, value

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from rich.status import Status

    from common.messages import Payload
    from tools.s2p.bus import Bus
    from tools.s2p.out import Out

BEHIND: Final = 10_000
REMEMBERED: Final = 1_000
COLOURS: Final = {
    "synced": "green",
    "waiting": "yellow",
    "ambiguous": "magenta",
    "failed": "bold red",
    "skipped": "dim",
}
# what says where a scene stands among others, and not what it is
POSITION: Final = frozenset(["v", "id", "epoch", "seq", "born", "rev", "updated_at", "cut"])


class Event(NamedTuple):
    """One thing that happened, in plain words, and its payload."""

    kind: str
    subject: str
    text: str
    payload: Payload | None


async def watch(bus: Bus, out: Out, options: Namespace) -> int:
    """Print until interrupted, or for `--seconds`."""
    topics = Topics(bus.mqtt.base)
    heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(BEHIND)
    dropped = [0]

    def take(topic: str, payload: bytes) -> None:
        if heard.full():
            dropped[0] += 1
        else:
            heard.put_nowait((topic, payload))

    filters = [f"{topics.scenes}/+", f"{topics.outcomes('+')}/+", topics.plex("+", "state"), topics.stash("state")]
    teller = Teller(topics)
    async with bus.hearing(take, *filters, topics.plex("+", "stats")):
        out.say("Watching; Ctrl-C ends it." if out.live else "Watching.")
        with contextlib.suppress(TimeoutError), _footer(out) as footer:
            async with asyncio.timeout(options.seconds):
                while True:
                    topic, payload = await bus.wait(heard.get())
                    for event in teller.events(topic, payload):
                        _print(out, event, footer)
                    if dropped[0]:
                        out.say(f"{count(dropped[0], 'message')} left out: they come faster than they are shown.")
                        dropped[0] = 0
    return 0


class Teller:
    """Turns messages into events; remembers the last thousand scenes to say what changed in them."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._seen: dict[int, Scene] = {}
        self._told: dict[str, str] = {}

    def events(self, topic: str, payload: bytes) -> Iterator[Event]:
        """Yield what a message tells, if anything."""
        try:
            if (scene_id := row_id(self._topics.scenes, topic)) is not None:
                yield self._scene(scene_id, payload)
            elif topic.endswith("/stats"):
                yield Event("stats", _name(topic), "", messages.decode(WriterStats, payload))
            elif topic.endswith("/state"):
                yield from self._state(topic, payload)
            else:
                yield self._outcome(topic, payload)
        except Undecodable as error:
            yield Event("undecodable", topic, str(error), None)

    def _scene(self, scene_id: int, payload: bytes) -> Event:
        subject = f"scene {scene_id}"
        before = self._seen.pop(scene_id, None)
        if not payload:
            return Event("removed", subject, "gone from Stash", None)
        scene = messages.decode(Scene, payload)
        self._seen[scene_id] = scene
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]
        title = scene.title or (scene.files[0].path if scene.files else "")
        if before is None:
            return Event("changed", subject, value(title), scene)
        return Event(
            "changed", subject, f"{value(title)}: {', '.join(_changed(before, scene)) or 'nothing new'}", scene
        )

    def _outcome(self, topic: str, payload: bytes) -> Event:
        subject = f"scene {topic.rpartition('/')[2]} on {_name(topic)}"
        if not payload:
            return Event("cleared", subject, "its scene is gone", None)
        outcome = messages.decode(Outcome, payload)
        items = f" · {count(len(outcome.items), 'item')}" if outcome.items else ""
        return Event(outcome.state, subject, f"{outcome.detail}{items}".strip(" ·"), outcome)

    def _state(self, topic: str, payload: bytes) -> Iterator[Event]:
        state: WatcherState | WriterState
        if topic == self._topics.stash("state"):
            state = messages.decode(WatcherState, payload)
            text = f"Stash {state.stash}"
        else:
            state = messages.decode(WriterState, payload)
            text = f"Plex {state.plex}"
        text += f": {state.why}" if state.why else ""
        if self._told.get(topic) != f"{state.state} {text}":
            self._told[topic] = f"{state.state} {text}"
            yield Event("state", _name(topic), f"{state.state} · {text}", state)


def _changed(before: Scene, after: Scene) -> Iterator[str]:
    for name in before.__struct_fields__:
        if name not in POSITION and getattr(before, name) != getattr(after, name):
            yield name


def _name(topic: str) -> str:
    """Return which service a topic is of: the Plex server's name, or `stash`."""
    levels = topic.split("/")
    return levels[levels.index("plex") + 1] if "plex" in levels[:-1] else "stash"


@contextlib.contextmanager
def _footer(out: Out) -> Iterator[Status | None]:
    if not out.live:
        yield None
        return
    with out.console.status("waiting for something to happen") as status:
        yield status


def _print(out: Out, event: Event, footer: Status | None) -> None:
    if event.kind == "stats":
        if footer is not None and isinstance(event.payload, WriterStats):
            stats = event.payload
            footer.update(f"{event.subject}: pending {count(stats.pending)} · {stats.rate:.1f} scenes/s")
        return
    at = dt.datetime.now().astimezone()
    payload = msgspec.to_builtins(event.payload)
    out.data({"at": at.isoformat(), "event": event.kind, "of": event.subject, "text": event.text, "payload": payload})
    colour = COLOURS.get(event.kind, "cyan")
    out.line(f"{at:%H:%M:%S}  [{colour}]{event.kind:<9}[/] {escape(event.subject):<22} {escape(event.text)}".rstrip())
