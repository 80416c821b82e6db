"""What becomes of files on the disk and of Stash's rows for them, with Plex noticing sooner or later. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from tools.chaos import words
from tools.chaos.cast import Edit
from tools.chaos.plain import STASH_ROOT, in_plex

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tools.chaos.cast import Cast

MOST_IN_FOLDER: Final = 60


def rename(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Give a file another name on the disk; Plex notices sooner or later."""
    if scene := cast.pick(chance, at, filed=True):
        old, new = cast.files[scene] or "", words.path(chance, STASH_ROOT)
        cast.files[scene] = new
        kind = "rename_file" if chance.random() < 0.5 else "move_file"
        yield Edit(at, kind, scene, {"path": old, "to": new})
        yield Edit(at + chance.uniform(0.0, 4.0), "plex_move", scene, {"from": in_plex(old), "to": in_plex(new)})


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


def second(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Let a second file of a scene's content turn up, which is a second item in Plex."""
    if scene := cast.pick(chance, at, filed=True):
        path = words.path(chance, STASH_ROOT)
        cast.seconds[path] = scene
        yield Edit(at, "scan_second_file", scene, {"path": path})
        yield Edit(at + chance.uniform(0.0, 3.0), "plex_scan", scene, {"files": [in_plex(path)]})


def second_changes(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Give a second file to another scene, make it the primary one, delete it in Stash, or let a clean miss it."""
    ready = [path for path, scene in cast.seconds.items() if cast.busy.get(scene, 0.0) <= at]
    if not ready:
        return
    path = chance.choice(ready)
    scene = cast.seconds.pop(path)
    kind = chance.choice(("assign_file", "set_primary_file", "delete_file", "clean"))
    if kind == "set_primary_file":
        cast.files[scene], old = path, cast.files[scene] or ""
        cast.seconds[old] = scene
        yield Edit(at, kind, scene, {"path": path})
    elif kind == "assign_file":
        if other := cast.pick(chance, at, filed=True):
            cast.seconds[path] = other
            yield Edit(at, kind, other, {"path": path})
    else:
        yield Edit(at, kind, 0, {"path": path})
        yield Edit(at + chance.uniform(0.0, 3.0), "plex_remove", 0, {"file": in_plex(path)})


def folder(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Rename a folder on the disk, of which no time in Stash tells; Plex follows file by file."""
    held = Counter(path.rpartition("/")[0] for path in [*filter(None, cast.files.values()), *cast.seconds])
    small = sorted(name for name, files in held.items() if files <= MOST_IN_FOLDER and name != STASH_ROOT)
    if not small:
        return
    old = chance.choice(small)
    new = f"{old.partition(' moved ')[0]} moved {chance.getrandbits(24):06x}"

    def moved(path: str) -> str:
        return new + path.removeprefix(old) if path.startswith(f"{old}/") else path

    cast.files = {scene: moved(path) if path else path for scene, path in cast.files.items()}
    cast.seconds = {moved(path): scene for path, scene in cast.seconds.items()}
    yield Edit(at, "rename_folder", 0, {"path": old, "to": new})
    yield Edit(at + chance.uniform(0.0, 4.0), "plex_move_folder", 0, {"from": in_plex(old), "to": in_plex(new)})


def changed(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Let a scan find a file with other content."""
    if scene := cast.pick(chance, at, filed=True):
        yield Edit(at, "scan_changed_file", scene, {})


def cleaned(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Let the file of a scene vanish, Stash clean it up and Plex lose its item."""
    scene = cast.pick(chance, at, filed=True)
    if scene and len(cast.files) > 20 and scene not in cast.seconds.values():
        path = cast.files[scene] or ""
        cast.drop(scene)
        yield Edit(at, "clean", 0, {"path": path})
        yield Edit(at + chance.uniform(0.0, 3.0), "plex_remove", 0, {"file": in_plex(path)})


def unplugged(chance: random.Random, cast: Cast, at: float) -> Iterator[Edit]:
    """Let Plex lose an item, as with a disk that is away, and find the file again as a new item."""
    if scene := cast.pick(chance, at, filed=True):
        file = in_plex(cast.files[scene] or "")
        cast.busy[scene] = at + 6.0
        yield Edit(at, "plex_remove", 0, {"file": file})
        yield Edit(at + chance.uniform(1.0, 5.0), "plex_scan", scene, {"files": [file]})
