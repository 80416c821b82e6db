"""Edits of what scenes are related to: tags, performers, studios, groups, markers; and scenes made one. Pure.

No scene's `updated_at` tells of any of them but a merge's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.chaos import words
from tools.chaos.cast import Edit

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tools.chaos.cast import Cast

FIRST: Final = 24


def renamed(chance: random.Random, _cast: Cast, at: float) -> Iterator[Edit]:
    """Give another name to something that many scenes have."""
    kind = chance.choice(("tag", "performer", "studio", "group"))
    yield Edit(at, f"{kind}_rename", 0, {"id": _one(chance), "to": f"Renamed {chance.getrandbits(24):06x}"})


def merged(chance: random.Random, _cast: Cast, at: float) -> Iterator[Edit]:
    """Make one of two tags or performers."""
    one, other = chance.sample(range(1, FIRST), 2)
    yield Edit(at, chance.choice(("tag_merge", "performer_merge")), 0, {"sources": [one], "destination": other})


def removed(chance: random.Random, _cast: Cast, at: float) -> Iterator[Edit]:
    """Delete something that many scenes have."""
    yield Edit(at, f"{chance.choice(('tag', 'performer', 'studio', 'group'))}_destroy", 0, {"id": _one(chance)})


def changed(chance: random.Random, _cast: Cast, at: float) -> Iterator[Edit]:
    """Give a performer another photo, a studio another parent, or let a stash-box rename performers by the batch."""
    kind = chance.choice(("performer_image", "studio_parent", "batch_entity"))
    if kind == "performer_image":
        yield Edit(at, kind, 0, {"id": _one(chance)})
    elif kind == "studio_parent":
        yield Edit(at, kind, 0, {"id": _one(chance), "parent": chance.choice((None, 1, 2))})
    else:
        name = f"Batch {chance.getrandbits(24):06x}"
        yield Edit(at, kind, 0, {"kind": "performer", "refs": [_one(chance)], "fields": {"name": name}})


def marker(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Add a marker to a scene, change one of its markers or delete it."""
    if scene := cast.pick(chance, at):
        kind = chance.choice(("create", "create", "update", "destroy"))
        args = {"title": f"Moment {chance.getrandbits(20):05x}", "seconds": chance.randint(0, 99)}
        more = {"tag": chance.choice(words.TAGS)} if kind == "create" else {"share": round(chance.random(), 3)}
        yield Edit(at, f"marker_{kind}", scene, more if kind == "destroy" else args | more)


def tagged(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Let Stash tag a scene by itself."""
    if scene := cast.pick(chance, at):
        yield Edit(at, "autotag", 0, {"ids": [scene], "tags": [_one(chance)], "performers": [_one(chance)]})


def scenes_merged(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Make one of two scenes: one has the files of both from then on."""
    one, other = cast.pick(chance, at, filed=True), cast.pick(chance, at, filed=True)
    if one and other and one != other and len(cast.files) > 20:
        path = cast.files[other] or ""
        owned = [second for second, owner in cast.seconds.items() if owner == other]
        cast.drop(other)
        cast.seconds |= dict.fromkeys([path, *owned], one)
        yield Edit(at, "scene_merge", 0, {"sources": [other], "destination": one})


def _one(chance: random.Random) -> int:
    return chance.randint(1, FIRST)
