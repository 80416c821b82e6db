"""Routes that set the server to work on its library: scan, trash, refresh, match, merge and split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex import matching, surgery
from simulators.plex.agents import ProviderFailed
from simulators.plex.answers import LIBRARY, Refused, container, empty
from simulators.plex.element import Element, Value
from simulators.plex.scan import empty_trash, scan
from simulators.plex.writes import origin_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.model import Section
    from simulators.plex.server import Plex


async def scan_section(plex: Plex, request: Request) -> Response:
    """Begin a scan of a library, of all of them, or of one folder (`?path=`); answers at once (recorded, 1.43.1).

    With `force=1` the metadata of everything in it is fetched again too.
    """
    query = request.query_params
    for section in _sections(plex, request):
        plex.background(_scan(plex, section, query.get("path", ""), force=query.get("force") == "1"))
    return empty()


def _sections(plex: Plex, request: Request) -> list[Section]:
    key = request.path_params["section"]
    return list(plex.library.sections.values()) if key == "all" else [plex.section(key)]


async def _scan(plex: Plex, section: Section, folder: str, *, force: bool) -> None:
    await scan(plex, section, folder)
    if force:
        for item in list(section.items.values()):
            await matching.refresh(plex, item)


async def stop_scan(plex: Plex, request: Request) -> Response:
    """Take note of a wish to stop scanning; the scans here are too short for it."""
    _sections(plex, request)
    return empty()


async def trash(plex: Plex, request: Request) -> Response:
    """Remove the items whose files are gone."""
    for item in empty_trash(plex, plex.section(request.path_params["section"])):
        surgery.forget(plex, origin_of(request), item)
    return empty()


async def refresh(plex: Plex, request: Request) -> Response:
    """Begin to fetch an item's metadata again; never matches (tpdb-provider's hard-won lesson)."""
    for item in plex.items(request.path_params["key"]):
        plex.background(matching.refresh(plex, item))
    return empty()


async def analyze(plex: Plex, request: Request) -> Response:
    """Take note of a wish to analyze files."""
    plex.items(request.path_params["key"])
    return empty()


async def matches(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/metadata/N/matches`: what the provider offers, best first; nothing when it fails."""
    item = plex.item(request.path_params["key"])
    provider = plex.provider_of(plex.section(item.section))
    query = request.query_params
    manual, title, year = query.get("manual") == "1", query.get("title", ""), query.get("year", "")
    rows = []
    if provider is not None:
        try:
            rows = await matching.candidates(plex, item, provider, manual=manual, title=title, year=year)
        except ProviderFailed:
            rows = []
    found = [_result(row.get("guid"), row.get("title"), row.get("year"), row.get("score")) for row in rows]
    return container(request, LIBRARY, found)


def _result(guid: object, name: object, year: object, score: object) -> Element:
    given = {"guid": guid, "name": name, "year": year, "score": score}
    attributes: dict[str, Value] = {key: value for key, value in given.items() if isinstance(value, (str, int, float))}
    return Element("SearchResult", {"lifespanEnded": False} | attributes)


async def match(plex: Plex, request: Request) -> Response:
    """Take PUT `/library/metadata/N/match?guid=&name=`: answers at once, whatever becomes of it."""
    item = plex.item(request.path_params["key"])
    guid, name = request.query_params.get("guid"), request.query_params.get("name", "")
    if not guid:
        raise Refused(400)
    plex.background(matching.bind(plex, origin_of(request), item, guid, name))
    return empty()


async def unmatch(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/library/metadata/N/unmatch`."""
    surgery.unmatch(plex, origin_of(request), plex.item(request.path_params["key"]))
    return empty()


async def merge(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/library/metadata/N/merge?ids=`."""
    others = plex.items(request.query_params.get("ids", ""))
    surgery.merge(plex, origin_of(request), plex.item(request.path_params["key"]), others)
    return empty()


async def split(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/library/metadata/N/split`."""
    surgery.split(plex, origin_of(request), plex.item(request.path_params["key"]))
    return empty()
