"""The questions that the watcher asks of Stash, and their answers as plain data.

Every answer is checked for being the one that was asked for: what is not raises, and nothing is concluded from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from common.errors import Undecodable
from common.item import short_hash
from common.stash import Failed, NotReady
from services.stash_watcher import answers
from services.stash_watcher.documents import documents
from services.stash_watcher.observed import (
    Count,
    Disordered,
    Garbled,
    Glance,
    Greeting,
    Listing,
    Scenes,
    Seen,
    Some,
    joined,
    listing_of,
    marker_row,
    oldest_of,
    scenes_of,
)
from services.stash_watcher.pulse import COUNTED, newest_of
from services.stash_watcher.render import ROWS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping, Sequence

    from common.stash import Query, Stash
    from services.stash_watcher.entities import Kind, Row
    from services.stash_watcher.observed import Mark
    from services.stash_watcher.watermark import Window

A = TypeVar("A")
R = TypeVar("R")

PAGES: dict[Kind, type[answers.Listing[Any]]] = {
    "tag": answers.Listing[answers.Tag],
    "performer": answers.Listing[answers.Performer],
    "studio": answers.Listing[answers.Studio],
    "group": answers.Listing[answers.Tag],
}
ONES: dict[Kind, type[answers.OneOf[Any]]] = {
    "tag": answers.OneOf[answers.Tag],
    "performer": answers.OneOf[answers.Performer],
    "studio": answers.OneOf[answers.Studio],
    "group": answers.OneOf[answers.Tag],
}


class Library:
    """One Stash, as far as the watcher is concerned; all methods raise as Stash.ask, and Failed for a wrong answer.

    With `tag_parents` tags are asked for with those above and below them.
    """

    def __init__(self, stash: Stash, *, tag_parents: bool = False) -> None:
        self._stash = stash
        self._tagged = {"tag_parents": True} if tag_parents else {}
        self._documents = documents()

    @property
    def requests(self) -> int:
        """How many requests have been sent."""
        return self._stash.requests

    async def greet(self) -> Greeting:
        """Ask who is there, and choose the queries that fit; raises NotReady when Stash is not ready for them."""
        answer = await self._stash.ask(self._documents.status, answers.Status)
        _insist_on_ready(answer.data.system_status.status)
        fields = (*answer.data.scene.fields, *answer.data.filter.input_fields)
        features = {field.name for field in fields}
        self._documents = documents(features)
        return Greeting(
            answer.data.version.version or "unknown",
            tuple(sorted(features & {"groups", "custom_fields", "files_filter"})),
            short_hash((answer.data.system_status.database_path or "").encode()),
            answer.date,
        )

    async def look(self, windows: Mapping[str, Window], per_page: int, few: int) -> Glance:
        """Ask what changed in a window each: up to `per_page` scenes, and up to `few` of every other kind."""
        query = self._documents.look
        kinds = ("scene", *(("file",) if self._documents.tells_files else ()), *COUNTED)
        bounds = {f"{kind}s": _between(windows[kind]) for kind in kinds}
        answer = await self._stash.ask(
            query, answers.Look, {**bounds, **self._tagged, "per_page": per_page, "few": few}
        )
        data = answer.data
        _insist_on_ready(data.system_status.status)
        return Glance(
            total=data.all.count,
            oldest=oldest_of(data.all),
            told=newest_of(entry.time for entry in data.logs),
            newest=newest_of(row.updated_at for row in data.newest.rows),
            changed=_listing(query, data.changed.scenes, answer.date),
            moved=_listing(query, data.moved.scenes, answer.date),
            moved_times=[file.updated_at for row in data.moved.scenes for file in row.files if file.updated_at],
            entities={
                "tag": _seen(query, data.tags, data.changed_tags, "tag"),
                "performer": _seen(query, data.performers, data.changed_performers, "performer"),
                "studio": _seen(query, data.studios, data.changed_studios, "studio"),
                "group": _seen(query, data.groups, data.changed_groups, "group"),
            },
            markers=Seen(
                data.markers.count,
                newest_of(row.updated_at for row in data.markers.rows),
                _numbered(query, marker_row, data.changed_markers.rows),
            ),
            clock=answer.date,
        )

    async def changed(self, window: Window, after: int, per_page: int) -> Listing:
        """Return the light listing of the scenes after an id that changed in a window."""
        variables = {"scenes": _between(window), "after": after, "per_page": per_page}
        return await self._light(self._documents.changed, variables, after)

    async def count(self) -> Count:
        """Return nothing but the number of scenes and the oldest."""
        answer = await self._stash.ask(self._documents.number, answers.Count)
        _insist_on_ready(answer.data.system_status.status)
        return Count(answer.data.all.count, oldest_of(answer.data.all))

    async def ids(self, after: int, per_page: int) -> Listing:
        """Return the light listing of the scenes after an id; an empty one is the end."""
        return await self._light(self._documents.ids, {"after": after, "per_page": per_page}, after)

    async def page(self, after: int, per_page: int) -> Scenes:
        """Return whole scenes after an id; none at all is the end."""
        query = self._documents.page
        variables = {"after": after, "per_page": per_page}
        answer = await self._stash.ask(query, answers.Page, variables)
        found = scenes_of(query.name, answer.data.find_scenes.scenes, answer.date)
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
        found = scenes_of(query.name, answer.data.find_scenes.scenes, answer.date)
        answered = set(found.ids)
        return await self._each([key for key in ids if key not in answered], found)

    async def entities(self, kind: Kind, page: int, per_page: int) -> Seen[Row]:
        """Return a page of a kind by id, the first is 1, and how many there are in all."""
        query = self._documents.entities[kind].every
        variables = {"page": page, "per_page": per_page, **self._about(kind)}
        answer = await self._stash.ask(query, PAGES[kind], variables)
        return Seen(answer.data.found.count, "", _numbered(query, ROWS[kind], answer.data.found.rows))

    async def some_entities(self, kind: Kind, ids: Sequence[int]) -> Some:
        """Return the entities of a kind with these ids, and the ids that Stash says it has not."""
        query = self._documents.entities[kind].some
        try:
            answer = await self._stash.ask(
                query,
                PAGES[kind],
                {"ids": [str(one) for one in ids], **self._about(kind)},
            )
        except Failed:
            # one id that is gone fails the whole request (Stash source v0.30)
            return await self._each_entity(kind, ids)
        return Some(_numbered(query, ROWS[kind], answer.data.found.rows), [])

    async def markers(self, page: int, per_page: int, tags: Collection[int] = ()) -> Seen[Mark]:
        """Return a page of markers by id, the first is 1, and how many there are; with `tags` only those of them."""
        query = self._documents.markers_of if tags else self._documents.markers
        variables: dict[str, object] = {"page": page, "per_page": per_page}
        if tags:
            variables["tags"] = [str(tag) for tag in tags]
        answer = await self._stash.ask(query, answers.Listing[answers.Marker], variables)
        return Seen(answer.data.found.count, "", _numbered(query, marker_row, answer.data.found.rows))

    def _about(self, kind: Kind) -> dict[str, bool]:
        return self._tagged if kind == "tag" else {}

    async def _light(self, query: Query, variables: Mapping[str, object], after: int) -> Listing:
        answer = await self._stash.ask(query, answers.Ids, variables)
        _insist_on_ready(answer.data.system_status.status)
        return _listing(query, answer.data.find_scenes.scenes, answer.date, after)

    async def _each_entity(self, kind: Kind, ids: Sequence[int]) -> Some:
        query, found = self._documents.entities[kind].one, Some([], [])
        for one in ids:
            answer = await self._stash.ask(
                query,
                ONES[kind],
                {"id": str(one), **self._about(kind)},
            )
            if answer.data.found is None:
                found.gone.append(one)
            else:
                found.rows.extend(_numbered(query, ROWS[kind], [answer.data.found]))
        return found

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
        found = scenes_of(query.name, [answer.data.find_scene], answer.date)
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


def _between(window: Window) -> dict[str, str]:
    return {"value": window.since, "value2": window.upto, "modifier": "BETWEEN"}


def _seen(query: Query, every: answers.Found[answers.Moment], changed: answers.Found[A], kind: Kind) -> Seen[Row]:
    newest = newest_of(row.updated_at for row in every.rows)
    return Seen(every.count, newest, _numbered(query, ROWS[kind], changed.rows))


def _numbered(query: Query, make: Callable[[A], R], rows: Sequence[A]) -> list[R]:
    """Return rows as plain data; raises Failed for an id that is no number."""
    try:
        return [make(row) for row in rows]
    except ValueError as error:
        raise Failed(f"{query.name}: an id in Stash's answer is no number: {error}") from error


def _listing(query: Query, rows: Sequence[answers.Row], clock: dt.datetime, after: int = 0) -> Listing:
    try:
        return listing_of(rows, clock, after)
    except Disordered as error:
        raise Failed(f"{query.name}: Stash's answer is not what was asked for: {error}") from error
    except ValueError as error:
        raise Failed(f"{query.name}: an id in Stash's answer is no number: {error}") from error
