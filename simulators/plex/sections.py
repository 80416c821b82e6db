"""Routes about the server and its libraries as such: `/`, `/identity`, `/library`, `/library/sections`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex.answers import LIBRARY, Refused, container, document, empty
from simulators.plex.element import Element, Value
from simulators.plex.server import MACHINE, VERSION

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.model import Section
    from simulators.plex.server import Plex

# attributes of `/` that clients read, after the recording of PMS 1.43.1
_ROOT: dict[str, Value] = {
    "allowCameraUpload": True,
    "allowChannelAccess": True,
    "allowMediaDeletion": True,
    "allowSharing": True,
    "allowSync": True,
    "allowTuners": True,
    "apiVersion": "1.2.0",
    "backgroundProcessing": True,
    "certificate": True,
    "companionProxy": True,
    "countryCode": "aus",
    "diagnostics": "logs,databases,streaminglogs",
    "eventStream": True,
    "friendlyName": "Simulated Plex",
    "hubSearch": True,
    "itemClusters": True,
    "livetv": 7,
    "machineIdentifier": MACHINE,
    "mediaProviders": True,
    "multiuser": True,
    "musicAnalysis": 2,
    "myPlex": True,
    "myPlexMappingState": "mapped",
    "myPlexSigninState": "ok",
    "myPlexSubscription": True,
    "myPlexUsername": "owner@example.org",
    "offlineTranscode": 1,
    "ownerFeatures": "",
    "platform": "Linux",
    "platformVersion": "6.1.0",
    "pluginHost": True,
    "pushNotifications": False,
    "readOnlyLibraries": False,
    "streamingBrainABRVersion": 3,
    "streamingBrainVersion": 2,
    "sync": True,
    "transcoderActiveVideoSessions": 0,
    "transcoderAudio": True,
    "transcoderVideo": True,
    "updatedAt": 1778018578,
    "updater": True,
    "version": VERSION,
    "voiceSearch": True,
}
_DIRECTORIES = ("activities", "butler", "devices", "hubs", "identity", "library", "media", "playlists", "status")


async def root(_plex: Plex, request: Request) -> Response:
    """Answer `/`: who the server is."""
    directories = [Element("Directory", {"count": 1, "key": name, "title": name}) for name in _DIRECTORIES]
    return container(request, _ROOT, directories)


async def identity(_plex: Plex, request: Request) -> Response:
    """Answer `/identity`, the one path that asks for no token."""
    attributes: dict[str, Value] = {"claimed": True, "machineIdentifier": MACHINE, "version": VERSION}
    return container(request, attributes, [])


async def library(_plex: Plex, request: Request) -> Response:
    """Answer `/library`."""
    names = {"sections": "Library Sections", "recentlyAdded": "Recently Added Content", "onDeck": "On Deck Content"}
    directories = [Element("Directory", {"key": key, "title": title}) for key, title in names.items()]
    attributes: dict[str, Value] = {
        "allowSync": False,
        "art": "/:/resources/library-art.png",
        "content": "",
        "title1": "Plex Library",
        "title2": "",
    }
    return container(request, attributes | LIBRARY, directories)


async def sections(plex: Plex, request: Request) -> Response:
    """Answer `/library/sections`: the libraries with folders, agent and times."""
    directories = [directory(section) for section in plex.library.sections.values()]
    attributes: dict[str, Value] = {"size": len(directories), "allowSync": False, "title1": "Plex Library"}
    return document(request, Element("MediaContainer", attributes, directories, lists=("Directory",)))


def directory(section: Section) -> Element:
    """Return a library as it is listed."""
    attributes: dict[str, Value] = {
        "allowSync": True,
        "art": "/:/resources/movie-fanart.jpg",
        "composite": f"/library/sections/{section.key}/composite/{section.scanned_at}",
        "filters": True,
        "refreshing": section.refreshing,
        "thumb": "/:/resources/movie.png",
        "key": section.key,
        "type": section.type,
        "title": section.title,
        "agent": section.agent,
        "scanner": section.scanner,
        "language": section.language,
        "uuid": section.uuid,
        "metadataAgentProviderGroupId": section.group,
        "updatedAt": section.scanned_at,
        "createdAt": section.created_at,
        "scannedAt": section.scanned_at,
        "content": True,
        "directory": True,
        "contentChangedAt": section.content_changed_at,
        "hidden": 0,
    }
    places = [Element("Location", {"id": at.id, "path": at.path}) for at in section.locations]
    return Element("Directory", attributes, places)


async def create(plex: Plex, request: Request) -> Response:
    """Make a library: POST `/library/sections?name&type=movie&agent&location…` (seen to work on PMS 1.43.4)."""
    query = request.query_params
    if not (query.get("name") and query.get("agent") and query.getlist("location")):
        raise Refused(400, "name, agent and location are needed")
    made = plex.library.add_section(query["name"], query.getlist("location"), query["agent"])
    made.language = query.get("language", made.language)
    made.scanner = query.get("scanner", made.scanner)
    made.group = int(query.get("metadataAgentProviderGroupId") or 0)
    attributes: dict[str, Value] = {"allowSync": False, "title1": "Plex Library"}
    return container(request, attributes, [directory(made)])


async def edit(plex: Plex, request: Request) -> Response:
    """Change a library; PMS insists on `agent` (400 without it)."""
    section = plex.section(request.path_params["section"])
    query = request.query_params
    if not query.get("agent"):
        raise Refused(400, "'agent' is missing")
    section.agent = query["agent"]
    section.title = query.get("name", section.title)
    section.group = int(query.get("metadataAgentProviderGroupId") or section.group)
    return empty()


async def delete(plex: Plex, request: Request) -> Response:
    """Remove a library."""
    plex.library.remove_section(plex.section(request.path_params["section"]).key)
    return empty()
