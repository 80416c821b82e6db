"""The answers of PMS as HTTP: a container in XML or JSON, an empty page, an error page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from simulators.plex.element import Element, Value, to_json, to_xml

if TYPE_CHECKING:
    from starlette.requests import Request

    from simulators.plex.model import Section

# what the containers of items have in common
LIBRARY: dict[str, Value] = {
    "identifier": "com.plexapp.plugins.library",
    "mediaTagPrefix": "/system/bundle/media/flags/",
    "mediaTagVersion": 1775731696,
}
_HEADERS = {"Cache-Control": "no-cache", "X-Plex-Protocol": "1.0"}


class Refused(Exception):
    """The request can't be answered; `status` is the HTTP status, `reason` what the page says in place of its name."""

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(reason or HTTPStatus(status).phrase)
        self.status = status
        self.reason = reason


def about(section: Section) -> dict[str, Value]:
    """Return what a container of items says about the library they are in."""
    return {
        "allowSync": True,
        **LIBRARY,
        "librarySectionID": int(section.key),
        "librarySectionTitle": section.title,
        "librarySectionUUID": section.uuid,
    }


def container(
    request: Request, attributes: dict[str, Value], children: list[Element], headers: dict[str, str] | None = None
) -> Response:
    """Return a MediaContainer with its size, in the notation that the request accepts."""
    root = Element("MediaContainer", {"size": len(children)} | attributes, children)
    return document(request, root, headers)


def document(request: Request, root: Element, headers: dict[str, str] | None = None) -> Response:
    """Return `root` as JSON when the request names it, else as XML."""
    if "application/json" in request.headers.get("accept", ""):
        return Response(to_json(root), headers=_HEADERS | (headers or {}), media_type="application/json")
    content_type = {"Content-Type": "text/xml;charset=utf-8"}
    return Response(to_xml(root), headers=_HEADERS | content_type | (headers or {}))


def empty() -> Response:
    """Return what PMS says to most writes: 200, text/html, nothing."""
    return Response(b"", headers=_HEADERS | {"Content-Type": "text/html"})


def error(status: int, reason: str = "") -> Response:
    """Return PMS's page for an HTTP status."""
    phrase = reason or HTTPStatus(status).phrase
    page = f"<html><head><title>{phrase}</title></head><body><h1>{status} {phrase}</h1></body></html>"
    return Response(page, status, _HEADERS | {"Content-Type": "text/html"})


def maintenance(reason: str) -> Response:
    """Return the 503 of a server that is busy with itself; `reason` is its status text."""
    root = Element("Response", {"code": 503, "title": "Maintenance", "status": reason})
    return Response(to_xml(root), 503, _HEADERS | {"Content-Type": "text/xml;charset=utf-8"})


def page(body: bytes, status: int, content_type: str) -> Response:
    """Return any bytes."""
    return Response(body, status, {"Content-Type": content_type})
