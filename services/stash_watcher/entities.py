"""Tags, performers, studios and groups as scenes show them, apart from the scenes that have them; pure.

Stash's scenes carry ids only; what the ids are called is joined in here. So a renamed tag is one row that changed, and
the scenes to publish again are those whose links name it. The cache is seeded from our own retained scenes, so that the
first complete listing after a start also finds what changed while nobody looked.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Literal, NamedTuple

from common.messages import Named, Performer, Studio, Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

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


class Label(NamedTuple):
    """A tag: its name and its parents' ids in order; None where only a tag below it told of it."""

    name: str
    parents: tuple[int, ...] | None


Value = Label | Named | Performer | House


class Row(NamedTuple):
    """One entity of an answer: what scenes show of it, and its updated_at, raw.

    `children` are the tags below a tag, where they were asked for: who puts a tag below another moves one of the two.
    """

    id: int
    value: Value
    updated_at: str
    children: frozenset[int] | None = None


def link(kind: Kind, entity_id: int) -> int:
    """Return one number for an entity of any kind."""
    return entity_id * MANY + PLACES[kind]


def links_of(scene: Scene) -> array[int]:
    """Return the entities that a scene shows, the parents of its studio and tags among them."""
    # written out, as it runs for every scene of a load
    found = [tag.id * MANY + TAG for tag in scene.tags]
    found += [parent.id * MANY + TAG for tag in scene.tags for parent in tag.parents]
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
        self._tags: dict[int, Tag] = {}

    def take(self, scene: Scene) -> bool:
        """Take in a retained scene; False when it shows an entity otherwise than an earlier one does."""
        agreeing = [self._agrees(kind, entity_id, value) for kind, entity_id, value in _shown(scene)]
        return all(agreeing)

    def saw(self, kind: Kind, rows: Iterable[Row], began: float, now: float) -> set[int]:
        """Take in rows of an answer whose request began then; return the links of those that changed.

        One that changed since the request began stays: the answer may be older than that.
        """
        changed = set()
        families: dict[int, frozenset[int]] = {}
        for row in rows:
            if row.children is not None:
                families[row.id] = row.children
            known = self.rows[kind].get(row.id)
            if known == row.value or self._is_newer(link(kind, row.id), began):
                continue
            self._put(kind, row.id, row.value)
            if known is not None and not _is_more_of(row.value, known):
                changed.add(link(kind, row.id))
        changed.update(self._moved(families, began) if families else ())
        self._note(changed, now)
        return changed

    def gone(self, kind: Kind, ids: Iterable[int], began: float, now: float) -> set[int]:
        """Take in that Stash has these no more; return the links of those that were known."""
        gone = {link(kind, one) for one in ids if one in self.rows[kind] and not self._is_newer(link(kind, one), began)}
        for one in gone:
            del self.rows[kind][one // MANY]
        self._tags.clear()
        self._note(gone, now)
        return gone

    def lacking(self, needed: Iterable[tuple[Kind, int]]) -> dict[Kind, list[int]]:
        """Return which of these are not known, the parents of a studio or tag among them once it is."""
        found: dict[Kind, set[int]] = {}
        for kind, entity_id in needed:
            value = self.rows[kind].get(entity_id)
            if isinstance(value, Named) or (isinstance(value, Label) and value.parents == ()):
                # nearly all of them: there is nothing above
                continue
            if value is None or _is_half_known(value):
                found.setdefault(kind, set()).add(entity_id)
            for parent in _above(value):
                if parent not in self.rows[kind]:
                    found.setdefault(kind, set()).add(parent)
        return {kind: sorted(ids) for kind, ids in found.items()}

    def name(self, kind: Literal["tag", "group"], entity_id: int) -> str | None:
        """Return what a tag or group is called, or None."""
        value = self.rows[kind].get(entity_id)
        return value.name if isinstance(value, Label | Named) else None

    def tags(self, ids: Iterable[int]) -> tuple[Tag, ...]:
        """Return the tags of these that are known, by name."""
        known = [tag for one in ids if (tag := self._tags.get(one) or self._tag(one)) is not None]
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
        self._tags.clear()
        self._changed.clear()
        self.version += 1

    def _put(self, kind: Kind, entity_id: int, value: Value) -> None:
        self.rows[kind][entity_id] = value
        self._tags.clear()

    def _tag(self, tag_id: int) -> Tag | None:
        """Return a tag as scenes show it, or None; it is kept until any entity changes."""
        value = self.rows["tag"].get(tag_id)
        if not isinstance(value, Label):
            return None
        tag = self._tags[tag_id] = Tag(id=tag_id, name=value.name, parents=self._named(value.parents or ()))
        return tag

    def _named(self, tags: Iterable[int]) -> tuple[Named, ...]:
        rows = self.rows["tag"]
        return tuple(Named(id=one, name=value.name) for one in tags if isinstance(value := rows.get(one), Label))

    def _moved(self, families: Mapping[int, frozenset[int]], began: float) -> set[int]:
        """Put tags below and out from under others, whose children these are; return the links of those moved."""
        above: dict[int, set[int]] = {}
        for one, children in families.items():
            for child in children:
                above.setdefault(child, set()).add(one)
        moved = set()
        for child, label in self.rows["tag"].items():
            if not isinstance(label, Label) or label.parents is None or self._is_newer(link("tag", child), began):
                continue
            stay = {one for one in label.parents if one not in families or child in families[one]}
            parents = tuple(sorted(stay | above.get(child, set())))
            if parents != label.parents:
                self._put("tag", child, Label(label.name, parents))
                moved.add(link("tag", child))
        return moved

    def _agrees(self, kind: Kind, entity_id: int, value: Value) -> bool:
        known = self.rows[kind].get(entity_id)
        if known is None or _is_more_of(value, known):
            self._put(kind, entity_id, value)
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


def _by_name(tag: Tag) -> tuple[str, int]:
    return tag.name.casefold(), tag.id


def _is_more_of(value: Value, known: Value) -> bool:
    """Say whether `value` is the same studio or tag, and only tells its parents in addition."""
    if isinstance(value, House) and isinstance(known, House):
        return known.parent == UNKNOWN and known.name == value.name
    return isinstance(value, Label) and isinstance(known, Label) and known.parents is None and known.name == value.name


def _is_half_known(value: Value) -> bool:
    """Say whether only what is below a studio or tag told of it."""
    return (isinstance(value, House) and value.parent == UNKNOWN) or (
        isinstance(value, Label) and value.parents is None
    )


def _above(value: Value | None) -> tuple[int, ...]:
    """Return the ids of a studio's or tag's parents, as far as they are known."""
    if isinstance(value, Label):
        return value.parents or ()
    return (value.parent,) if isinstance(value, House) and value.parent else ()


def _shown(scene: Scene) -> Iterator[tuple[Kind, int, Value]]:
    for tag in scene.tags:
        yield "tag", tag.id, Label(tag.name, tuple(above.id for above in tag.parents) if tag.parents else ())
        for above in tag.parents:
            yield "tag", above.id, Label(above.name, None)
    for performer in scene.performers:
        yield "performer", performer.id, performer
    for group in scene.groups:
        yield "group", group.id, Named(id=group.id, name=group.name)
    if scene.studio is not None:
        parent = scene.studio.parent
        yield "studio", scene.studio.id, House(scene.studio.name, parent.id if parent else None)
        if parent is not None:
            yield "studio", parent.id, House(parent.name, UNKNOWN)
