"""The routes of Plex's metadata provider documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.routing import Route

from services.provider import answers
from services.provider.document import MATCHES, METADATA, Container, Images, Manifest, page
from services.provider.match import query_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from services.provider.provider import Provider

PAGE: Final = 20


def routes(provider: Provider) -> list[Route]:
    """Return the routes that Plex asks."""

    async def manifest(_: Request) -> Response:
        return answers.json(Manifest())

    async def matches(request: Request) -> Response:
        try:
            query = query_of(await answers.body_of(request))
        except ValueError as error:
            raise HTTPException(400, f"the body is no match query: {error}") from error
        movies = await provider.match(query)
        start, size = _paging(request)
        return answers.json(page(tuple(movies[start : start + size]), offset=start, total=len(movies)))

    async def metadata(request: Request) -> Response:
        return answers.json(page((await provider.movie(request.path_params["key"]),)))

    async def images(request: Request) -> Response:
        await provider.exists(request.path_params["key"])
        return answers.json(Container(Images()))

    async def nothing(request: Request) -> Response:
        await provider.exists(request.path_params["key"])
        return answers.json(page(()))

    return [
        Route("/", manifest),
        Route(MATCHES, matches, methods=["POST"]),
        Route(METADATA + "/{key}", metadata),
        Route(METADATA + "/{key}/images", images),
        Route(METADATA + "/{key}/extras", nothing),
        Route(METADATA + "/{key}/children", nothing),
    ]


def _paging(request: Request) -> tuple[int, int]:
    """Return offset and size of the page asked for; Plex's documents call the first item 1, their samples 0."""
    start = answers.number(request, "X-Plex-Container-Start", 0)
    return (0 if start == 1 else start), answers.number(request, "X-Plex-Container-Size", PAGE)
