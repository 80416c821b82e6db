"""Files on Plex's disk: made up from their paths unless told otherwise, always the same for the same path."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from simulators.plex.model import DiskFile

if TYPE_CHECKING:
    from simulators.plex.model import Section


def put(section: Section, files: list[str | dict[str, Any]]) -> list[DiskFile]:
    """Lay `files` on the disk of a library: paths, or objects with `path`, `title`, `oshash`, `size`, `duration` (ms).

    Raises ValueError for a path outside the library's folders, and then lays none.
    """
    found = [_file(entry) for entry in files]
    outside = [file.path for file in found if not section.holds(file.path)]
    if outside:
        raise ValueError(f"{outside[0]} lies in no folder of library {section.key}")
    section.disk.update({file.path: file for file in found})
    return found


def _file(entry: str | dict[str, Any]) -> DiskFile:
    given = {"path": entry} if isinstance(entry, str) else entry
    path = given["path"]
    digest = hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()
    number = int(digest[:6], 16)
    return DiskFile(
        path=path,
        title=given.get("title", ""),
        oshash=given.get("oshash") or digest[:16],
        hash=given.get("hash") or digest,
        size=int(given.get("size") or 100_000_000 + number),
        duration=int(given.get("duration") or 600_000 + number % 3_600_000),
    )
