"""What the services say of themselves on their retained topics, decoded once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from common import messages
from common.errors import Undecodable
from common.messages import (
    Outages,
    Payload,
    ProviderInfo,
    ProviderState,
    ProviderStats,
    WatcherInfo,
    WatcherState,
    WatcherStats,
    WriterInfo,
    WriterState,
    WriterStats,
)
from common.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.s2p.bus import Bus

P = TypeVar("P", bound=Payload)


@dataclass(slots=True)
class Watcher:
    """What the watcher says; None where it never said anything."""

    state: WatcherState | None = None
    info: WatcherInfo | None = None
    stats: WatcherStats | None = None


@dataclass(slots=True)
class Writer:
    """What the writer of one Plex server says."""

    state: WriterState | None = None
    info: WriterInfo | None = None
    stats: WriterStats | None = None
    outages: Outages | None = None


@dataclass(slots=True)
class Provider:
    """What the provider says; `unmatched` files stand reported."""

    state: ProviderState | None = None
    info: ProviderInfo | None = None
    stats: ProviderStats | None = None
    unmatched: int = 0


@dataclass(slots=True)
class Snapshot:
    """All services at one moment; `unreadable` has the topics of payloads that could not be read."""

    stash: Watcher = field(default_factory=Watcher)
    plex: dict[str, Writer] = field(default_factory=dict)
    provider: Provider = field(default_factory=Provider)
    unreadable: list[str] = field(default_factory=list)


async def take(bus: Bus) -> Snapshot:
    """Read all that is retained, apart from the tables themselves."""
    topics = Topics(bus.mqtt.base)
    leaves = ("state", "info", "stats", "outages")
    rows = await bus.read(
        *(topics.stash(leaf) for leaf in leaves[:3]),
        *(topics.plex("+", leaf) for leaf in leaves),
        *(topics.provider(leaf) for leaf in leaves[:3]),
    )
    snapshot = of_rows(rows, topics)
    counted = [0]

    def count(_topic: str, payload: bytes) -> None:
        counted[0] += bool(payload)

    await bus.stream(count, f"{topics.unmatched}/+")
    snapshot.provider.unmatched = counted[0]
    return snapshot


def of_rows(rows: Mapping[str, bytes], topics: Topics) -> Snapshot:
    """Return the snapshot that these retained payloads make."""
    snapshot = Snapshot()

    def read(kind: type[P], topic: str) -> P | None:
        payload = rows.get(topic)
        try:
            return messages.decode(kind, payload) if payload else None
        except Undecodable as error:
            snapshot.unreadable.append(f"{topic}: {error}")
            return None

    snapshot.stash = Watcher(
        read(WatcherState, topics.stash("state")),
        read(WatcherInfo, topics.stash("info")),
        read(WatcherStats, topics.stash("stats")),
    )
    for name in _names(rows, topics):
        snapshot.plex[name] = Writer(
            read(WriterState, topics.plex(name, "state")),
            read(WriterInfo, topics.plex(name, "info")),
            read(WriterStats, topics.plex(name, "stats")),
            read(Outages, topics.plex(name, "outages")),
        )
    snapshot.provider = Provider(
        read(ProviderState, topics.provider("state")),
        read(ProviderInfo, topics.provider("info")),
        read(ProviderStats, topics.provider("stats")),
    )
    return snapshot


def _names(rows: Mapping[str, bytes], topics: Topics) -> list[str]:
    """Return the names of all Plex servers that a writer ever told of."""
    prefix = f"{topics.base}/plex/"
    return sorted({topic[len(prefix) :].split("/")[0] for topic in rows if topic.startswith(prefix)})
