"""Seeded random changes: a script of ops that fits the rows there are, for soak tests and demos."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from simulators.stash import words
from simulators.stash.edits.transaction import Refused
from simulators.stash.server import Done

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from simulators.stash.database import Database
    from simulators.stash.server import Stash

Chance = random.Random


def _scene(chance: Chance, db: Database) -> int:
    return _row(chance, db.scenes.rows)


def _row(chance: Chance, rows: Iterable[int]) -> int:
    ids = list(rows)
    if not ids:
        raise Refused("nothing left to change")
    return chance.choice(ids)


def _fields(chance: Chance, _db: Database) -> dict[str, Any]:
    every: dict[str, Any] = {
        "title": f"The {chance.choice(words.ADJECTIVES)} {chance.choice(words.NOUNS)} {chance.randint(1, 9999)}",
        "details": "\n\n".join(chance.sample(words.SENTENCES, 2)),
        "rating100": chance.randint(1, 100),
        "studio": chance.choice((*words.STUDIOS, None)),
        "tags": chance.sample(words.TAGS, chance.randint(0, 5)),
        "performers": [f"{chance.choice(words.FIRST_NAMES)} {chance.choice(words.LAST_NAMES)}"],
        "date": f"{chance.randint(1980, 2024)}-03-{chance.randint(10, 28)}",
        "organized": chance.random() < 0.5,
    }
    return {name: every[name] for name in chance.sample(sorted(every), chance.randint(1, 3))}


def _new_path(chance: Chance, db: Database) -> str:
    folder = db.folders.rows[_row(chance, db.folders.rows)].path
    return f"{folder}{db.sep}{chance.choice(words.NOUNS)} {chance.getrandbits(32):08x}.mp4"


def _rename_folder(chance: Chance, db: Database) -> dict[str, Any]:
    below_root = (folder.id for folder in db.folders.rows.values() if folder.parent_folder_id)
    path = db.folders.rows[_row(chance, below_root)].path
    return {"path": path, "to": f"{path.partition(' moved ')[0]} moved {chance.getrandbits(16):04x}"}


def _two(chance: Chance, rows: Iterable[int]) -> dict[str, Any]:
    ids = list(rows)
    if len(ids) < 2:
        raise Refused("nothing left to merge")
    source, destination = chance.sample(ids, 2)
    return {"sources": [source], "destination": destination}


def _with_file(chance: Chance, db: Database) -> int:
    return _row(chance, (scene.id for scene in db.scenes.rows.values() if scene.file_ids))


PLANS: dict[str, Callable[[Chance, Database], dict[str, Any]]] = {
    "scene_update": lambda c, db: {"id": _scene(c, db), "fields": _fields(c, db)},
    "bulk_scene_update": lambda c, db: {"ids": [_scene(c, db) for _ in range(3)], "add_tags": [c.choice(words.TAGS)]},
    "scene_create": lambda c, db: {"fields": {"title": f"New {c.getrandbits(24):06x}", **_fields(c, db)}},
    "scene_destroy": lambda c, db: {"id": _scene(c, db)},
    "scan_new_file": lambda c, db: {"path": _new_path(c, db)},
    "scan_second_file": lambda c, db: {"id": _scene(c, db), "path": _new_path(c, db)},
    "rename_file": lambda c, db: {"id": _with_file(c, db), "to": _new_path(c, db)},
    "move_file": lambda c, db: {"id": _with_file(c, db), "to": _new_path(c, db)},
    "tag_rename": lambda c, db: {"id": _row(c, db.tags.rows), "to": f"Tag {c.getrandbits(32):08x}"},
    "performer_rename": lambda c, db: {"id": _row(c, db.performers.rows), "to": f"Name {c.getrandbits(32):08x}"},
    "studio_rename": lambda c, db: {"id": _row(c, db.studios.rows), "to": f"Studio {c.getrandbits(32):08x}"},
    "group_rename": lambda c, db: {"id": _row(c, db.groups.rows), "to": f"Series {c.getrandbits(32):08x}"},
    "performer_image": lambda c, db: {"id": _row(c, db.performers.rows)},
    "generate_cover": lambda c, db: {"id": _scene(c, db)},
    "marker_create": lambda c, db: {
        "scene": _scene(c, db),
        "title": c.choice(words.CHAPTERS),
        "seconds": c.randint(0, 99),
    },
    "marker_update": lambda c, db: {"id": _row(c, db.markers.rows), "title": f"Moment {c.getrandbits(24):06x}"},
    "marker_destroy": lambda c, db: {"id": _row(c, db.markers.rows)},
    "cover_set": lambda c, db: {"id": _scene(c, db), "seed": c.getrandbits(31)},
    "scene_merge": lambda c, db: _two(c, db.scenes.rows),
    "tag_merge": lambda c, db: _two(c, db.tags.rows),
    "performer_destroy": lambda c, db: {"id": _row(c, db.performers.rows)},
    "studio_parent": lambda c, db: {"id": _row(c, db.studios.rows), "parent": None},
    "autotag": lambda c, db: {"ids": [_scene(c, db)], "tags": [_row(c, db.tags.rows)]},
    "identify": lambda c, db: {"id": _scene(c, db), "fields": _fields(c, db)},
    "clean": lambda c, db: {"id": _with_file(c, db)},
    "rename_folder": _rename_folder,
    "add_play": lambda c, db: {"id": _scene(c, db)},
    "sql": lambda c, db: {"id": _scene(c, db), "set": {"title": f"Silently {c.getrandbits(24):06x}"}},
}


def random_edits(stash: Stash, seed: int = 1, count: int = 1, kinds: list[str] | None = None) -> Done:
    """Make `count` changes of the given kinds (any, by default) and return what was done, or refused, in order."""
    chance = random.Random(seed)
    chosen = sorted(kinds or PLANS)
    unknown = set(chosen) - set(PLANS)
    if unknown:
        raise Refused(
            f"no random edits of the kinds {', '.join(sorted(unknown))}; there are: {', '.join(sorted(PLANS))}"
        )
    script: list[dict[str, Any]] = []
    all_hooks, all_later = [], []
    for _ in range(count):
        op = chance.choice(chosen)
        try:
            args = PLANS[op](chance, stash.db)
            facts, hooks, later = stash.do(op, dict(args))
        except Refused as error:
            script.append({"op": op, "refused": str(error)})
            continue
        script.append({"op": op, "args": args, **facts})
        all_hooks += hooks
        all_later += later
    return Done({"done": script}, all_hooks, all_later)
