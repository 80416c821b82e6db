"""Every route of the simulated server, each behind the gate, and the control API beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from simulators.plex import (
    answers,
    collections,
    control,
    library,
    metadata,
    notifications,
    posters,
    preferences,
    providers,
    sections,
    upkeep,
)
from simulators.plex.model import IMAGE_ELEMENTS, IMAGE_LISTS, TAG_KINDS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

    from simulators.plex.gate import Handler
    from simulators.plex.server import Plex

ITEM = "/library/metadata/{key}"
SECTION = "/library/sections/{section}"

# method, route, handler; the first two are the kind of request that faults match and counts are kept by
ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("PUT", f"{SECTION}/all", library.edit_items),
    ("GET", f"{SECTION}/all", library.all_items),
    ("GET", f"{SECTION}/collections", library.collections),
    *(("GET", f"{SECTION}/{kind}", library.choices) for kind in TAG_KINDS),
    ("GET", "/library/metadata/{ids}", metadata.details),
    ("PUT", "/library/metadata/{ids}", metadata.edit),
    ("DELETE", "/library/metadata/{ids}", metadata.delete),
    ("GET", "/library/metadata/{ids}/tree", metadata.tree),
    *(("GET", f"{ITEM}/{name}", posters.offered) for name in IMAGE_LISTS),
    *(("POST", f"{ITEM}/{name}", posters.upload) for name in IMAGE_LISTS),
    *(("PUT", f"{ITEM}/{name}", posters.select) for name in IMAGE_ELEMENTS),
    *(("DELETE", f"{ITEM}/{name}", posters.unselect) for name in IMAGE_ELEMENTS),
    *(("GET", f"{ITEM}/{name}/{{stamp}}", posters.shown) for name in IMAGE_ELEMENTS),
    ("GET", f"{ITEM}/file", posters.by_key),
    ("PUT", "/:/rate", metadata.rate),
    *((method, f"{SECTION}/refresh", upkeep.scan_section) for method in ("GET", "POST")),
    ("DELETE", f"{SECTION}/refresh", upkeep.stop_scan),
    ("PUT", f"{SECTION}/emptyTrash", upkeep.trash),
    ("PUT", f"{ITEM}/refresh", upkeep.refresh),
    ("PUT", f"{ITEM}/analyze", upkeep.analyze),
    ("GET", f"{ITEM}/matches", upkeep.matches),
    ("PUT", f"{ITEM}/match", upkeep.match),
    ("PUT", f"{ITEM}/unmatch", upkeep.unmatch),
    ("PUT", f"{ITEM}/merge", upkeep.merge),
    ("PUT", f"{ITEM}/split", upkeep.split),
    ("POST", "/library/collections", collections.create),
    ("GET", "/library/collections/{ids}", metadata.details),
    ("DELETE", "/library/collections/{key}", collections.delete),
    ("GET", "/library/collections/{key}/children", collections.children),
    ("PUT", "/library/collections/{key}/items", collections.add),
    ("DELETE", "/library/collections/{key}/items/{member}", collections.drop),
    ("GET", "/media/providers/metadata", providers.listed),
    ("POST", "/media/providers/metadata", providers.register),
    ("GET", "/media/providers/metadata/group", providers.groups),
    ("POST", "/media/providers/metadata/group", providers.add_group),
    ("PUT", "/media/providers/metadata/{provider:int}", providers.move),
    ("DELETE", "/media/providers/metadata/{provider:int}", providers.remove),
    ("GET", "/:/prefs", preferences.server),
    ("PUT", "/:/prefs", preferences.change_server),
    ("GET", f"{SECTION}/prefs", preferences.section),
    ("PUT", f"{SECTION}/prefs", preferences.change_section),
    ("GET", "/activities", preferences.activities),
    ("GET", "/", sections.root),
    ("GET", "/library", sections.library),
    ("GET", "/library/sections", sections.sections),
    ("POST", "/library/sections", sections.create),
    ("PUT", SECTION, sections.edit),
    ("DELETE", SECTION, sections.delete),
    ("GET", "/:/eventsource/notifications", notifications.eventsource),
)


def make_app(plex: Plex) -> Starlette:
    """Return the server as an ASGI application."""

    def guarded(method: str, path: str, handler: Handler, *, free: bool = False) -> Route:
        kind = f"{method} {path}"

        async def endpoint(request: Request) -> Response:
            return await plex.gate.pass_through(kind, handler, request, free=free)

        return Route(path, endpoint, methods=[method])

    async def listen(socket: WebSocket) -> None:
        await notifications.websocket(plex, socket)

    async def unknown(request: Request, _error: Exception) -> Response:
        return await plex.gate.pass_through(f"{request.method} unknown", _nothing, request, free=False)

    routes = [guarded(*route) for route in ROUTES]
    routes.append(guarded("GET", "/identity", sections.identity, free=True))
    sockets = [WebSocketRoute(path, listen) for path in ("/:/websockets/notifications", "/:/websocket/notifications")]
    app = Starlette(
        routes=[*routes, *sockets, control.mount(plex)],
        lifespan=lambda _app: plex.running(),
        exception_handlers={404: unknown, 405: unknown},
    )
    app.router.redirect_slashes = False
    return app


async def _nothing(_plex: Plex, _request: Request) -> Response:
    return answers.error(404)
