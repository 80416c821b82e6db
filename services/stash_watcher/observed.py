"""Stash's answers as plain data: what was observed of it, and when by its own clock; pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from common.errors import Undecodable
from services.stash_watcher.changes import Listed, listed
from services.stash_watcher.render import draft_of, identity_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from msgspec import Raw

    from services.stash_watcher import answers
    from services.stash_watcher.entities import Kind, Row
    from services.stash_watcher.render import Draft

R = TypeVar("R")


class Garbled(NamedTuple):
    """A scene that an answer has in a form that can't be read; id 0 and no updated_at where not even that can."""

    id: int
    updated_at: str
    query: str
    why: Undecodable


class Scenes(NamedTuple):
    """Whole scenes as observed, those that were garbled, and asked-for ids that Stash says it has not.

    `clock` is Stash's when it answered, the earliest of several answers.
    """

    clock: dt.datetime
    scenes: list[Draft]
    garbled: list[Garbled]
    gone: list[int]

    @property
    def ids(self) -> list[int]:
        """The ids of all scenes that were in the answer, 0 for one that can't be told."""
        return [scene.id for scene in self.scenes] + [garbled.id for garbled in self.garbled]


class Listing(NamedTuple):
    """A page of the light listing in id order, the raw times in it, and Stash's clock."""

    rows: list[Listed]
    times: list[str]
    clock: dt.datetime


class Oldest(NamedTuple):
    """The scene with the smallest id, and its created_at, raw."""

    id: int
    born: str


class Count(NamedTuple):
    """How many scenes there are, and the oldest, if any."""

    total: int
    oldest: Oldest | None


class Mark(NamedTuple):
    """A marker: the scene that has it, and the id of its primary tag; its updated_at is raw."""

    id: int
    scene: int
    title: str
    seconds: float
    tag: int
    updated_at: str


class Seen(NamedTuple, Generic[R]):
    """Rows of a kind, how many there are in all, and the newest updated_at of any, raw, where it was asked for."""

    total: int
    newest: str
    rows: list[R]


class Some(NamedTuple):
    """Entities that were asked for by their ids, and the ids that Stash has not."""

    rows: list[Row]
    gone: list[int]


class Glance(NamedTuple):
    """What one look says: scenes, their number, the oldest and the newest time, and the same of the other kinds.

    `told` is when Stash last wrote to its log, `moved` are scenes with a file that changed, `moved_times` the times of
    those files.
    """

    total: int
    oldest: Oldest | None
    told: str
    newest: str
    changed: Listing
    moved: Listing
    moved_times: list[str]
    entities: dict[Kind, Seen[Row]]
    markers: Seen[Mark]
    clock: dt.datetime


class Greeting(NamedTuple):
    """Who answers: Stash's release, which optional fields its scenes have, its database's path hashed, its clock."""

    version: str
    features: tuple[str, ...]
    database: str
    clock: dt.datetime


class Disordered(ValueError):
    """An answer has not the rows that were asked for, or not in the order that was."""


def marker_row(given: answers.Marker) -> Mark:
    """Return a marker; raises ValueError for an id that is no number."""
    return Mark(
        int(given.id), int(given.scene.id), given.title, given.seconds, int(given.primary_tag.id), given.updated_at
    )


def oldest_of(every: answers.All) -> Oldest | None:
    """Return the oldest scene, if there is one."""
    return next((Oldest(int(scene.id), scene.created_at) for scene in every.scenes), None)


def listing_of(rows: Sequence[answers.Row], clock: dt.datetime, after: int = 0) -> Listing:
    """Return a light listing; raises ValueError for ids that are no numbers or not in order after the one given."""
    page = [listed(row) for row in rows]
    ids = [after, *(row.id for row in page)]
    if any(one >= next_one for one, next_one in pairwise(ids)):
        raise Disordered("it is not in the order that was asked for")
    return Listing(page, [row.updated_at for row in rows], clock)


def scenes_of(name: str, raws: Sequence[Raw], clock: dt.datetime) -> Scenes:
    """Return whole scenes of an answer to the query of this name."""
    found = Scenes(clock, [], [], [])
    for raw in raws:
        try:
            found.scenes.append(draft_of(raw))
        except Undecodable as error:
            scene_id, updated_at = identity_of(raw) or (0, "")
            found.garbled.append(Garbled(scene_id, updated_at, name, error))
    return found


def joined(parts: Sequence[Scenes]) -> Scenes:
    """Return the answers to several requests, at least one, as one."""
    whole = Scenes(min(part.clock for part in parts), [], [], [])
    for part in parts:
        whole.scenes.extend(part.scenes)
        whole.garbled.extend(part.garbled)
        whole.gone.extend(part.gone)
    return whole
