"""Who may come in: API key, session cookie, redirect to the login, and the tripwire (Stash source v0.30)."""

from __future__ import annotations

import ipaddress
import secrets
from collections import deque
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request

SESSIONS = 1000
SHARED = ipaddress.ip_network("100.64.0.0/10")
TRIPPED = (
    "Stash is exposed to the public internet without authentication, and is not serving any more content "
    "to protect your privacy.\n"
)


def is_local(address: str) -> bool:
    """Say whether Stash takes an address for one of the local network."""
    try:
        ip = ipaddress.ip_address(address.strip())
    except ValueError:
        return False
    return ip.is_private or ip.is_loopback or ip.is_link_local or (ip.version == 4 and ip in SHARED)


@dataclass(slots=True)
class Access:
    """The credentials of the server, its sessions, and whether its tripwire has gone off for good."""

    api_key: str = ""
    username: str = ""
    password: str = ""
    tripped: bool = False
    sessions: deque[str] = field(default_factory=lambda: deque(maxlen=SESSIONS))

    def new_session(self) -> str:
        """Return the cookie value of a new login."""
        self.sessions.append(secrets.token_urlsafe(32))
        return self.sessions[-1]

    def refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that may not come in, or None."""
        if self.tripped:
            return PlainTextResponse(TRIPPED, 403)
        key = request.headers.get("ApiKey") or request.query_params.get("apikey")
        if key and key != self.api_key:
            return unauthorized()
        if not self.password:
            return self._refuse_public(request)
        known = bool(key) or request.cookies.get("session") in self.sessions
        return None if known or _is_open(request.url.path) else self._refuse_unknown(request)

    def _refuse_public(self, request: Request) -> Response | None:
        hops = request.headers.get("X-Forwarded-For", "")
        # a connection that its client has cut may have no address any more, which proves nothing
        client = request.client.host if request.client else ""
        self.tripped = not all(is_local(one) for one in filter(None, (client, *hops.split(", "))))
        return PlainTextResponse(TRIPPED, 403) if self.tripped else None

    def _refuse_unknown(self, request: Request) -> Response:
        suffix = PurePosixPath(request.url.path).suffix
        if request.url.path == "/graphql" or suffix not in {"", ".html"}:
            return unauthorized()
        return to_login(request)


def _is_open(path: str) -> bool:
    return path.startswith(("/login", "/assets")) or path in {"/logout", "/css"}


def unauthorized() -> Response:
    """Return the 401 for a wrong key, or for no login where a page would be no use."""
    return Response(status_code=401, headers={"WWW-Authenticate": "FormBased"})


def to_login(request: Request) -> Response:
    """Return the redirect that an image gets, too."""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    location = f"/login?{urlencode({'returnURL': target})}"
    page = f'<a href="{location}">Found</a>.\n\n'
    return (
        HTMLResponse(page, 302, {"Location": location}) if request.method == "GET" else RedirectResponse(location, 302)
    )
