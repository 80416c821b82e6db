"""`python -m tests.stash_watcher.garbler TARGET SCENE HOW`: passes GraphQL on to a Stash and spoils one scene of it.

`lack` leaves out the scene's tags; `error` fails every answer that would have the scene, as a broken row of Stash's
database does.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulators.serve import serve

if TYPE_CHECKING:
    from starlette.requests import Request


def scenes_in(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the whole scenes in an answer's data."""
    found = [*(data.get("findScenes") or {}).get("scenes", []), data.get("findScene")]
    return [scene for scene in found if scene and "title" in scene]


def spoiled(body: dict[str, Any], scene_id: str, how: str) -> dict[str, Any]:
    """Return an answer with that scene spoiled."""
    victims = [scene for scene in scenes_in(body["data"] or {}) if scene["id"] == scene_id]
    if victims and how == "error":
        return {"data": None, "errors": [{"message": "file is not a video file", "path": ["findScenes"]}]}
    for scene in victims:
        del scene["tags"]
    return body


def build(target: str, scene_id: str, how: str) -> Starlette:
    """Return the app."""

    async def graphql(request: Request) -> JSONResponse:
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.post(f"{target}/graphql", json=await request.json())
        return JSONResponse(spoiled(answer.json(), scene_id, how))

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"])])


if __name__ == "__main__":
    serve(build(*sys.argv[1:]))
