"""Whether the provider answers at the address that Plex is told, as seen from here: as near to Plex as can be told."""

from __future__ import annotations

import http.client
import json
from typing import Final
from urllib.parse import urlsplit

PATIENCE: Final = 3.0
LIMIT: Final = 100_000
IDENTIFIER: Final = "tv.plex.agents.custom.stash2plex"


def why_not(url: str) -> str:
    """Ask for the provider's manifest, as Plex does; return why it does not come, or an empty text. Blocks."""
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=PATIENCE)
    try:
        connection.request("GET", f"{address.path.rstrip('/')}/", headers={"Accept": "application/json"})
        answer = connection.getresponse()
        return _why_not(answer.status, answer.read(LIMIT))
    except (OSError, http.client.HTTPException) as error:
        return f"no answer ({error or type(error).__name__})"
    finally:
        connection.close()


def _why_not(status: int, content: bytes) -> str:
    if status != 200:
        return f"the answer is HTTP {status}"
    try:
        manifest = json.loads(content)
        identifier = manifest["MediaProvider"]["identifier"]
    except (ValueError, KeyError, TypeError):
        return "something else answers there"
    return "" if identifier == IDENTIFIER else f"another provider answers there, {identifier}"
