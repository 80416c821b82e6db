"""Routes that list and edit the items of one library: `/library/sections/N/all` and what belongs to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from simulators.plex import edits, listing
from simulators.plex.answers import Refused, about, container, empty
from simulators.plex.element import Element, Value
from simulators.plex.filters import meta
from simulators.plex.model import COLLECTION, Item, Section
from simulators.plex.render import item_element, view_of
from simulators.plex.writes import commit, origin_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.server import Plex


async def all_items(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/sections/N/all`; a file filter without a type is a 500 (recorded, 1.43.1)."""
    section = plex.section(request.path_params["section"])
    query = request.query_params
    if "file" in query and "type" not in query:
        raise Refused(500)
    if query.get("type") == str(COLLECTION):
        found = list(section.collections.values())
    else:
        found = plex.library.in_order(section) if query.get("type", "1") == "1" else []
    return _listed(section, request, found)


async def collections(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/sections/N/collections`."""
    section = plex.section(request.path_params["section"])
    found = sorted(section.collections.values(), key=lambda item: item.title_sort.casefold())
    return _listed(section, request, found)


async def choices(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/sections/N/genre` and its siblings: the tags to filter by."""
    section = plex.section(request.path_params["section"])
    kind = request.url.path.rpartition("/")[2]
    used = {use.tag.id: use.tag for item in section.items.values() for use in item.tags.get(kind, [])}
    base = f"/library/sections/{section.key}/all"
    found = [
        Element(
            "Directory", {"fastKey": f"{base}?{kind}={tag.id}", "key": str(tag.id), "title": tag.name, "type": kind}
        )
        for tag in sorted(used.values(), key=lambda tag: tag.name.casefold())
    ]
    return container(request, _about(section), found)


def _listed(section: Section, request: Request, found: list[Item]) -> Response:
    query = request.query_params
    filters = listing.filters_of(listing.pairs_of(request.url.query))
    if filters:
        found = [item for item in found if listing.matches(item, filters)]
    if query.get("sort"):
        found = listing.in_sort(found, query["sort"])
    if query.get("limit", "").isdecimal():
        found = found[: int(query["limit"])]
    return page_of_items(section, request, found)


def page_of_items(section: Section, request: Request, found: list[Item]) -> Response:
    """Return the page of `found` that the request asks for, in the light form of listings."""
    page = listing.page_of(request.query_params, request.headers)
    view = view_of(request.query_params, whole=False, modern="x-plex-pms-api-version" in request.headers)
    shown = page.of(found)
    headers, totals = {}, dict[str, Value]()
    if page.size is not None:
        headers = {"X-Plex-Container-Start": str(page.start), "X-Plex-Container-Total-Size": str(len(found))}
        totals = {"totalSize": len(found), "offset": page.start}
    children = [item_element(item, section, view) for item in shown]
    attributes = {"size": len(children)} | totals | _about(section)
    if request.query_params.get("includeMeta") == "1":
        children.append(meta(section))
    return container(request, attributes, children, headers)


def _about(section: Section) -> dict[str, Value]:
    return {
        **about(section),
        "art": "/:/resources/movie-fanart.jpg",
        "thumb": "/:/resources/movie.png",
        "title1": section.title,
        "title2": "All Movies",
        "viewGroup": section.type,
        "viewMode": 65592,
    }


async def edit_items(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/library/sections/N/all?type=1&id=…`: the same edit on all items named, at once.

    400 without a type or an id, 404 when none of the items is there.
    """
    section = plex.section(request.path_params["section"])
    query = request.query_params
    if not (query.get("type") and query.get("id")):
        raise Refused(400)
    named = [item for item in plex.items(query["id"]) if item.section == section.key]
    if not named:
        raise Refused(404)
    edit_all(plex, request, named)
    return empty()


def edit_all(plex: Plex, request: Request, items: list[Item]) -> None:
    """Carry out the edit in the query of `request` on `items`."""
    edit = edits.parse(listing.pairs_of(request.url.query))
    origin = origin_of(request)
    for item in items:
        commit(plex, origin, item, edit.names, partial(edits.apply, edit, item, plex.library, plex.settings))
