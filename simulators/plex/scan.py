"""Scanning a library: files on disk become items, items without files go to the trash, listeners hear each state."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from simulators.plex import matching, titles
from simulators.plex.model import MOVIE, DiskFile, Item, Part, Section
from simulators.plex.notifications import CREATED, PROCESSED, PROGRESS
from simulators.plex.settings import NO_AGENT
from simulators.plex.store import now

if TYPE_CHECKING:
    from simulators.plex.server import Plex


def created(plex: Plex, section: Section, file: DiskFile) -> Item:
    """Add the item that the scanner makes of a file nobody has matched."""
    item = Item(plex.library.new_key(), section.key, MOVIE, "", {}, added_at=now(), updated_at=now())
    item.guid = f"local://{item.key}"
    item.parts = [Part(plex.library.new_id(), file.path, file.size, file.duration, file.oshash, file.hash)]
    bare(item, file)
    plex.library.add(item)
    return item


def bare(item: Item, file: DiskFile) -> None:
    """Give `item` what a file name alone tells."""
    title, year = titles.scanned(file.path)
    item.fields = {"title": file.title or title}
    if year:
        item.fields["year"] = year


async def scan(plex: Plex, section: Section, folder: str = "") -> list[Item]:
    """Scan a library, or one folder of it; returns the new items, in the order in which they were found.

    A library is scanned by one scan at a time; the next waits.
    """
    async with plex.scan_lock(section.key):
        activity = str(uuid.uuid4())
        section.refreshing = True
        plex.hub.scan_activity(section.key, "started", activity, 0, section.title)
        try:
            return await _scanned(plex, section, folder)
        finally:
            section.refreshing = False
            # a second scan within one second is still another scan
            section.scanned_at = max(now(), section.scanned_at + 1)
            plex.hub.scan_activity(section.key, "ended", activity, 100, section.title)


async def _scanned(plex: Plex, section: Section, folder: str) -> list[Item]:
    await matching.greet(plex, section)
    for item in list(section.items.values()):
        _look_for_files(plex, section, item, folder)
    new = [file for file in section.disk.values() if _below(file.path, folder) and not plex.library.by_path(file.path)]
    return [await _take_in(plex, section, file) for file in new]


async def _take_in(plex: Plex, section: Section, file: DiskFile) -> Item:
    """Add one file; without an agent the processing ends at state 1 (plexapi's own description)."""
    item = created(plex, section, file)
    section.content_changed_at += 1
    plex.hub.timeline(item, CREATED, metadataState="created")
    await plex.scan_pause()
    plex.hub.timeline(item, PROGRESS, metadataState="created", mediaState="analyzing")
    if section.agent == NO_AGENT:
        plex.hub.timeline(item, PROGRESS)
    else:
        await matching.match_new(plex, section, item)
    return item


def _look_for_files(plex: Plex, section: Section, item: Item, folder: str) -> None:
    """Notice which files of `item` are gone or back."""
    changed = False
    for part in item.parts:
        if _below(part.file, folder) and part.missing == (part.file in section.disk):
            part.missing = not part.missing
            changed = True
    if changed:
        item.updated_at = now()
        section.content_changed_at += 1
        plex.hub.timeline(item, PROCESSED)


def _below(path: str, folder: str) -> bool:
    return not folder or path.startswith(folder.rstrip("/") + "/")


def empty_trash(plex: Plex, section: Section) -> list[Item]:
    """Return the items whose files are all gone, and let go of single files that are."""
    for item in section.items.values():
        kept = [part for part in item.parts if not part.missing]
        if kept and len(kept) < len(item.parts):
            paths = [part.file for part in item.parts]
            item.parts = kept
            plex.library.reindex(item, paths)
    return [item for item in section.items.values() if item.parts and all(part.missing for part in item.parts)]
