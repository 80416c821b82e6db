"""What one list of a Plex item has to show, entry by entry, and whether a person's entries were left alone. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tools.chaos.plain import fold, names
from tools.chaos.record import CALM_RACE, RACE
from tools.chaos.scalars import Case, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tools.chaos.plain import Version
    from tools.chaos.record import By, Record, Write

LISTS: Final = {"genres": "tags", "actors": "performers", "collections": "collections"}


class Story(NamedTuple):
    """What became of one entry of a list of an item, up to `move`, which is ours; `before` is in order."""

    case: Case
    name: str
    entry: str
    before: Sequence[Move]
    move: Move


class Move(NamedTuple):
    """An entry came (`came`) or went; `emptied` when nothing was left of the list."""

    at: float
    by: By
    came: bool
    emptied: bool


def judge_list(case: Case, name: str, policy: str, record: Record) -> Iterator[Violation]:
    """Yield what is wrong with one list of an item, named as in Plex; `policy` is merge or off."""
    moves = moves_of(case.writes, name)
    if policy != "off":
        yield from _final(case, name, moves, record)
    for entry, known in moves.items():
        for place, move in enumerate(known):
            if move.by == "product":
                yield from _persons(Story(case, name, entry, known[:place], move), policy, record)
    if name == "actors":
        yield from _roles(case)


def moves_of(writes: Sequence[Write], name: str) -> dict[str, list[Move]]:
    """Return every coming and going of each entry of a list, in order."""
    found: dict[str, list[Move]] = {}
    for write in writes:
        if name not in write.after:
            continue
        before, after = names(write.before.get(name) or ()), names(write.after[name] or ())
        for entry in before ^ after:
            move = Move(write.at, write.by, entry in after, not after)
            found.setdefault(entry, []).append(move)
    return found


def wanted(version: Version | None, name: str) -> frozenset[str]:
    """Return the folded names that a version of a scene has for a list."""
    if version is None:
        return frozenset()
    entries: Sequence[str] = getattr(version, LISTS[name])
    return frozenset(fold(entry) for entry in entries)


def _final(case: Case, name: str, moves: dict[str, list[Move]], record: Record) -> Iterator[Violation]:
    shown, want = names(case.shown[name]), wanted(case.now, name)  # type: ignore[arg-type]
    for entry in sorted(want - shown):
        last = moves.get(entry, [])[-1:]
        if not (last and last[0].by == "person"):
            since = last[0].at if last else case.now.at
            yield Violation("lost", case.scene, name, f"{entry!r} is missing", case.key, since)
    for entry in sorted(shown - want):
        last = moves.get(entry, [])[-1:]
        if (
            last
            and last[0].by == "product"
            and not record.forgot_since(last[0].at)
            and not _raced(moves[entry], record)
        ):
            text = f"{entry!r} is ours and not Stash's any more"
            yield Violation("stale", case.scene, name, text, case.key, last[0].at)


def _persons(story: Story, policy: str, record: Record) -> Iterator[Violation]:
    """Yield what was wrong with one thing that we did to an entry."""
    case, name, entry, before, move = story
    since = before[-1].at if before else 0.0
    text = ""
    if not move.came:
        ours = any(one.by == "product" and one.came for one in before)
        if policy == "off" or not (ours or _wanted_about(story, record) or _raced([*before, move], record)):
            text = f"{entry!r}, which is not ours, was removed"
    elif policy == "off":
        text = f"{entry!r} was added to a list that is off"
    elif before and before[-1].by == "person" and _was_final(story, record):
        text = f"{entry!r}, which a person took out, was put back"
    if text:
        yield Violation("overwritten", case.scene, name, text, case.key, since)


def _raced(moves: Sequence[Move], record: Record) -> bool:
    """Tell whether a whole list of ours, read before a person changed it and written after, undid what the person did.

    Plex has no way to write a list only if nobody changed it.
    """
    return len(moves) > 1 and moves[-2].by == "person" and record.race(moves[-2].at, moves[-1].at)


def _wanted_about(story: Story, record: Record) -> bool:
    """Tell whether a person and we added an entry about the same time, so that it may count as ours."""
    if not story.before:
        return False
    added = story.before[-1].at
    about = (record.at(story.case.scene, moment) for moment in (added - RACE, added, added + RACE))
    return any(story.entry in wanted(version, story.name) for version in about)


def _was_final(story: Story, record: Record) -> bool:
    """Tell whether a person's removal of an entry of ours had to be respected.

    Not so for an entry that we may not know to be ours, in a list that was emptied, while we were writing it, or once
    Stash had dropped the entry in between.
    """
    removal, move, scene = story.before[-1], story.move, story.case.scene
    added = max((one.at for one in story.before if one.by == "product" and one.came), default=None)
    if added is None or removal.emptied or record.race(removal.at, move.at) or record.race(added, removal.at):
        return False
    if record.forgot_since(added) or not record.calm(added, added + CALM_RACE):
        return False
    between = [version for version in story.case.versions if added <= version.at <= move.at]
    return all(story.entry in wanted(version, story.name) for version in (record.at(scene, added), *between))


def _roles(case: Case) -> Iterator[Violation]:
    """Yield each write of ours that changed the role of an actor who stayed, or took a photo that is not ours."""
    for write in case.writes:
        if write.by != "product" or "actors" not in write.after:
            continue
        before, after = _by_name(write.before["actors"]), _by_name(write.after["actors"])
        for entry in sorted(before.keys() & after.keys()):
            if before[entry].role != after[entry].role or not (
                before[entry].replaceable or before[entry] == after[entry]
            ):
                text = f"{entry!r} was {before[entry]}, and became {after[entry]}"
                yield Violation("overwritten", case.scene, "actors", text, case.key, write.at)


class Actor(NamedTuple):
    """What an actor has beside a name."""

    role: str
    thumb: str

    @property
    def replaceable(self) -> bool:
        """Whether there is no photo, or one of ours."""
        return not self.thumb or "/images/performer/" in self.thumb


def _by_name(actors: Sequence[dict[str, Any]]) -> dict[str, Actor]:
    return {fold(actor["tag"]): Actor(actor["role"], actor["thumb"]) for actor in actors}
