"""Routes of collections: made of, and gone with, the collection tags on their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex.answers import Refused, container, empty
from simulators.plex.library import page_of_items
from simulators.plex.model import COLLECTION, Item, Tagging
from simulators.plex.render import View, item_element
from simulators.plex.writes import commit, origin_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.model import Tag
    from simulators.plex.server import Plex


async def create(plex: Plex, request: Request) -> Response:
    """Make a collection: POST `/library/collections?title&sectionId&uri=server://…/library/metadata/1,2`."""
    query = request.query_params
    if query.get("smart") == "1" or not (query.get("title") and query.get("sectionId")):
        raise Refused(400)
    section = plex.section(query["sectionId"])
    tag = plex.library.tags.get("collection", query["title"], fold=plex.settings.normalise)
    _join(plex, request, tag)
    made = plex.library.collection(section, tag)
    return container(request, {}, [item_element(made, section, View(whole=True))])


async def children(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/collections/N/children`: the members."""
    collection = _collection(plex, request)
    members = [plex.library.items[key] for key in collection.members]
    return page_of_items(plex.section(collection.section), request, members)


async def add(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/library/collections/N/items?uri=`."""
    collection = _collection(plex, request)
    _join(plex, request, plex.library.tags.get("collection", collection.title, fold=False))
    return empty()


def _join(plex: Plex, request: Request, tag: Tag) -> None:
    for item in plex.items(request.query_params.get("uri", "").rpartition("/")[2]):
        uses = [*item.tags.get("collection", []), Tagging(tag)]
        if all(use.tag is not tag for use in uses[:-1]):
            _retag(plex, request, item, uses)


async def drop(plex: Plex, request: Request) -> Response:
    """Carry out DELETE `/library/collections/N/items/M`."""
    collection, member = _collection(plex, request), plex.item(request.path_params["member"])
    uses = [use for use in member.tags.get("collection", []) if use.tag.name != collection.title]
    _retag(plex, request, member, uses)
    return empty()


async def delete(plex: Plex, request: Request) -> Response:
    """Carry out DELETE `/library/collections/N`: the members stay, without the tag."""
    collection = _collection(plex, request)
    for key in list(collection.members):
        member = plex.library.items[key]
        uses = [use for use in member.tags.get("collection", []) if use.tag.name != collection.title]
        _retag(plex, request, member, uses)
    return empty()


def _retag(plex: Plex, request: Request, item: Item, uses: list[Tagging]) -> None:
    def change() -> None:
        plex.library.set_tags(item, "collection", uses)

    commit(plex, origin_of(request), item, ["collections"], change)


def _collection(plex: Plex, request: Request) -> Item:
    item = plex.item(request.path_params["key"])
    if item.kind != COLLECTION:
        raise Refused(404)
    return item
