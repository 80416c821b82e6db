"""HTTP control of a proxy: `POST /control` applies one fault, `GET /control` says what is armed and what has struck."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from simulators.proxy.faults import decode

if TYPE_CHECKING:
    from starlette.requests import Request

    from simulators.proxy.proxy import Proxy


def make_app(proxy: Proxy) -> Starlette:
    """Return the application that controls `proxy`."""

    async def apply(request: Request) -> JSONResponse:
        try:
            fault = decode(await request.body())
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, 400)
        await proxy.apply(fault)
        return JSONResponse(proxy.state())

    async def state(_request: Request) -> JSONResponse:
        return JSONResponse(proxy.state())

    return Starlette(routes=[Route("/control", apply, methods=["POST"]), Route("/control", state)])
