"""`GET /images/…`: pictures of scenes, performers, studios and groups, without Stash's address or key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from common.errors import NotFound
from common.guids import id_of_key
from services.provider.answers import has_already, problem
from services.provider.endpoint import route
from services.provider.pictures import Away
from services.provider.targets import ENTITIES, IMAGES, SCENE_IMAGES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from services.provider.provider import Provider

# tells a client that knows a newer state of the scene that this may not be its cover yet
SCENE_VERSION: Final = "X-Scene-Version"
STASH_AWAY: Final = {"Retry-After": "15"}


def routes(provider: Provider) -> list[Route]:
    """Return the routes of pictures."""

    async def scene(request: Request) -> Response:
        if request.path_params["leaf"] not in SCENE_IMAGES:
            raise NotFound(f"a scene has {' and '.join(SCENE_IMAGES)}")
        return await _answer(provider, request, "scene", request.path_params["leaf"])

    async def entity(request: Request) -> Response:
        if request.path_params["kind"] not in ENTITIES:
            raise NotFound(f"there are pictures of scene, {', '.join(ENTITIES)}")
        return await _answer(provider, request, request.path_params["kind"], "")

    return [
        route(IMAGES + "/scene/{key}/{leaf}", scene),
        route(IMAGES + "/{kind}/{key}", entity),
    ]


async def _answer(provider: Provider, request: Request, kind: str, leaf: str) -> Response:
    entity = id_of_key(request.path_params["key"])
    if entity is None:
        raise NotFound(f"{request.path_params['key']} is no id")
    headers = {"Cache-Control": "no-cache"}
    try:
        if version := await provider.desk.picture_version(kind, entity):
            headers[SCENE_VERSION] = version
        target = provider.desk.picture(kind, entity, leaf)
        shown = await provider.pictures.show(target, current="no-cache" in request.headers.get("cache-control", ""))
        headers["ETag"] = shown.entry.etag
        if has_already(request, shown.entry.etag):
            return Response(status_code=304, headers=headers)
        body = await provider.pictures.body(target, shown)
    except NotFound as error:
        return problem(404, str(error), headers)
    except Away as error:
        raise HTTPException(503, str(error), STASH_AWAY) from error
    if isinstance(body, bytes):
        return Response(body, headers=headers, media_type=shown.entry.media_type)
    headers["Content-Length"] = str(shown.entry.size)
    return StreamingResponse(body, headers=headers, media_type=shown.entry.media_type)
