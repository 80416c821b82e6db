"""Scenes, items and writes for the checker, in as few words as a test needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.chaos.judge import Bus, judge, policies_of
from tools.chaos.plain import Version
from tools.chaos.record import Record, Write

if TYPE_CHECKING:
    from tools.chaos.record import By
    from tools.chaos.scalars import Violation

PATH = "/media/films/One.mp4"
KEY = "7"
ONLINE: dict[str, dict[str, Any]] = {
    "stash/state": {"state": "online", "stash": "reachable"},
    "plex/plex/state": {"state": "online", "plex": "reachable"},
    "provider/state": {"state": "online", "ready": True},
}


def version(at: float = 0.0, **fields: Any) -> Version:
    """Return a scene that is not bare."""
    return Version(at, **{"title": "One", "studio": "Studio", "paths": (PATH,), **fields})


def item(**fields: Any) -> dict[str, Any]:
    """Return its item, as Plex shows it when all is right."""
    empty: dict[str, Any] = {
        "summary": "",
        "originallyAvailableAt": "",
        "tagline": "",
        "userRating": None,
        "poster": "",
    }
    empty |= {"genres": [], "actors": [], "collections": [], "directors": []}
    return {"ratingKey": KEY, "files": [PATH], "title": "One", "studio": "Studio", **empty, **fields}


def actor(name: str, role: str = "") -> dict[str, str]:
    """Return an actor as Plex tells of one."""
    return {"tag": name, "role": role, "thumb": ""}


class Story:
    """What happened to one scene and its item; `outcome` judges the end of it."""

    def __init__(self, *versions: Version) -> None:
        self.record = Record()
        self.record.versions[1] = list(versions or (version(),))

    def write(self, at: float, by: By, field: str, before: object, after: object) -> Story:
        """Let somebody write a field of the item."""
        known = self.record.writes[KEY]
        known.append(Write(len(known) + 1, at, KEY, by, {field: before}, {field: after}))
        return self

    def fault(self, kind: str, at: float, until: float) -> Story:
        """Let a fault be about."""
        place = self.record.begin(kind, at)
        self.record.end(place, until)
        return self

    def outcome(self, shown: dict[str, Any], *, settings: str = "", bus: Bus | None = None) -> list[Violation]:
        """Judge what is shown in the end."""
        usual = Bus({1: {}}, {1: {"state": "synced"}}, ONLINE)
        return judge(self.record, [shown], bus or usual, policies_of(settings))

    def kinds(self, shown: dict[str, Any], *, settings: str = "") -> list[str]:
        """Return only in which ways it is wrong."""
        return [one.kind for one in self.outcome(shown, settings=settings)]
