"""Routes to register metadata providers: `/media/providers/metadata` and its groups (seen on PMS 1.43.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex import agents
from simulators.plex.agents import Group, Provider, ProviderFailed
from simulators.plex.answers import LIBRARY, Refused, container, empty
from simulators.plex.element import Element, Value

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.plex.server import Plex


async def listed(plex: Plex, request: Request) -> Response:
    """Answer GET `/media/providers/metadata`."""
    return container(request, LIBRARY, [_provider(provider) for provider in plex.providers.values()])


async def register(plex: Plex, request: Request) -> Response:
    """Register the provider at `?uri=`: 409 when it is there, 400 when its manifest can't be used."""
    provider = await _defined(plex, request, max(plex.providers, default=0) + 1)
    if any(provider.identifier == other.identifier for other in plex.providers.values()):
        raise Refused(409)
    plex.providers[provider.id] = provider
    return container(request, LIBRARY, [_provider(provider)])


async def move(plex: Plex, request: Request) -> Response:
    """Look for a registered provider at another `?uri=`."""
    present = _present(plex, request)
    plex.providers[present.id] = await _defined(plex, request, present.id)
    return container(request, LIBRARY, [_provider(plex.providers[present.id])])


async def remove(plex: Plex, request: Request) -> Response:
    """Forget a provider."""
    del plex.providers[_present(plex, request).id]
    return empty()


async def groups(plex: Plex, request: Request) -> Response:
    """Answer GET `/media/providers/metadata/group`."""
    return container(request, LIBRARY, [_group(group) for group in plex.groups.values()])


async def add_group(plex: Plex, request: Request) -> Response:
    """Make a group: `?title=&primaryIdentifier=`; its first provider has to be registered."""
    title, primary = request.query_params.get("title"), request.query_params.get("primaryIdentifier")
    if not title or all(primary != provider.identifier for provider in plex.providers.values()):
        raise Refused(400)
    group = Group(max(plex.groups, default=0) + 1, title, str(primary))
    plex.groups[group.id] = group
    return container(request, LIBRARY, [_group(group)])


async def _defined(plex: Plex, request: Request, provider_id: int) -> Provider:
    uri = request.query_params.get("uri")
    if not uri:
        raise Refused(400)
    try:
        return await agents.define(plex, uri, provider_id)
    except ProviderFailed as failure:
        raise Refused(400, str(failure)) from failure


def _present(plex: Plex, request: Request) -> Provider:
    found = plex.providers.get(int(request.path_params["provider"]))
    if found is None:
        raise Refused(404)
    return found


def _provider(provider: Provider) -> Element:
    attributes: dict[str, Value] = {
        "id": provider.id,
        "identifier": provider.identifier,
        "title": provider.title,
        "uri": provider.uri,
    }
    return Element("MetadataAgentProvider", attributes, [Element("MetadataType", {"type": t}) for t in provider.types])


def _group(group: Group) -> Element:
    attributes: dict[str, Value] = {"id": group.id, "title": group.title, "primaryIdentifier": group.primary}
    item: dict[str, Value] = {"identifier": group.primary}
    return Element("MetadataAgentProviderGroup", attributes, [Element("MetadataAgentProviderGroupItem", item)])
