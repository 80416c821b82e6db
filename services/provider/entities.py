"""Which studios, groups and performers the scenes name, so that only those are answered for. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from common.messages import Scene

_VERSION: Final = re.compile(r"[?&]t=([0-9]{1,20})(?:&|$)")


class Ref(msgspec.Struct, frozen=True):
    """An entity's id."""

    id: int


class Links(msgspec.Struct, frozen=True):
    """The entities that a scene names; all of a payload that taking it back needs."""

    studio: Ref | None = None
    performers: tuple[Ref, ...] = ()
    groups: tuple[Ref, ...] = ()


class _Person:
    __slots__ = ("image", "scenes")

    def __init__(self) -> None:
        self.image = ""
        self.scenes = 0


class Entities:
    """The scenes of every studio and group by id, and the picture of every performer."""

    def __init__(self) -> None:
        self._members: dict[str, dict[int, set[int]]] = {"studio": {}, "group": {}}
        self._people: dict[int, _Person] = {}

    def add(self, scene: Scene) -> None:
        """Note what a scene names; what it says of a performer's picture is the newest that is known."""
        for kind, entity in _memberships(scene):
            self._members[kind].setdefault(entity, set()).add(scene.id)
        for performer in scene.performers:
            person = self._people.setdefault(performer.id, _Person())
            person.scenes += 1
            person.image = performer.image

    def discard(self, scene_id: int, links: Links) -> None:
        """Take back what a scene named."""
        for kind, entity in _memberships(links):
            scenes = self._members[kind].get(entity, set())
            scenes.discard(scene_id)
            if not scenes:
                self._members[kind].pop(entity, None)
        for performer in links.performers:
            person = self._people.get(performer.id)
            if person is not None:
                person.scenes -= 1
                if person.scenes <= 0:
                    del self._people[performer.id]

    def members(self, kind: str, entity: int) -> Collection[int]:
        """Return the scenes of a `studio` or `group`; none where no scene names it."""
        return self._members[kind].get(entity, ())

    def portrait(self, performer: int) -> str | None:
        """Return the version of a performer's picture, empty without one, or None where no scene names the performer.

        Stash counts the version in the seconds at which the performer was last edited.
        """
        person = self._people.get(performer)
        if person is None:
            return None
        version = _VERSION.search(person.image)
        return (version[1] if version else "0") if person.image else ""


def _memberships(scene: Scene | Links) -> Iterator[tuple[str, int]]:
    if scene.studio is not None:
        yield "studio", scene.studio.id
    for group in scene.groups:
        yield "group", group.id
