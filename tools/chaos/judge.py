"""All that is wrong with the end: Plex field by field and entry by entry, the bus, and what does not move. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tools.chaos.entries import LISTS, judge_list
from tools.chaos.plain import line
from tools.chaos.scalars import (
    FIELDS,
    Case,
    Violation,
    judge_foreign,
    judge_scalar,
    judge_strangers,
    wanted,
)
from tools.chaos.table import judge_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.chaos.record import Record, Write

FILLED: Final = ("tagline", "directors", "userRating", "poster")
DEFAULT: Final = dict.fromkeys(FIELDS, "sync") | dict.fromkeys(FILLED, "fill") | dict.fromkeys(LISTS, "merge")
SETTINGS: Final = {
    "title": "title",
    "summary": "summary",
    "date": "originallyAvailableAt",
    "studio": "studio",
    "tags": "genres",
    "performers": "actors",
    "collections": "collections",
    "tagline": "tagline",
    "director": "directors",
    "rating": "userRating",
    "poster": "poster",
}


class Bus(NamedTuple):
    """What the broker has retained: scenes and outcomes by id, and each owner's state and figures by topic."""

    scenes: Mapping[int, Mapping[str, Any]]
    outcomes: Mapping[int, Mapping[str, Any]]
    facts: Mapping[str, Mapping[str, Any]]

    @property
    def pending(self) -> int:
        """How many scenes the writer has still to handle, as far as it has told."""
        return int(self.facts.get("plex/plex/stats", {}).get("pending", 0))


def policies_of(settings: str) -> dict[str, str]:
    """Return the policy of each of Plex's fields under a setting such as `summary=fill,tags=off`."""
    pairs = dict(part.split("=") for part in settings.split(",") if part)
    return DEFAULT | {SETTINGS[name]: policy.split()[0] for name, policy in pairs.items()}


def judge(record: Record, items: Sequence[Mapping[str, Any]], bus: Bus, policies: Mapping[str, str]) -> list[Violation]:
    """Return all violations, given every item of Plex as it is."""
    found: list[Violation] = []
    ever = _ever(record)
    for case in cases(record, items):
        found += _judge_item(case, policies, record, ever)
    found += _judge_unknown(record, items, ever)
    return [*found, *_judge_bus(record, bus), *judge_table(record.rows.values(), bus.scenes)]


def _judge_unknown(
    record: Record, items: Sequence[Mapping[str, Any]], ever: Mapping[str, set[int]]
) -> Iterator[Violation]:
    """Yield each write of ours to an item with no file that a scene ever had."""
    for item in items:
        writes = record.writes.get(item["ratingKey"], [])
        if not any(path in ever for path in _paths(item, writes)):
            for write in writes:
                if write.by == "product":
                    text = f"{write.after} was written to {item['files']}, which no scene ever had"
                    yield Violation("overwritten", 0, "item", text, item["ratingKey"], write.at)


def _paths(item: Mapping[str, Any], writes: Sequence[Write]) -> set[str]:
    """Return every path that an item ever had."""
    paths = set(item["files"])
    for write in writes:
        paths.update(write.before.get("files") or (), write.after.get("files") or ())
    return paths


def _ever(record: Record) -> dict[str, set[int]]:
    """Return the scenes that ever had a path."""
    found: dict[str, set[int]] = {}
    for scene, versions in record.versions.items():
        for version in versions:
            for path in version.paths:
                found.setdefault(path, set()).add(scene)
    return found


def cases(record: Record, items: Sequence[Mapping[str, Any]]) -> Iterator[Case]:
    """Yield each item that belongs to exactly one scene."""
    owners: dict[str, list[int]] = {}
    for scene, versions in record.versions.items():
        for path in () if versions[-1].gone else versions[-1].paths:
            owners.setdefault(path, []).append(scene)
    for item in items:
        found = {scene for path in item["files"] for scene in owners.get(path, ())}
        if len(found) == 1:
            (scene,) = found
            key = item["ratingKey"]
            yield Case(scene, key, item, record.versions[scene], record.writes.get(key, []))


