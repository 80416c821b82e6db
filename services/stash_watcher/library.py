"""The questions that the watcher asks of Stash, and their answers as plain data.

Every answer is checked for being the one that was asked for: what is not raises, and nothing is concluded from it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from common.errors import Undecodable
from common.item import short_hash
from common.stash import Failed, NotReady
from services.stash_watcher import answers
from services.stash_watcher.changes import Listed, digest, listed
from services.stash_watcher.documents import documents
from services.stash_watcher.render import identity_of, scene_of
from services.stash_watcher.watermark import Window

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    from msgspec import Raw

    from common.messages import Scene
    from common.stash import Query, Stash


NOTHING = Window("9999", "9999")


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
    scenes: list[Scene]
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
    """The scene with the smallest id, and a digest of its created_at."""

    id: int
    born: int


class Glance(NamedTuple):
    """What one look says: how many scenes there are, the oldest, if any, and what changed lately."""

    total: int
    oldest: Oldest | None
    changed: Listing


class Greeting(NamedTuple):
    """Who answers: Stash's release, which optional fields its scenes have, its database's path hashed, its clock."""

    version: str
    features: tuple[str, ...]
    database: str
    clock: dt.datetime


class Library:
    """One Stash, as far as the watcher is concerned; all methods raise as Stash.ask, and Failed for a wrong answer."""

    def __init__(self, stash: Stash) -> None:
        self._stash = stash
        self._documents = documents()

    @property
    def requests(self) -> int:
        """How many requests have been sent."""
        return self._stash.requests

    async def greet(self) -> Greeting:
        """Ask who is there, and choose the queries that fit; raises NotReady when Stash is not ready for them."""
        answer = await self._stash.ask(self._documents.status, answers.Status)
        _insist_on_ready(answer.data.system_status.status)
        features = {field.name for field in answer.data.scene.fields}
        self._documents = documents(features)
        return Greeting(
            answer.data.version.version or "unknown",
            tuple(sorted(features & {"groups", "custom_fields"})),
            short_hash((answer.data.system_status.database_path or "").encode()),
            answer.date,
        )

    async def look(self, window: Window, after: int, per_page: int) -> Glance:
        """Ask what changed in a window, in id order after an id."""
        variables = {"since": window.since, "upto": window.upto, "after": after, "per_page": per_page}
        answer = await self._stash.ask(self._documents.look, answers.Look, variables)
        _insist_on_ready(answer.data.system_status.status)
        known = answer.data.all
        oldest = next((Oldest(int(scene.id), digest(scene.created_at)) for scene in known.scenes), None)
        changed = _listing(self._documents.look, answer.data.changed.scenes, answer.date, after)
        return Glance(known.count, oldest, changed)

    async def count(self) -> Glance:
        """Look at nothing but the number of scenes and the oldest."""
        return await self.look(NOTHING, 0, 1)

    async def ids(self, after: int, per_page: int) -> Listing:
        """Return the light listing of the scenes after an id; an empty one is the end."""
        variables = {"after": after, "per_page": per_page}
        answer = await self._stash.ask(self._documents.ids, answers.Ids, variables)
        _insist_on_ready(answer.data.system_status.status)
        return _listing(self._documents.ids, answer.data.find_scenes.scenes, answer.date, after)

    async def page(self, after: int, per_page: int) -> Scenes:
        """Return whole scenes after an id; none at all is the end."""
        query = self._documents.page
        variables = {"after": after, "per_page": per_page}
        answer = await self._stash.ask(query, answers.Page, variables)
        found = _scenes(query, answer.data.find_scenes.scenes, answer.date)
        if any(key <= after for key in found.ids):
            raise Failed(f"{query.name}: Stash's answer is not the page that was asked for")
        return found

    async def some(self, ids: Sequence[int]) -> Scenes:
        """Return the scenes with these ids, one request for all of them if Stash has them all."""
        if len(ids) == 1:
            return await self._one(ids[0])
        query = self._documents.batch
        try:
            answer = await self._stash.ask(query, answers.Page, {"ids": [str(key) for key in ids]})
        except Failed:
            # one id that is gone fails the whole request (Stash source v0.30)
            return await self._each(ids)
        found = _scenes(query, answer.data.find_scenes.scenes, answer.date)
        answered = set(found.ids)
        return await self._each([key for key in ids if key not in answered], found)

    async def _each(self, ids: Collection[int], *found: Scenes) -> Scenes:
        return joined([*found, *[await self._one(key) for key in ids]])

    async def _one(self, scene_id: int) -> Scenes:
        query, variables = self._documents.one, {"id": str(scene_id)}
        try:
            answer = await self._stash.ask(query, answers.One, variables)
        except Failed:
            clock = (await self.greet()).clock
            try:
                answer = await self._stash.ask(query, answers.One, variables)
            except Failed as error:
                return Scenes(clock, [], [Garbled(scene_id, "", query.name, Undecodable(str(error)))], [])
        if bytes(answer.data.find_scene) == b"null":
            return Scenes(answer.date, [], [], [scene_id])
        found = _scenes(query, [answer.data.find_scene], answer.date)
        if any(scene.id != scene_id for scene in found.scenes):
            raise Failed(f"{query.name}: Stash's answer is not the scene that was asked for")
        return found


def _insist_on_ready(status: str) -> None:
    if status == "SETUP":
        raise NotReady("Stash waits for its first set-up; open it in a browser")
    if status == "NEEDS_MIGRATION":
        raise NotReady("Stash waits for the migration of its database; open it in a browser")
    if status != "OK":
        raise NotReady(f"Stash says that its status is {status}")


def _listing(query: Query, rows: list[answers.Row], clock: dt.datetime, after: int) -> Listing:
    try:
        page = [listed(row) for row in rows]
    except ValueError as error:
        raise Failed(f"{query.name}: an id in Stash's answer is no number: {error}") from error
    ids = [after, *(row.id for row in page)]
    if any(one >= next_one for one, next_one in pairwise(ids)):
        raise Failed(f"{query.name}: Stash's answer is not in the order that was asked for")
    return Listing(page, [row.updated_at for row in rows], clock)


def _scenes(query: Query, raws: Sequence[Raw], clock: dt.datetime) -> Scenes:
    found = Scenes(clock, [], [], [])
    for raw in raws:
        try:
            found.scenes.append(scene_of(raw))
        except Undecodable as error:
            scene_id, updated_at = identity_of(raw) or (0, "")
            found.garbled.append(Garbled(scene_id, updated_at, query.name, error))
    return found


def joined(parts: Sequence[Scenes]) -> Scenes:
    """Return the answers to several requests, at least one, as one."""
    whole = Scenes(min(part.clock for part in parts), [], [], [])
    for part in parts:
        whole.scenes.extend(part.scenes)
        whole.garbled.extend(part.garbled)
        whole.gone.extend(part.gone)
    return whole
