"""Calls to a metadata provider over HTTP, as PMS makes them: manifest, match, metadata, extras, pictures.

Shapes from Plex's provider documents; the exact URL, the missing redirect and the 90 s from reports of PMS 1.43.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from simulators.plex.server import Plex

_IDENTIFIER = re.compile(r"tv\.plex\.agents\.custom(?:\.[a-zA-Z0-9]+)+")
_GUID = re.compile(r"([\w.]+)://(?:movie|show|season|episode)/([A-Za-z0-9_-]+)")


# what the objects of each array must have (Plex's metadata document)
_REQUIRED = {
    **dict.fromkeys(("Genre", "Role", "Director", "Writer", "Producer", "Country", "Collection"), frozenset({"tag"})),
    "Guid": frozenset({"id"}),
    "Image": frozenset({"type", "url"}),
    "Rating": frozenset({"type", "value"}),
}


class ProviderFailed(Exception):
    """A provider could not be asked or gave no answer that can be used; the message is the reason."""


@dataclass(slots=True)
class Provider:
    """A registered provider: its definition is read once and kept, as PMS does."""

    id: int
    uri: str
    identifier: str
    title: str
    types: list[int]
    features: dict[str, str]


@dataclass(slots=True)
class Group:
    """What a library names as its agent: a provider and those that fill its gaps; here only the first is asked."""

    id: int
    title: str
    primary: str


def rating_key_of(guid: str, identifier: str) -> str | None:
    """Return the provider's key in `{identifier}://{type}/{key}`, or None for any other form."""
    found = _GUID.fullmatch(guid)
    return found[2] if found and found[1] == identifier else None


async def define(plex: Plex, uri: str, provider_id: int) -> Provider:
    """Read the manifest at exactly `uri` and return the provider; raises ProviderFailed for one Plex can't use."""
    answer = await _asked(plex, "GET", f"{uri}?includePreferences=1")
    found = _object(answer, "MediaProvider")
    try:
        features = {feature["type"]: feature["key"] for feature in found["Feature"]}
        types = [int(entry["type"]) for entry in found["Types"]]
        schemes = {scheme["scheme"] for entry in found["Types"] for scheme in entry["Scheme"]}
        provider = Provider(provider_id, uri, found["identifier"], found["title"], types, features)
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderFailed(f"the manifest lacks {error}") from error
    if not _IDENTIFIER.fullmatch(provider.identifier):
        raise ProviderFailed(f"{provider.identifier} is no identifier of a custom provider")
    if provider.identifier not in schemes:
        raise ProviderFailed("no type has the identifier as its scheme")
    if not {"match", "metadata"} <= features.keys():
        raise ProviderFailed("match and metadata are required features")
    return provider


async def match(plex: Plex, provider: Provider, body: dict[str, Any], language: str) -> list[dict[str, Any]]:
    """Ask which of its items a file is; returns the results, best first."""
    headers = {"X-Plex-Language": language, "X-Plex-Country": language.rpartition("-")[2].upper()}
    answer = await _asked(plex, "POST", provider.uri + provider.features["match"], json=body, headers=headers)
    rows = _metadata(answer)
    for row in rows:
        if not isinstance(row.get("guid"), str) or not isinstance(row.get("score", 0), (int, float)):
            raise ProviderFailed("a result needs a guid, and a number as score if it has one")
    return rows


async def metadata(plex: Plex, provider: Provider, key: str, language: str) -> dict[str, Any]:
    """Return the whole object `key`; raises ProviderFailed when there is none."""
    headers = {"X-Plex-Language": language, "X-Plex-Country": language.rpartition("-")[2].upper()}
    answer = await _asked(plex, "GET", f"{provider.uri}{provider.features['metadata']}/{key}", headers=headers)
    found = _metadata(answer)
    if not found:
        raise ProviderFailed("primary provider failed to return a result")
    for name, required in _REQUIRED.items():
        _check(found[0], name, required)
    return found[0]


def _check(found: dict[str, Any], name: str, required: frozenset[str]) -> None:
    rows = found.get(name) or []
    if not isinstance(rows, list) or any(not isinstance(row, dict) or required - row.keys() for row in rows):
        raise ProviderFailed(f"{name}: objects with {' and '.join(sorted(required))} expected")


async def extras(plex: Plex, provider: Provider, key: str) -> None:
    """Ask for extras, as PMS does after the metadata; what comes back does not matter."""
    await _quietly(_asked(plex, "GET", f"{provider.uri}{provider.features['metadata']}/{key}/extras"))


async def picture(plex: Plex, url: str) -> bytes | None:
    """Return the bytes at `url`, or None when there is no picture."""
    answer = await _quietly(_asked(plex, "GET", url))
    return answer.content if answer is not None and answer.content else None


async def _quietly(asking: Awaitable[httpx.Response]) -> httpx.Response | None:
    try:
        return await asking
    except ProviderFailed:
        return None


async def _asked(plex: Plex, method: str, url: str, **more: Any) -> httpx.Response:
    """Return a 200, or raise; redirects are not followed."""
    try:
        answer = await plex.http.request(method, url, timeout=plex.settings.provider_timeout_s, **more)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        plex.ledger.called(method, url, None, more.get("json"))
        raise ProviderFailed(f"{type(error).__name__} at {url}") from error
    plex.ledger.called(method, url, answer.status_code, more.get("json"))
    if answer.status_code != 200:
        raise ProviderFailed(f"{url} answered {answer.status_code}")
    return answer


def _object(answer: httpx.Response, name: str) -> dict[str, Any]:
    try:
        found = answer.json()[name]
    except (ValueError, KeyError, TypeError) as error:
        raise ProviderFailed(f"object expected: no {name}") from error
    if not isinstance(found, dict):
        raise ProviderFailed(f"object expected: {name}")
    return found


def _metadata(answer: httpx.Response) -> list[dict[str, Any]]:
    rows = _object(answer, "MediaContainer").get("Metadata") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ProviderFailed("array of objects expected: Metadata")
    return rows
