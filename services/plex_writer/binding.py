"""Which items our provider should be bound to: those that Plex scanned before Stash knew their file. Pure.

Plex asks a provider for a file once, when it scans it; refreshing never matches again (facts that other providers'
authors paid for). So the writer tells Plex which scene an item is, where the library uses our agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from common.guids import IDENTIFIER, guid_of, id_of_guid

if TYPE_CHECKING:
    from services.plex_writer.plan import Current

_UNMATCHED = ("local://", "none://")


def guid_to_bind(current: Current, agent: str, scene_id: int) -> str | None:
    """Return the GUID that an item is to be matched to, or None; what another agent matched stays its own."""
    wanted = guid_of(scene_id)
    is_unmatched = not current.guid or current.guid.startswith(_UNMATCHED)
    is_another = id_of_guid(current.guid) is not None and current.guid != wanted
    return wanted if agent == IDENTIFIER and (is_unmatched or is_another) else None


def request(current: Current, guid: str, title: str) -> str:
    """Return the path that binds an item; by PUT."""
    return f"/library/metadata/{current.rating_key}/match?{urlencode({'guid': guid, 'name': title})}"
