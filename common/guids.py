"""How Plex names what our metadata provider knows: its identifier, rating keys and GUIDs. Pure."""

from __future__ import annotations

from typing import Final

IDENTIFIER: Final = "tv.plex.agents.custom.stash2plex"

_MOVIE: Final = f"{IDENTIFIER}://movie/"
_LONGEST_ID: Final = 18


def guid_of(scene_id: int) -> str:
    """Return the GUID that Plex keeps of a matched scene.

    Anything but `{identifier}://{type}/{ratingKey}` makes PMS drop the match without asking (log of PMS 1.43.0).
    """
    return f"{_MOVIE}{scene_id}"


def id_of_guid(guid: str) -> int | None:
    """Return the scene's id in a GUID of ours, or None."""
    return id_of_key(guid.removeprefix(_MOVIE)) if guid.startswith(_MOVIE) else None


def id_of_key(key: str) -> int | None:
    """Return the id in a rating key as we write it, or None."""
    canonical = key.isascii() and key.isdecimal() and len(key) <= _LONGEST_ID and (key == "0" or key[0] != "0")
    return int(key) if canonical else None
