"""Batched reads and a PUT an item over plexapi's session, with nothing around it: `python -m benchmarks.bare.plex URL`.

It writes the same fields of the same items as the writer does, and knows beforehand which item each scene has.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from plexapi.server import PlexServer

from benchmarks.harness import report
from benchmarks.scenes import scene

if TYPE_CHECKING:
    from common.messages import Scene

BATCH = 50


def query(rating_key: str, row: Scene) -> str:
    """Return one edit of all fields."""
    fields: list[tuple[str, str | int]] = [("type", 1), ("id", rating_key)]
    values = {
        "title": row.title,
        "summary": row.details.strip(),
        "originallyAvailableAt": row.date,
        "studio": row.studio.name if row.studio else "",
    }
    for name, value in values.items():
        fields += [(f"{name}.value", value), (f"{name}.locked", 1)]
    for tag, names in (("actor", row.performers), ("genre", row.tags)):
        fields += [(f"{tag}[{place}].tag.tag", entry.name) for place, entry in enumerate(names)]
        fields.append((f"{tag}.locked", 1))
    if row.studio:
        fields += [("collection[0].tag.tag", row.studio.name), ("collection.locked", 1)]
    return urlencode(fields)


def main() -> None:
    """Write so many items, whose keys are 1 to count, and report the rate."""
    url, token, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    server = PlexServer(url, token)  # type: ignore[no-untyped-call] # plexapi has no types
    session, headers = server._session, {"X-Plex-Token": token}  # noqa: SLF001 - the session is what is measured
    began = time.perf_counter()
    for start in range(1, count + 1, BATCH):
        numbers = range(start, min(start + BATCH, count + 1))
        server.query(f"/library/metadata/{','.join(map(str, numbers))}")  # type: ignore[no-untyped-call]
        for number in numbers:
            answer = session.put(f"{url}/library/sections/1/all?{query(str(number), scene(number))}", headers=headers)
            answer.raise_for_status()
    report(rate=count / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
