"""What surrounds the two services in the model: a Stash, a broker that forgets, a Plex that answers late or never."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from common.item import short_hash
from common.messages import File, Scene, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.plex_writer.plan import Current, Edit
    from tests.plex_writer.shelf import Shelf

EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SESSION_LIMIT = 3
LATEST = 590.0


@dataclass
class Clock:
    """Seconds since the beginning; no time passes by itself, so every moment that matters moves it a little."""

    now: float = 1_000.0

    def tick(self) -> float:
        """Return a moment later than all before."""
        self.now += 0.001
        return self.now

    @property
    def date(self) -> dt.datetime:
        """Return the present as a date."""
        return EPOCH + dt.timedelta(seconds=self.now)

    @property
    def unix_ms(self) -> int:
        """Return the present as Unix milliseconds."""
        return int(self.date.timestamp() * 1000)


@dataclass
class Truth:
    """A scene as Stash has it."""

    title: str
    tags: frozenset[str]
    date: str
    born: str
    updated: int


@dataclass
class Stash:
    """The scenes by id."""

    clock: Clock
    scenes: dict[int, Truth] = field(default_factory=dict)

    def seen(self, scene_id: int) -> Scene | None:
        """Return a scene as an answer of Stash tells it, without a stamp."""
        truth = self.scenes.get(scene_id)
        if truth is None:
            return None
        scene = Scene(
            id=scene_id,
            epoch=0,
            seq=0,
            born=truth.born,
            rev="",
            updated_at=str(truth.updated),
            title=truth.title,
            tags=tuple(Tag(id=ord(tag), name=tag) for tag in sorted(truth.tags)),
            details="always there",
            date=truth.date,
            files=(File(path=path_of(scene_id)),),
        )
        return msgspec.structs.replace(scene, rev=short_hash(msgspec.json.encode(scene)))


def path_of(scene_id: int) -> str:
    """Return the path of a scene's file, the same in Stash and in Plex."""
    return f"/m/{scene_id}.mp4"


class Broker:
    """Retained topics and one session's queue; `save` and `come_back` make it forget."""

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}
        self.session: deque[tuple[str, bytes]] | None = None
        self.online = False
        self._saved: tuple[dict[str, bytes], list[tuple[str, bytes]] | None] = ({}, None)

    def publish(self, topic: str, payload: bytes) -> None:
        """Retain a payload and queue it for the session, which drops the newest when its owner is away for long."""
        if payload:
            self.retained[topic] = payload
        else:
            self.retained.pop(topic, None)
        if self.session is None or not topic.startswith(("scene", "info/stash")):
            return
        if self.online or len(self.session) < SESSION_LIMIT:
            self.session.append((topic, payload))

    def rows(self, prefix: str) -> dict[int, bytes]:
        """Return the retained rows of a table."""
        found = self.retained.items()
        return {int(topic.partition("/")[2]): row for topic, row in found if topic.startswith(f"{prefix}/")}

    def read(self, prefix: str, keys: Iterable[int]) -> dict[int, bytes]:
        """Return some rows by their topics."""
        return {key: row for key in keys if (row := self.retained.get(f"{prefix}/{key}"))}

    def save(self) -> None:
        """Write the database."""
        self._saved = dict(self.retained), None if self.session is None else list(self.session)

    def come_back(self, how: str) -> None:
        """Be killed and come back as it was, empty, or as it was saved."""
        if how == "empty":
            self.retained, self.session = {}, None
        elif how == "older":
            retained, session = self._saved
            self.retained, self.session = dict(retained), None if session is None else deque(session)
        self.online = False


class Plex:
    """One item a scene; `late` are writes that nobody waits for any more and that may still be carried out."""

    def __init__(self, clock: Clock) -> None:
        self.items: dict[int, Shelf] = {}
        self.late: list[tuple[float, int, Edit]] = []
        self.landed: set[int] = set()
        self._clock = clock

    def details(self, keys: Iterable[str]) -> dict[str, Current]:
        """Read items in full."""
        found = {}
        for key in keys:
            shelf = self.items.get(int(key))
            if shelf is not None:
                found[key] = msgspec.structs.replace(shelf.read(), rating_key=key, paths=(path_of(int(key)),))
        return found

    def write(self, key: str, edit: Edit, how: str) -> bool:
        """Carry out a write; return whether it is answered."""
        if how in {"done", "unanswered"}:
            self.items[int(key)].apply(edit)
        elif how == "late":
            self.late.append((self._clock.now + LATEST, int(key), edit))
        return how == "done"

    def land(self, *, all_due_by: float | None = None) -> None:
        """Carry out the first of the late writes, or all that are late by then."""
        if all_due_by is None:
            _, key, edit = self.late.pop(0)
            self.landed.add(key)
            self.items[key].apply(edit)
            return
        while self.late and self.late[0][0] <= all_due_by:
            self.land()
