"""Recorded answers: a page of scenes is executed once and then served as bytes, so that a benchmark times its client.

Kept is the encoded body (and its gzip) for a query text with its variables, as it went out the first time; any change
of the rows, the status or the schema drops all of it. Only answers to `findScenes` are kept; nothing else is faster.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

LIMIT = 512 * 1024 * 1024
LEVEL = 4


@dataclass(slots=True)
class Recording:
    """The answers kept, up to a total size; `of` is the state of the server that they belong to."""

    on: bool = False
    of: Hashable = None
    size: int = 0
    answers: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str, state: Hashable) -> bytes | None:
        """Return the answer recorded under `key`, if nothing has changed since."""
        if self.of != state:
            self.answers, self.size, self.of = {}, 0, state
        return self.answers.get(key)

    def put(self, key: str, body: bytes) -> None:
        """Keep an answer, unless the recording is full."""
        if self.size + len(body) <= LIMIT:
            self.answers[key] = body
            self.size += len(body)


def key_of(request: Mapping[str, Any], base_url: str, *, zipped: bool) -> str | None:
    """Return the key of a request whose answer may be kept, or None."""
    query = str(request.get("query"))
    if "findScenes" not in query:
        return None
    return json.dumps([query, request.get("variables"), request.get("operationName"), base_url, zipped])


def compress(body: bytes) -> bytes:
    """Return a body as Stash zips it."""
    return gzip.compress(body, LEVEL)
