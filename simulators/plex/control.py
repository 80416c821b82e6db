"""The control API under `/control/`: what tests and demos do behind the clients' back; JSON, no token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from simulators.plex import disk, person, surgery
from simulators.plex.answers import Refused
from simulators.plex.scan import scan
from simulators.plex.truth import whole
from simulators.plex.writes import PERSON

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.model import Item, Section
    from simulators.plex.server import Plex

    Given = dict[str, Any]
    Operation = Callable[[Plex, Request, Given], Awaitable[object]]


async def files(plex: Plex, _request: Request, given: Given) -> object:
    """Lay files on the disk, not scanned yet; `gone` names files to take away."""
    section = _section(plex, given)
    for path in given.get("gone", []):
        del section.disk[path]
    return {"files": [file.path for file in disk.put(section, given.get("files", []))]}


async def run_scan(plex: Plex, _request: Request, given: Given) -> object:
    """Scan a library, or its folder `path`, as PMS does; returns the new items once it is done."""
    new = await scan(plex, _section(plex, given), given.get("path", ""))
    return [{"ratingKey": str(item.key), "file": item.parts[0].file} for item in new]


async def make_items(plex: Plex, _request: Request, given: Given) -> object:
    """Lay files on the disk and scan; returns the items that have them."""
    section = _section(plex, given)
    laid = disk.put(section, given["files"])
    await scan(plex, section)
    found = [(file.path, plex.library.by_path(file.path)) for file in laid]
    return [{"ratingKey": str(item.key), "file": path} for path, item in found if item is not None]


async def items(plex: Plex, request: Request, _given: Given) -> object:
    """Return the truth about all movies, of one `section` or one `ratingKey` if named."""
    query = request.query_params
    if "ratingKey" in query:
        return [whole(plex.item(query["ratingKey"]))]
    chosen = [section for section in plex.library.sections.values() if query.get("section") in {None, section.key}]
    return [whole(item) for section in chosen for item in section.items.values()]


async def edit(plex: Plex, _request: Request, given: Given) -> object:
    """Edit an item as a person in Plex does."""
    item = _item(plex, given)
    person.edit(plex, item, given)
    return whole(item)


async def remove(plex: Plex, _request: Request, given: Given) -> object:
    """Remove an item and its files."""
    item = _item(plex, given)
    for part in item.parts:
        plex.section(item.section).disk.pop(part.file, None)
    surgery.forget(plex, PERSON, item)
    return {}


async def replace(plex: Plex, _request: Request, given: Given) -> object:
    """Give an item's files to a new item with another key and no metadata."""
    return {"ratingKey": str(surgery.replace(plex, PERSON, _item(plex, given)).key)}


async def move(plex: Plex, _request: Request, given: Given) -> object:
    """Move the file `from` to the path `to`; the item stays."""
    found = plex.library.by_path(given["from"])
    if found is None:
        raise Refused(404)
    surgery.move(plex, PERSON, found, given["from"], given["to"])
    return {"ratingKey": str(found.key)}


async def merge(plex: Plex, _request: Request, given: Given) -> object:
    """Merge the items `ratingKeys` into the first of them."""
    first, *others = [plex.item(str(key)) for key in given["ratingKeys"]]
    surgery.merge(plex, PERSON, first, others)
    return whole(first)


async def split(plex: Plex, _request: Request, given: Given) -> object:
    """Give each file of an item but the first its own item; returns their keys."""
    return {"ratingKeys": [str(item.key) for item in surgery.split(plex, PERSON, _item(plex, given))]}


async def empty(plex: Plex, _request: Request, given: Given) -> object:
    """Take all metadata from an item."""
    surgery.empty(plex, PERSON, _item(plex, given))
    return {}


async def unmatch(plex: Plex, _request: Request, given: Given) -> object:
    """Unbind an item from its agent's match."""
    surgery.unmatch(plex, PERSON, _item(plex, given))
    return {}


async def writes(plex: Plex, request: Request, _given: Given) -> object:
    """Return the writes that were committed, after number `since` and of one `ratingKey` if named."""
    query = request.query_params
    return plex.ledger.since(int(query.get("since", 0)), query.get("ratingKey"))


async def calls(plex: Plex, _request: Request, _given: Given) -> object:
    """Return the last calls to metadata providers, and what was wrong with their answers."""
    return list(plex.ledger.calls)


async def counts(plex: Plex, _request: Request, _given: Given) -> object:
    """Return how often Plex was asked what since the last reset, and who waits or listens now."""
    return {
        "total": plex.ledger.requests.total(),
        "kinds": dict(plex.ledger.requests),
        "refused": plex.ledger.refused,
        "held": plex.gate.held,
        "listeners": plex.hub.listeners,
    }


async def reset_counts(plex: Plex, _request: Request, _given: Given) -> object:
    """Count from zero again."""
    plex.ledger.reset_counts()
    return {}


async def fault(plex: Plex, request: Request, given: Given) -> object:
    """Make Plex unwell, or with kind `clear` well again: all of it, or the fault with `id`."""
    if given.get("kind") == "clear":
        plex.faults.clear(given.get("id"))
        return {"released": plex.gate.release(given.get("id"), holds_only=False)}
    made = plex.faults.add(given)
    if made.kind == "down":
        plex.hub.hang_up()
        plex.connections.cut_all(besides=request.scope)
    return {"id": made.id}


async def release(plex: Plex, _request: Request, given: Given) -> object:
    """Let held requests go on: all, or those of the hold with `id`."""
    return {"released": plex.gate.release(given.get("id"))}


async def settings(plex: Plex, _request: Request, given: Given) -> object:
    """Change settings at run time; returns all of them. An agent becomes that of every library."""
    plex.settings.update(given)
    if "agent" in given:
        for section in plex.library.sections.values():
            section.agent = plex.settings.agent
    return plex.settings.as_dict()


OPERATIONS: dict[str, Operation] = {
    "POST /files": files,
    "POST /scan": run_scan,
    "POST /items": make_items,
    "GET /items": items,
    "POST /person": edit,
    "POST /remove": remove,
    "POST /replace": replace,
    "POST /move": move,
    "POST /merge": merge,
    "POST /split": split,
    "POST /empty": empty,
    "POST /unmatch": unmatch,
    "GET /writes": writes,
    "GET /calls": calls,
    "GET /counts": counts,
    "POST /reset-counts": reset_counts,
    "POST /fault": fault,
    "POST /release": release,
    "POST /settings": settings,
}


def mount(plex: Plex) -> Mount:
    """Return the control API of `plex`; what it can't do is a 400 or 404 with an `error`."""

    def route(name: str, operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                given = json.loads(await request.body() or b"{}")
                return JSONResponse(await operation(plex, request, given))
            except Refused as refusal:
                return JSONResponse({"error": str(refusal)}, refusal.status)
            except KeyError as error:
                return JSONResponse({"error": f"{error} is missing or unknown"}, 400)
            except ValueError as error:
                return JSONResponse({"error": str(error)}, 400)

        method, _, path = name.partition(" ")
        return Route(path, endpoint, methods=[method])

    async def unknown(_request: Request) -> Response:
        return JSONResponse({"error": f"there is only {', '.join(OPERATIONS)}"}, 404)

    routes = [route(*operation) for operation in OPERATIONS.items()]
    return Mount("/control", routes=[*routes, Route("/{rest:path}", unknown, methods=["GET", "POST"])])


def _section(plex: Plex, given: Given) -> Section:
    return plex.section(str(given.get("section", "1")))


def _item(plex: Plex, given: Given) -> Item:
    return plex.item(str(given["ratingKey"]))
