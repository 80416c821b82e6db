"""What people do in Stash and in Plex, as a script that fits the scenes there are. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tools.chaos import related, shelves, words
from tools.chaos.cast import Edit
from tools.chaos.faults import SILENT_BEFORE
from tools.chaos.plain import STASH_ROOT, in_plex

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable, Iterator

    from tools.chaos.cast import Cast

CALM: Final = 5.0
WEIGHTS: Final = {
    "update": 40,
    "burst": 10,
    "again": 24,
    "noise": 5,
    "bulk": 4,
    "rename": 6,
    "new": 5,
    "create": 1,
    "destroy": 3,
    "person": 28,
    "replace": 3,
    "cleaned": 1,
    "unplugged": 1,
    "changed_file": 1,
    "cover": 5,
    "autotag": 2,
    "scenes_merged": 1,
    "folder": 1,
    "renamed": 2,
    "merged": 1,
    "removed": 1,
    "changed": 1,
    "marker": 3,
}
# what no updated_at tells of, so that only a sweep finds it, or what is counted only then
SILENT: Final = frozenset({"rename", "destroy", "cleaned", "scenes_merged", "second_changes", "folder"})
# what the product does not follow by itself yet
BEYOND: Final = {"second": 3, "second_changes": 3}


def script(
    chance: random.Random, cast: Cast, times: Iterable[float], lasts: float, kinds: dict[str, int]
) -> list[Edit]:
    """Return a round's edits in order of time; some bring others with them, a little later."""
    found: list[Edit] = []
    for at in sorted(times):
        kind = chance.choices(list(kinds), list(kinds.values()))[0]
        if kind in SILENT and at > lasts - SILENT_BEFORE:
            kind = "update"
        found += WRITERS[kind](chance, cast, at)
    return sorted((edit for edit in found if edit.at < lasts - 0.2), key=lambda edit: edit.at)


def _update(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    if scene := cast.pick(chance, at):
        kind = "scene_update" if chance.random() < 0.8 else "identify"
        yield Edit(at, kind, scene, {"fields": words.scene_fields(chance)})


def _again(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Edit one of few scenes, so that persons' edits and faults meet one and the same again and again."""
    if few := cast.few(at):
        yield Edit(at, "scene_update", chance.choice(few), {"fields": words.scene_fields(chance)})


def _burst(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Let a person save several times within a moment, at times the last time as at first."""
    if scene := cast.pick(chance, at):
        first = words.scene_fields(chance)
        for turn in range(chance.randint(2, 4)):
            yield Edit(
                at + 0.15 * turn, "scene_update", scene, {"fields": words.scene_fields(chance) if turn else first}
            )
        if chance.random() < 0.5:
            yield Edit(at + 0.7, "scene_update", scene, {"fields": first})


def _noise(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    if scene := cast.pick(chance, at):
        if chance.random() < 0.5:
            yield Edit(at, "add_play", scene, {})
        else:
            yield Edit(at, "scene_update", scene, {"fields": {"rating100": chance.randint(1, 100)}})


def _bulk(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    free = [one for one in cast.files if cast.busy.get(one, 0.0) <= at]
    ids = chance.sample(free, min(len(free), chance.randint(3, 30)))
    if ids:
        yield Edit(at, "bulk_scene_update", 0, {"ids": ids, "add_tags": [chance.choice(words.TAGS)]})


def arrival(chance: random.Random, cast: Cast, at: float, *, within: float = 6.0) -> Iterator[Edit]:
    """Let Stash scan a file, somebody describe it, and Plex scan it sooner or later, all of it `within` seconds."""
    cast.last += 1
    scene, path = cast.last, words.path(chance, STASH_ROOT)
    cast.files[scene] = path
    cast.busy[scene] = at + 7.0
    cast.in_plex.add(scene)
    yield Edit(at, "scan_new_file", scene, {"path": path})
    yield Edit(at + chance.uniform(0.2, 0.4 * within), "scene_update", scene, {"fields": words.described(chance)})
    yield Edit(at + chance.uniform(0.0, within), "plex_scan", scene, {"files": [in_plex(path)]})


def _create(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    cast.last += 1
    cast.files[cast.last] = None
    yield Edit(at, "scene_create", cast.last, {"fields": words.described(chance)})


def _destroy(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    scene = cast.pick(chance, at)
    if scene and len(cast.files) > 20:
        cast.drop(scene)
        yield Edit(at, "scene_destroy", scene, {})


def _person(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Somebody edits an item in Plex; mostly one of the few scenes that are edited again and again."""
    few = [one for one in cast.few(at) if one in cast.in_plex]
    scene = chance.choice(few) if few and chance.random() < 0.7 else cast.pick(chance, at, filed=True)
    if scene:
        kind = chance.choice(("set", "set", "add", "add", "add", "drop", "drop", "empty"))
        yield Edit(at, f"person_{kind}", scene, _persons_args(chance, kind))


def _persons_args(chance: random.Random, kind: str) -> dict[str, Any]:
    if kind == "set":
        name = chance.choice(words.PERSON_FIELDS)
        return {"field": name, "value": words.persons_value(chance, name)}
    args: dict[str, Any] = {"list": chance.choice(words.LISTS)}
    if kind == "add":
        args |= {"name": chance.choice(words.FOREIGN), "role": chance.choice(words.ROLES)}
    elif kind == "drop":
        args |= {"share": round(chance.random(), 3)}
    return args


def _replace(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Plex gives a file another item, without metadata."""
    if scene := cast.pick(chance, at, filed=True):
        yield Edit(at, "plex_replace", scene, {})


def _cover(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Give a scene another cover, or take it away."""
    if scene := cast.pick(chance, at, filed=True):
        args: dict[str, Any] = {"none": True} if chance.random() < 0.15 else {"seed": chance.getrandbits(31)}
        yield Edit(at, chance.choice(("cover_set", "generate_cover")), scene, args)


WRITERS: Final[dict[str, Callable[[random.Random, Cast, float], Iterator[Edit]]]] = {
    "update": _update,
    "again": _again,
    "burst": _burst,
    "noise": _noise,
    "bulk": _bulk,
    "rename": shelves.rename,
    "new": arrival,
    "create": _create,
    "destroy": _destroy,
    "person": _person,
    "replace": _replace,
    "cleaned": shelves.cleaned,
    "unplugged": shelves.unplugged,
    "changed_file": shelves.changed,
    "cover": _cover,
    "autotag": related.tagged,
    "scenes_merged": related.scenes_merged,
    "second": shelves.second,
    "second_changes": shelves.second_changes,
    "folder": shelves.folder,
    "renamed": related.renamed,
    "merged": related.merged,
    "removed": related.removed,
    "changed": related.changed,
    "marker": related.marker,
}
