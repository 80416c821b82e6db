"""Tags, performers, studios and groups as scenes show them, apart from the scenes that have them; pure.

Stash's scenes carry ids only; what the ids are called is joined in here. So a renamed tag is one row that changed, and
the scenes to publish again are those whose links name it. The cache is seeded from our own retained scenes, so that the
first complete listing after a start also finds what changed while nobody looked.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Literal, NamedTuple

from common.messages import Named, Performer, Studio

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from common.messages import Scene

Kind = Literal["tag", "performer", "studio", "group"]
KINDS: tuple[Kind, ...] = ("tag", "performer", "studio", "group")
TAG, PERFORMER, STUDIO, GROUP = range(len(KINDS))
MANY = len(KINDS)
PLACES = {kind: place for place, kind in enumerate(KINDS)}
UNKNOWN = 0
REMEMBERED = 120.0


class House(NamedTuple):
    """A studio: its name and its parent's id; UNKNOWN where only a scene below it told of it."""

    name: str
    parent: int | None


Value = Named | Performer | House


class Row(NamedTuple):
    """One entity of an answer: what scenes show of it, and its updated_at, raw."""

    id: int
    value: Value
    updated_at: str


def link(kind: Kind, entity_id: int) -> int:
    """Return one number for an entity of any kind."""
    return entity_id * MANY + PLACES[kind]


def links_of(scene: Scene) -> array[int]:
    """Return the entities that a scene shows, a studio's parent among them."""
    # written out, as it runs for every scene of a load
    found = [tag.id * MANY + TAG for tag in scene.tags]
    found += [performer.id * MANY + PERFORMER for performer in scene.performers]
    found += [group.id * MANY + GROUP for group in scene.groups]
    if scene.studio is not None:
        found.append(scene.studio.id * MANY + STUDIO)
        if scene.studio.parent is not None:
            found.append(scene.studio.parent.id * MANY + STUDIO)
    return array("Q", found)


class Entities:
    """Every entity known by kind and id; `version` grows with each that changes or goes."""

    def __init__(self) -> None:
        self.rows: dict[Kind, dict[int, Value]] = {kind: {} for kind in KINDS}
        self.version = 0
        self._changed: dict[int, float] = {}

    def take(self, scene: Scene) -> bool:
        """Take in a retained scene; False when it shows an entity otherwise than an earlier one does."""
        agreeing = [self._agrees(kind, entity_id, value) for kind, entity_id, value in _shown(scene)]
        return all(agreeing)

    def saw(self, kind: Kind, rows: Iterable[Row], began: float, now: float) -> set[int]:
        """Take in rows of an answer whose request began then; return the links of those that changed.

        One that changed since the request began stays: the answer may be older than that.
        """
        changed = set()
        for row in rows:
            known = self.rows[kind].get(row.id)
            if known == row.value or self._is_newer(link(kind, row.id), began):
                continue
            self.rows[kind][row.id] = row.value
            if known is not None and not _is_more_of(row.value, known):
                changed.add(link(kind, row.id))
        self._note(changed, now)
        return changed

    def gone(self, kind: Kind, ids: Iterable[int], began: float, now: float) -> set[int]:
        """Take in that Stash has these no more; return the links of those that were known."""
        gone = {link(kind, one) for one in ids if one in self.rows[kind] and not self._is_newer(link(kind, one), began)}
        for one in gone:
            del self.rows[kind][one // MANY]
        self._note(gone, now)
        return gone

    def lacking(self, needed: Iterable[tuple[Kind, int]]) -> dict[Kind, list[int]]:
        """Return which of these are not known, a studio's parent among them once the studio is."""
        found: dict[Kind, set[int]] = {}
        for kind, entity_id in needed:
            value = self.rows[kind].get(entity_id)
            if value is None or (isinstance(value, House) and value.parent == UNKNOWN):
                found.setdefault(kind, set()).add(entity_id)
            elif isinstance(value, House) and value.parent is not None and value.parent not in self.rows["studio"]:
                found.setdefault("studio", set()).add(value.parent)
        return {kind: sorted(ids) for kind, ids in found.items()}

    def name(self, kind: Literal["tag", "group"], entity_id: int) -> str | None:
        """Return what a tag or group is called, or None."""
        value = self.rows[kind].get(entity_id)
        return value.name if isinstance(value, Named) else None

    def tags(self, ids: Iterable[int]) -> tuple[Named, ...]:
        """Return the tags of these that are known, by name."""
        rows = self.rows["tag"]
        known = [value for one in ids if isinstance(value := rows.get(one), Named)]
        return tuple(sorted(known, key=_by_name)) if len(known) > 1 else tuple(known)

    def performer(self, performer_id: int) -> Performer | None:
        """Return a performer, or None."""
        value = self.rows["performer"].get(performer_id)
        return value if isinstance(value, Performer) else None

    def studio(self, studio_id: int) -> Studio | None:
        """Return a studio with its parent, or None."""
        house = self.rows["studio"].get(studio_id)
        if not isinstance(house, House):
            return None
        parent = self.rows["studio"].get(house.parent) if house.parent else None
        above = Named(id=house.parent, name=parent.name) if house.parent and isinstance(parent, House) else None
        return Studio(id=studio_id, name=house.name, parent=above)

    def clear(self) -> None:
        """Forget all: they are another Stash's."""
        self.rows = {kind: {} for kind in KINDS}
        self._changed.clear()
        self.version += 1

    def _agrees(self, kind: Kind, entity_id: int, value: Value) -> bool:
        known = self.rows[kind].get(entity_id)
        if known is None or _is_more_of(value, known):
            self.rows[kind][entity_id] = value
            return True
        return known == value or _is_more_of(known, value)

    def _is_newer(self, key: int, began: float) -> bool:
        return self._changed.get(key, -1.0) >= began

    def _note(self, links: Collection[int], now: float) -> None:
        """Remember when they changed for as long as a request may take."""
        if not links:
            return
        self.version += 1
        self._changed = {key: at for key, at in self._changed.items() if now - at < REMEMBERED}
        self._changed.update(dict.fromkeys(links, now))


def _by_name(tag: Named) -> tuple[str, int]:
    return tag.name.casefold(), tag.id


def _is_more_of(value: Value, known: Value) -> bool:
    """Say whether `value` is the same studio, and only tells its parent in addition."""
    if not isinstance(value, House) or not isinstance(known, House):
        return False
    return known.parent == UNKNOWN and known.name == value.name


def _shown(scene: Scene) -> Iterator[tuple[Kind, int, Value]]:
    for tag in scene.tags:
        yield "tag", tag.id, tag
    for performer in scene.performers:
        yield "performer", performer.id, performer
    for group in scene.groups:
        yield "group", group.id, Named(id=group.id, name=group.name)
    if scene.studio is not None:
        parent = scene.studio.parent
        yield "studio", scene.studio.id, House(scene.studio.name, parent.id if parent else None)
        if parent is not None:
            yield "studio", parent.id, House(parent.name, UNKNOWN)
