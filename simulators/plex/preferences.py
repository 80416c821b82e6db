"""Routes of preferences, of the server and of a library, and of what the server is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex.answers import container, empty
from simulators.plex.element import Element, Value

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.model import Section
    from simulators.plex.server import Plex

_SERVER = {
    "FriendlyName": ("text", "Simulated Plex"),
    "autoEmptyTrash": ("bool", "1"),
    "FSEventLibraryUpdatesEnabled": ("bool", "0"),
    "ScheduledLibraryUpdatesEnabled": ("bool", "0"),
    "allowMediaDeletion": ("bool", "1"),
    "ButlerStartHour": ("int", "2"),
    "ButlerEndHour": ("int", "5"),
}
_LIBRARY = {
    "hidden": ("int", "0"),
    "includeAdult": ("bool", "0"),
    "collectionMode": ("int", "2"),
    "enableBIFGeneration": ("bool", "1"),
}


async def server(plex: Plex, request: Request) -> Response:
    """Answer GET `/:/prefs`."""
    return container(request, {}, _settings(_SERVER, plex.prefs))


async def change_server(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/:/prefs?name=value`."""
    plex.prefs.update(_given(request, _SERVER))
    return empty()


async def section(plex: Plex, request: Request) -> Response:
    """Answer GET `/library/sections/N/prefs`."""
    found = plex.section(request.path_params["section"])
    return container(request, {}, _settings(_LIBRARY, found.prefs))


async def change_section(plex: Plex, request: Request) -> Response:
    """Carry out PUT `/library/sections/N/prefs?name=value`."""
    plex.section(request.path_params["section"]).prefs.update(_given(request, _LIBRARY))
    return empty()


async def activities(plex: Plex, request: Request) -> Response:
    """Answer GET `/activities`: the scans that run."""
    running = [_scan(found) for found in plex.library.sections.values() if found.refreshing]
    return container(request, {}, running)


def _scan(found: Section) -> Element:
    attributes: dict[str, Value] = {
        "uuid": f"scan-{found.key}",
        "type": "library.update.section",
        "cancellable": True,
        "title": "Scanning",
        "subtitle": found.title,
        "progress": 0,
    }
    return Element("Activity", attributes, [Element("Context", {"librarySectionID": found.key})])


def _given(request: Request, known: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, value in request.query_params.items() if name in known}


def _settings(known: dict[str, tuple[str, str]], changed: dict[str, str]) -> list[Element]:
    return [_setting(name, kind, default, changed.get(name, default)) for name, (kind, default) in known.items()]


def _setting(name: str, kind: str, default: str, value: str) -> Element:
    told: dict[str, Value] = {"id": name, "label": name, "summary": "", "type": kind}
    more: dict[str, Value] = {"default": default, "value": value, "hidden": False, "advanced": False}
    return Element("Setting", told | more | {"group": "general"})
