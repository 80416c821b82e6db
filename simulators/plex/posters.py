"""Routes of pictures: list, upload, select, fetch. Uploads are kept by content, so equal bytes are one picture.

What is selected is locked, as a public project measured for PUT `/poster`; for an upload the same is assumed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import Response

from simulators.plex import agents
from simulators.plex.answers import LIBRARY, Refused, container, empty
from simulators.plex.element import Element, Value
from simulators.plex.model import IMAGE_ELEMENTS, IMAGE_FOLDERS, IMAGE_LISTS, Image, ImageKind, Item
from simulators.plex.writes import commit, origin_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from simulators.plex.ledger import Origin
    from simulators.plex.server import Plex

# plain name of what a picture changes, besides a lock
_FACTS: dict[ImageKind, str] = {"thumb": "poster", "art": "art"}


async def offered(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/metadata/N/posters` and its siblings: what can be selected, and what is."""
    item, kind = _list(plex, request)
    pictures = item.images.get(kind)
    photos = [_photo(item, image, image.key == pictures.selected) for image in pictures.images] if pictures else []
    return container(request, LIBRARY, photos)


def _photo(item: Item, image: Image, selected: bool) -> Element:
    path = f"/library/metadata/{item.key}/file?url={quote(image.key, safe='')}"
    attributes: dict[str, Value] = {"key": path, "ratingKey": image.key, "thumb": path}
    if image.provider:
        attributes["provider"] = image.provider
    if selected:
        attributes["selected"] = True
    return Element("Photo", attributes, json_name="Metadata")


async def upload(plex: Plex, request: Request) -> Response:
    """Take POST `/library/metadata/N/posters` with the bytes as body, or `?url=` for the server to fetch."""
    item, kind = _list(plex, request)
    url = request.query_params.get("url")
    content = await _fetched(plex, url) if url else await request.body()
    if not content:
        raise Refused(400)
    add_upload(plex, origin_of(request), item, kind, content)
    return empty()


def add_upload(plex: Plex, origin: Origin, item: Item, kind: ImageKind, content: bytes) -> None:
    """Keep an uploaded picture and select it; bytes that are there already change nothing, selection included."""
    key = f"upload://{IMAGE_FOLDERS[kind]}/{plex.pictures.keep(content)}"

    def change() -> None:
        pictures = item.image(kind)
        if all(image.key != key for image in pictures.images):
            pictures.images.append(Image(key))
            pictures.selected = key
            item.locks.add(kind)

    commit(plex, origin, item, _facts(kind), change)


async def _fetched(plex: Plex, url: str) -> bytes:
    """Return what is at `url`; 406 when there is no picture, as seen with addresses Plex can't reach."""
    content = await agents.picture(plex, url)
    if content is None:
        raise Refused(406)
    return content


async def select(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/library/metadata/N/poster?url=<key>`: show another of the pictures offered."""
    item = plex.item(request.path_params["key"])
    kind = _element(request)
    key = request.query_params.get("url", "")
    if all(image.key != key for image in item.image(kind).images):
        raise Refused(404)

    def change() -> None:
        item.image(kind).selected = key
        item.locks.add(kind)

    commit(plex, origin_of(request), item, _facts(kind), change)
    return empty()


async def unselect(plex: Plex, request: Request) -> Response:
    """Carry out DELETE `/library/metadata/N/thumb`: show none (since PMS 1.43.0)."""
    item = plex.item(request.path_params["key"])
    kind = _element(request)

    def change() -> None:
        item.image(kind).selected = ""

    commit(plex, origin_of(request), item, _facts(kind), change)
    return empty()


async def by_key(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/metadata/N/file?url=upload://posters/…` with the bytes."""
    plex.item(request.path_params["key"])
    return _bytes(plex, request.query_params.get("url", ""))


async def shown(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/metadata/N/thumb/<time>` with the bytes of the picture shown."""
    item = plex.item(request.path_params["key"])
    return _bytes(plex, item.selected(_element(request)))


def _bytes(plex: Plex, key: str) -> Response:
    content = plex.pictures.get(key.rpartition("/")[2].rpartition("_")[2])
    if content is None:
        raise Refused(404)
    return Response(content, headers={"Content-Type": "image/jpeg", "X-Plex-Protocol": "1.0"})


def _facts(kind: ImageKind) -> list[str]:
    return [_FACTS[kind], "locks"] if kind in _FACTS else ["locks"]


def _list(plex: Plex, request: Request) -> tuple[Item, ImageKind]:
    return plex.item(request.path_params["key"]), IMAGE_LISTS[_segment(request)]


def _element(request: Request) -> ImageKind:
    return IMAGE_ELEMENTS[_segment(request)]


def _segment(request: Request) -> str:
    """Return what follows the rating key in `/library/metadata/N/…`."""
    return request.url.path.split("/")[4]
