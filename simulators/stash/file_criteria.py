"""Criteria over files, and what they mean for a scene, which may have several files or none."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from simulators.stash import criteria

if TYPE_CHECKING:
    from simulators.stash.criteria import Criterion
    from simulators.stash.filters import Make, Select, Source
    from simulators.stash.model import File, Scene


class _NoFile:
    """What the join to the files has for a scene without any: nothing but NULL."""

    def __getattr__(self, _name: str) -> None:
        return None


NO_FILE: Any = _NoFile()


def in_files(make: Make) -> Make:
    """Return a criterion over a scene's files: any of them will do."""

    def build(given: Any, source: Source) -> Select:
        test = make(given, source)

        def selected(scene: Scene) -> bool | None:
            truths = [test(file) for file in source.db.files_of(scene) or [NO_FILE]]
            return True if True in truths else None if None in truths else False

        return selected

    return build


def file_path(criterion: Criterion, source: Source) -> Select:
    """Return the criterion over a file's whole path."""
    test = criteria.string(criterion)
    return lambda file: test(None if file is NO_FILE else source.db.path(file))


def folder_path(criterion: Criterion, source: Source) -> Select:
    """Return the criterion over the path of a file's folder."""
    test = criteria.string(criterion)
    return lambda file: test(None if file is NO_FILE else source.db.folders.rows[file.folder_id].path)


def duration(criterion: Criterion, _source: Source) -> Select:
    """Return the criterion over a file's length in whole seconds."""
    test = criteria.number(criterion)
    return lambda file: test(None if file is NO_FILE else int(file.duration))


def scene_count(criterion: Criterion, source: Source) -> Select:
    """Return the criterion over how many scenes have a file."""
    test = criteria.number(criterion)
    scenes = Counter(file_id for scene in source.db.scenes.rows.values() for file_id in scene.file_ids)
    return lambda file: test(scenes[file.id])


def hashes(given: list[dict[str, Any]], _source: Source) -> Select:
    """Return the criterion over fingerprints, of which any will do."""
    wanted = [(one["type"], one["value"]) for one in given]
    return lambda file: any(getattr(file, kind, None) == value for kind, value in wanted)


def phash(criterion: Criterion, _source: Source) -> Select:
    """Return the criterion over the perceptual hash, by the number of bits that differ."""
    wanted, distance = int(criterion["value"] or "0", 16), criterion.get("distance") or 0
    modifier = criterion["modifier"]
    if modifier not in {"EQUALS", "NOT_EQUALS"}:
        test = criteria.number({"modifier": modifier, "value": wanted})
        return lambda file: test(int(file.phash, 16) if file.phash else None)

    def near(file: File) -> bool | None:
        return (int(file.phash, 16) ^ wanted).bit_count() <= distance if file.phash else None

    return near if modifier == "EQUALS" else lambda file: criteria.negated(near(file))