def _judge_item(
    case: Case, policies: Mapping[str, str], record: Record, ever: Mapping[str, set[int]]
) -> Iterator[Violation]:
    yield from judge_foreign(case)
    if case.now.bare:
        return
    for name in FIELDS:
        yield from judge_scalar(case, name, policies[name], record)
    for name in LISTS:
        yield from judge_list(case, name, policies[name], record)
    owners = {scene for path in _paths(case.shown, case.writes) for scene in ever.get(path, ())}
    yield from judge_strangers(case, [record.versions[scene] for scene in owners])


def _judge_bus(record: Record, bus: Bus) -> Iterator[Violation]:
    alive = {scene for scene, versions in record.versions.items() if not versions[-1].gone}
    for scene in sorted(alive - bus.scenes.keys()):
        yield Violation("lost", scene, "stash/scene", "it has no topic")
    for scene in sorted(bus.scenes.keys() - alive):
        yield Violation("stale", scene, "stash/scene", "Stash has it no more, and its topic stands")
    for scene in sorted(alive - bus.outcomes.keys()):
        yield Violation("stuck", scene, "plex/scene", "it has no outcome")
    for scene in sorted(bus.outcomes.keys() - alive):
        yield Violation("stale", scene, "plex/scene", "Stash has it no more, and its outcome stands")
    for scene in sorted(alive & bus.outcomes.keys()):
        if any(item.get("intent") for item in bus.outcomes[scene].get("items", {}).values()):
            yield Violation("stuck", scene, "plex/scene", "a write was begun, and its end is not recorded")
    if bus.pending:
        yield Violation("stuck", 0, "pending", f"{bus.pending} scenes are pending")
    yield from _judge_services(bus)


def _judge_services(bus: Bus) -> Iterator[Violation]:
    expected = {"stash": ("stash", "reachable"), "plex/plex": ("plex", "reachable"), "provider": ("ready", True)}
    for owner, (name, value) in expected.items():
        state = bus.facts.get(f"{owner}/state", {})
        if state.get("state") != "online" or state.get(name) != value:
            yield Violation("stuck", 0, f"{owner}/state", f"it tells {dict(state)}")


def judge_provider(record: Record, titles: Mapping[int, str | None]) -> Iterator[Violation]:
    """Yield what is wrong with the provider's titles of scenes; None where it does not know the scene."""
    for scene, title in titles.items():
        version = record.versions[scene][-1]
        if title is None or line(title) != line(wanted(version, "title")):
            kind = "lost" if title is None else "stale"
            yield Violation(kind, scene, "provider", f"the provider tells {title!r}, not {wanted(version, 'title')!r}")  # type: ignore[arg-type]


class Due(NamedTuple):
    """When the writer looks at scenes, and at the pictures of scenes, again: Unix times by scene."""

    scenes: Mapping[int, float]
    pictures: Mapping[int, float]

    @property
    def every(self) -> dict[int, float]:
        """The first time of each scene."""
        return {**self.pictures, **self.scenes}


def announced(bus: Bus) -> Due:
    """Return what failed or had no answer and is tried again at an announced time, which is minutes later.

    A scene that waits for its file has a time too, but is woken by the file, so that excuses nothing.
    """
    scenes, pictures = {}, {}
    for scene, outcome in bus.outcomes.items():
        waits = outcome["state"] == "waiting"
        unsure = any(item["state"] == "unsure" for item in outcome.get("items", {}).values())
        if outcome.get("due") and (unsure or not waits):
            scenes[scene] = _moment(outcome["due"])
        times = [_moment(image["due"]) for image in outcome.get("images", {}).values() if image.get("due")]
        if times:
            pictures[scene] = max(times)
    return Due(scenes, pictures)


def _moment(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


def excused(violations: Sequence[Violation], due: Due) -> bool:
    """Tell whether all that is wrong is work that was put off to an announced time."""
    words = {one.scene for one in violations if one.scene and one.field != "poster"}
    posters = {one.scene for one in violations if one.scene and one.field == "poster"}
    rest = [one for one in violations if not one.scene and one.field != "pending"]
    final = any(one.kind == "overwritten" for one in violations)
    known = bool(due.scenes or due.pictures) and words <= due.scenes.keys() and posters <= due.every.keys()
    return not rest and not final and known


def count(violations: Sequence[Violation]) -> Counter[str]:
    """Return how many scenes, or services, are wrong in each way."""
    return Counter(kind for kind, _ in {(one.kind, one.scene or one.field) for one in violations})
