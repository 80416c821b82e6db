"""The bare server that the provider is compared with: two Starlette routes that answer with bytes made beforehand.

`python -m benchmarks.bare.provider PORT MATCH METADATA`, the last two are files with what to answer.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


def main() -> None:
    """Serve until the process is ended."""
    port, match, metadata = int(sys.argv[1]), Path(sys.argv[2]).read_bytes(), Path(sys.argv[3]).read_bytes()

    async def matches(request: Request) -> Response:
        await request.body()
        return Response(match, media_type="application/json")

    async def movie(_: Request) -> Response:
        return Response(metadata, media_type="application/json")

    routes = [
        Route("/library/metadata/matches", matches, methods=["POST"]),
        Route("/library/metadata/{key}", movie),
    ]
    uvicorn.run(
        Starlette(routes=routes), host="127.0.0.1", port=port, log_level="error", http="httptools", loop="uvloop"
    )


if __name__ == "__main__":
    main()
