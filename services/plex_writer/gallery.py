"""The pictures of Plex's items: which are offered, which one is shown, and how another comes to be.

Uploads are kept by content, `upload://posters/<40 hex digits>`; equal bytes make no second one and may leave another
one selected (python-plexapi #179, Maintainerr). What is selected is locked, as others measured for posters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import urlencode

if TYPE_CHECKING:
    from services.plex_writer.plan import Current
    from services.plex_writer.plex import Plex

Kind = Literal["poster", "art"]

_LISTS: Final = {"poster": "posters", "art": "arts"}
_LOCKS: Final = {"poster": "thumb", "art": "art"}


class Offered(NamedTuple):
    """A picture that an item can show; `provider` is the agent that it is from, or empty."""

    key: str
    selected: bool
    provider: str

    @property
    def name(self) -> str:
        """What tells its content: for an upload, the hash of its bytes."""
        return self.key.rpartition("/")[2]


class Gallery:
    """The pictures of one Plex server's items; every method is one request."""

    def __init__(self, plex: Plex) -> None:
        self._plex = plex

    async def offered(self, rating_key: str, kind: Kind) -> list[Offered]:
        """Return the pictures of an item."""
        root = await self._plex.get(f"/library/metadata/{rating_key}/{_LISTS[kind]}")
        return [
            Offered(photo.get("ratingKey", ""), photo.get("selected") == "1", photo.get("provider", ""))
            for photo in root.iter("Photo")
        ]

    async def upload(self, rating_key: str, kind: Kind, content: bytes) -> None:
        """Send a picture's bytes; Plex selects a new one by itself."""
        await self._plex.post(f"/library/metadata/{rating_key}/{_LISTS[kind]}", content)

    async def select(self, rating_key: str, kind: Kind, key: str) -> None:
        """Show one of the pictures offered."""
        await self._plex.put(f"/library/metadata/{rating_key}/{kind}?{urlencode({'url': key})}")

    async def lock(self, current: Current, kind: Kind, *, lock: bool) -> None:
        """Keep Plex's own refresh from showing another one, or let it."""
        query = urlencode({"type": "1", "id": current.rating_key, f"{_LOCKS[kind]}.locked": int(lock)})
        await self._plex.put(f"/library/sections/{current.section}/all?{query}")
