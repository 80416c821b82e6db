"""What init wants to know of Plex, by plexapi: is it there, does it take the token, its movie libraries and files.

Signing in is Plex's own PIN: the person enters four characters at plex.tv/link, and no password passes through here.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import requests
from plexapi.exceptions import BadRequest, PlexApiException, Unauthorized
from plexapi.myplex import MyPlexAccount, MyPlexPinLogin
from plexapi.server import PlexServer

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT: Final = 10
FILES: Final = 5_000
SIGN_IN: Final = 300.0
LOOK_EVERY: Final = 2.0


class PlexTrouble(Exception):
    """Plex can't be used so; the message says why and what to do."""


class PlexFacts(NamedTuple):
    """A Plex server as it answered: its movie libraries with their folders, and the paths of files in them."""

    name: str
    version: str
    libraries: dict[str, tuple[str, ...]]
    paths: tuple[str, ...]


def look(url: str, token: str) -> PlexFacts:
    """Connect, and list the movie libraries and up to 5,000 files of theirs; raises PlexTrouble."""
    try:
        server: Any = PlexServer(url, token, timeout=TIMEOUT)  # type: ignore[no-untyped-call] # plexapi has no types
        sections = [section for section in server.library.sections() if section.type == "movie"]
        paths = [path for section in sections for path in _files(server, section.key)]
        libraries = {section.title: tuple(section.locations) for section in sections}
        return PlexFacts(server.friendlyName, server.version, libraries, tuple(paths))
    except Unauthorized:
        raise PlexTrouble(f"Plex at {url} refuses the token. It has to be the X-Plex-Token of its owner.") from None
    except (PlexApiException, requests.RequestException) as error:
        # plexapi's own message may have the URL with what was asked for
        raise PlexTrouble(f"Plex does not answer at {url} ({type(error).__name__}). Is that its address?") from None


def sign_in(tell: Callable[[str], None], *, seconds: float = SIGN_IN) -> tuple[str, dict[str, str]]:
    """Wait until the person has entered the PIN; return the account's token and its own servers' addresses by name."""
    try:
        login: Any = MyPlexPinLogin(requestTimeout=TIMEOUT)  # type: ignore[no-untyped-call] # plexapi has no types
        tell(f"Open https://plex.tv/link, sign in, and enter  {login.pin}")
        deadline = time.monotonic() + seconds
        while not login.checkLogin():
            if login.expired or time.monotonic() > deadline:
                raise PlexTrouble("The PIN was not entered in time. Start again, or give the token yourself.")
            time.sleep(LOOK_EVERY)
        return login.token, _servers(login.token)
    except (PlexApiException, requests.RequestException) as error:
        raise PlexTrouble(f"plex.tv does not answer ({type(error).__name__}). Give the token yourself.") from None


def _servers(token: str) -> dict[str, str]:
    account: Any = MyPlexAccount(token=token, timeout=TIMEOUT)  # type: ignore[no-untyped-call] # plexapi has no types
    found = {}
    for resource in account.resources():
        local = [each.httpuri for each in resource.connections if each.local]
        if resource.owned and "server" in resource.provides and local:
            found[resource.name] = local[0]
    return found


def _files(server: Any, key: object) -> list[str]:
    """Return paths of a library's files, in one request; an empty library has none."""
    headers = {"X-Plex-Container-Start": "0", "X-Plex-Container-Size": str(FILES)}
    try:
        root = server.query(f"/library/sections/{key}/all?type=1", headers=headers)
    except BadRequest:
        return []
    return [part.get("file") for part in root.iter("Part") if part.get("file")]
