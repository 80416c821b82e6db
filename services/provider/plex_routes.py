"""The routes of Plex's metadata provider documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from services.provider import answers
from services.provider.endpoint import POST, route
from services.provider.manifest import COLLECTIONS, MATCHES, METADATA, Manifest
from services.provider.match import query_of
from services.provider.metadata import gallery, page
from services.provider.trim import trim_of, trimmed

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from services.provider.match import Query
    from services.provider.metadata import Container
    from services.provider.provider import Provider

PAGE: Final = 20


def routes(provider: Provider) -> list[Route]:
    """Return the routes that Plex asks; language and country are taken and make no difference to a scene."""
    desk = provider.desk

    async def manifest(request: Request) -> Response:
        return answers.conditional(request, Manifest())

    async def matches(request: Request) -> Response:
        try:
            query = query_of(await answers.body_of(request))
        except ValueError as error:
            raise HTTPException(400, f"the body is no match query: {error}") from error
        movies = await desk.match(query, answers.address_of(request))
        start, size = _paging(request)
        found = page(tuple(movies[start : start + size]), offset=start, total=len(movies))
        if not (query.is_customized or answers.is_customized(request)):
            return answers.json(found)
        return answers.json(_trimmed(found, lambda name: answers.parameter(request, name) or _given(query, name)))

    async def metadata(request: Request) -> Response:
        return _found(request, page((await desk.movie(request.path_params["key"], answers.address_of(request)),)))

    async def collection(request: Request) -> Response:
        return _found(request, page((await desk.collection(request.path_params["key"], answers.address_of(request)),)))

    async def members(request: Request) -> Response:
        start, size = _paging(request)
        movies, total = await desk.members(request.path_params["key"], answers.address_of(request), start, size)
        return _found(request, page(tuple(movies), offset=start, total=total))

    async def images(request: Request) -> Response:
        found = await desk.images(request.path_params["key"], answers.address_of(request))
        return answers.conditional(request, gallery(found))

    async def nothing(request: Request) -> Response:
        await desk.exists(request.path_params["key"])
        return answers.conditional(request, page(()))

    item = METADATA + "/{key}"
    # the first that fits is taken, so those that a scan asks come first
    return [
        route(MATCHES, matches, POST),
        route(item, metadata),
        route("/", manifest),
        route(item + "/images", images),
        route(item + "/extras", nothing),
        route(item + "/children", nothing),
        route(item + "/grandchildren", nothing),
        route(COLLECTIONS + "/{key}", collection),
        route(COLLECTIONS + "/{key}/children", members),
        route(COLLECTIONS + "/{key}/images", images),
    ]


def _found(request: Request, container: Container) -> Response:
    if not answers.is_customized(request):
        return answers.conditional(request, container)
    return answers.conditional(request, _trimmed(container, lambda name: answers.parameter(request, name)))


def _trimmed(container: Container, parameter: Callable[[str], str]) -> object:
    trim = trim_of(parameter)
    return container if trim is None else trimmed(container, trim)


def _given(query: Query, name: str) -> str:
    """Return a parameter that Plex's samples also have in a match's body."""
    value = query.customization.get(name)
    return value if isinstance(value, str) else ""


def _paging(request: Request) -> tuple[int, int]:
    """Return offset and size of the page asked for; Plex's documents call the first item 1, their samples 0."""
    start = answers.number(request, "X-Plex-Container-Start", 0)
    return (0 if start == 1 else start), answers.number(request, "X-Plex-Container-Size", PAGE)
