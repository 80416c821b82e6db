"""Whether Plex shows each performer's photo as Stash has it now. Pure.

Plex keeps one photo a person for the whole server, so a name that several performers have had says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.chaos.plain import fold
from tools.chaos.scalars import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tools.chaos.record import Record
    from tools.chaos.scalars import Case


def shown_photos(cases: Iterable[Case]) -> set[str]:
    """Return the addresses of all photos that Plex shows."""
    return {actor["thumb"] for case in cases for actor in _actors(case) if actor["thumb"]}


def judge_photos(
    record: Record, cases: Iterable[Case], provider: str, seen: Mapping[str, str | None]
) -> Iterator[Violation]:
    """Yield each photo that is missing, has not the newest address at `provider`, or is another picture there.

    `seen` has the SHA-1 of what every address in Plex answers with, None for no picture.
    """
    wanted = _photos(record)
    for case in cases:
        if case.now.bare:
            continue
        for actor in _actors(case):
            photo = wanted.get(fold(actor["tag"]))
            if photo is None or fold(actor["tag"]) not in map(fold, case.now.performers):
                continue
            address = provider + photo["path"].replace("/performer/", "/images/performer/").replace("/image?", "?")
            if actor["thumb"] != address:
                text = f"{actor['tag']!r} has the photo {actor['thumb']!r}, not {address!r}"
                yield Violation("stale" if actor["thumb"] else "lost", case.scene, "photo", text, case.key)
            elif seen.get(address) != photo["sha1"]:
                text = f"{address} answers with {seen.get(address)}, not {photo['sha1']}"
                yield Violation("stale", case.scene, "photo", text, case.key)


def _photos(record: Record) -> dict[str, dict[str, Any]]:
    """Return the photos of today by the folded names that no two performers ever had."""
    every = (photo for row in record.rows.values() for photo in row["photos"] if photo["sha1"])
    return {fold(photo["name"]): photo for photo in every if len(record.people[fold(photo["name"])]) == 1}


def _actors(case: Case) -> list[dict[str, Any]]:
    return case.shown["actors"]  # type: ignore[return-value]
