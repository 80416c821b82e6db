"""Routes of single items: details, tree, edits, stars, deletion."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from simulators.plex.answers import LIBRARY, Refused, about, container, empty
from simulators.plex.file_elements import branch
from simulators.plex.library import edit_all
from simulators.plex.render import item_element, view_of
from simulators.plex.surgery import forget
from simulators.plex.writes import commit, origin_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.server import Plex


async def details(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/metadata/1,2,3`: whole items, in the order asked for; 404 when none is there."""
    found = plex.items(request.path_params["ids"])
    view = view_of(request.query_params, whole=True, modern="x-plex-pms-api-version" in request.headers)
    attributes = about(plex.section(found[0].section))
    return container(request, attributes, [item_element(item, plex.section(item.section), view) for item in found])


async def tree(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/metadata/N/tree`: files with their hashes (recorded, 1.43.1); several ids are assumed."""
    found = plex.items(request.path_params["ids"])
    return container(request, LIBRARY, [branch(item) for item in found])


async def edit(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/library/metadata/N`: the older way to edit one item."""
    edit_all(plex, request, plex.items(request.path_params["ids"]))
    return empty()


async def rate(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/:/rate?key=&identifier=&rating=`: the owner's stars, 0 to 10, -1 to take them back; no lock."""
    query = request.query_params
    item = plex.item(query.get("key", ""))
    rating: float | None = None
    with suppress(ValueError):
        rating = float(query.get("rating", ""))
    if rating is None or rating > 10:
        raise Refused(400)

    def change() -> None:
        if rating < 0:
            item.fields.pop("userRating", None)
        else:
            item.fields["userRating"] = rating

    commit(plex, origin_of(request), item, ["userRating"], change)
    return empty()


async def delete(plex: Plex, request: Request) -> Response:
    """Carry out DELETE `/library/metadata/N`: the item goes, and so do its files from the disk."""
    item = plex.item(request.path_params["ids"])
    section = plex.section(item.section)
    for part in item.parts:
        section.disk.pop(part.file, None)
    forget(plex, origin_of(request), item)
    return empty()
