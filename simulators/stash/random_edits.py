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
Plan = "Callable[[Chance, Database], dict[str, Any]]"


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
    return f"{folder}/{chance.choice(words.NOUNS)} {chance.getrandbits(32):08x}.mp4"


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
    "add_play": lambda c, db: {"id": _scene(c, db)},
    "sql": lambda c, db: {"id": _scene(c, db), "set": {"title": f"Silently {c.getrandbits(24):06x}"}},
}


def random_edits(stash: Stash, seed: int = 1, count: int = 1, kinds: list[str] | None = None) -> Done:
    """Make `count` changes of the given kinds (any, by default) and return what was done, in order."""
    chance = random.Random(seed)
    chosen = sorted(kinds or PLANS)
    unknown = set(chosen) - set(PLANS)
    if unknown:
        raise Refused(
            f"no random edits of the kinds {', '.join(sorted(unknown))}; there are: {', '.join(sorted(PLANS))}"
        )
    script, all_hooks, all_later = [], [], []
    for _ in range(count):
        op = chance.choice(chosen)
        args = PLANS[op](chance, stash.db)
        facts, hooks, later = stash.do(op, dict(args))
        script.append({"op": op, "args": args, **facts})
        all_hooks += hooks
        all_later += later
    return Done({"done": script}, all_hooks, all_later)
