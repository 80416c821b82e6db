"""The bytes of uploaded and downloaded pictures, kept once by content; the oldest go when there are too many."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

LIMIT = 64 * 1024 * 1024


class Pictures:
    """Bytes by their SHA-1 in hex, at most 64 MiB of them."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def keep(self, content: bytes) -> str:
        """Keep `content` and return its SHA-1."""
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if digest not in self._held:
            self._held[digest] = content
            self._size += len(content)
        self._held.move_to_end(digest)
        while self._size > LIMIT and len(self._held) > 1:
            self._size -= len(self._held.popitem(last=False)[1])
        return digest

    def get(self, digest: str) -> bytes | None:
        """Return the content with this SHA-1, or None when it was never there or had to go."""
        return self._held.get(digest)
