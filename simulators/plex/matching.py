"""Binding items to what a provider knows: at the first scan, by hand, and refreshing what is bound.

Refreshing never matches again: an item stays as its one scan left it until somebody fixes the match.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from simulators.plex import agents, titles
from simulators.plex.agents import Provider, ProviderFailed
from simulators.plex.importing import take_over
from simulators.plex.notifications import DOWNLOADING, MATCHING, PROCESSED, PROCESSING
from simulators.plex.store import now
from simulators.plex.truth import NAMES
from simulators.plex.writes import AGENT, commit

if TYPE_CHECKING:
    from simulators.plex.ledger import Origin
    from simulators.plex.model import Item, Section
    from simulators.plex.server import Plex

# a provider's result that says less is dropped without a word (Plex2Stash)
LEAST_SCORE = 80


async def greet(plex: Plex, section: Section) -> None:
    """Ask the library's provider for its manifest, as a scan begins; the registered one stays in force all the same."""
    provider = plex.provider_of(section)
    if provider is not None:
        with suppress(ProviderFailed):
            await agents.define(plex, provider.uri, provider.id)


async def match_new(plex: Plex, section: Section, item: Item) -> None:
    """Match a new item with its library's agent and fetch what it knows; unmatched when anything goes wrong."""
    provider = plex.provider_of(section)
    plex.hub.timeline(item, MATCHING, metadataState="queued")
    await plex.scan_pause()
    if provider is not None:
        try:
            results = await candidates(plex, item, provider, manual=False)
        except ProviderFailed as failure:
            plex.ledger.failed(str(failure))
            results = []
        if results:
            item.guid = results[0]["guid"]
    await refresh(plex, item)


async def candidates(
    plex: Plex, item: Item, provider: Provider, *, manual: bool, title: str = "", year: str = ""
) -> list[dict[str, Any]]:
    """Ask the provider what `item` may be; results with too low a score are left out."""
    section = plex.section(item.section)
    body = {
        "type": 1,
        "title": title or titles.scanned(item.parts[0].file)[0],
        "filename": filename(item.parts[0].file, section, plex.settings.filename),
        "hash": item.parts[0].hash,
        "duration": item.parts[0].duration,
        "manual": int(manual),
        "includeAdult": int(plex.settings.include_adult or section.prefs.get("includeAdult") == "1"),
        "excludeElements": "Media",
    }
    known = year or titles.scanned(item.parts[0].file)[1]
    if known:
        body["year"] = int(known)
    rows = await agents.match(plex, provider, body, section.language)
    return [row for row in rows if row.get("score", 100) >= LEAST_SCORE]


def filename(path: str, section: Section, style: str) -> str:
    """Return a file's path as it is told to a provider; examples in public disagree, so it can be chosen."""
    folder = next((at.path.rstrip("/") for at in section.locations if path.startswith(at.path.rstrip("/") + "/")), "")
    relative = path[len(folder) + 1 :]
    if style == "relative":
        return relative
    return f"/{PurePosixPath(folder).name}/{relative}" if style == "parent" else path


async def bind(plex: Plex, origin: Origin, item: Item, guid: str, name: str) -> None:
    """Take `guid` for `item` because somebody said so, then fetch what its provider knows."""

    def change() -> None:
        item.guid = guid
        if name and "title" not in item.locks:
            item.fields["title"] = name
            plex.section(item.section).order = None

    commit(plex, origin, item, ["guid", "title"], change)
    plex.hub.timeline(item, MATCHING, metadataState="queued")
    await refresh(plex, item)


async def refresh(plex: Plex, item: Item) -> None:
    """Fetch what the provider says about the item's guid; locked fields stay, and all stays when it fails.

    A guid that is not `{identifier}://{type}/{key}` leads to no request at all (recorded from PMS 1.43.0).
    """
    provider = plex.provider_of(plex.section(item.section))
    key = agents.rating_key_of(item.guid, provider.identifier) if provider is not None else None
    if provider is None or key is None:
        plex.hub.timeline(item, PROCESSED)
        return
    plex.hub.timeline(item, DOWNLOADING, metadataState="loading")
    await plex.scan_pause()
    try:
        found = await agents.metadata(plex, provider, key, plex.section(item.section).language)
    except ProviderFailed as failure:
        plex.ledger.failed(str(failure))
        plex.hub.timeline(item, PROCESSED)
        return
    await agents.extras(plex, provider, key)
    pictures = await _pictures(plex, provider, found)
    plex.hub.timeline(item, PROCESSING, metadataState="processing")
    await plex.scan_pause()
    if item.key in plex.library.items:
        item.refreshed_at = now()
        commit(plex, AGENT, item, NAMES, lambda: take_over(plex, provider, item, found, pictures))


async def _pictures(plex: Plex, provider: Provider, found: dict[str, Any]) -> dict[str, bytes]:
    """Download the first picture of each type: PMS itself fetches only those."""
    urls: dict[str, str] = {}
    for image in found.get("Image") or []:
        urls.setdefault(image["type"], image["url"])
    for kind, name in (("coverPoster", "thumb"), ("background", "art")):
        if found.get(name):
            urls.setdefault(kind, found[name])
    whole = {kind: url if "://" in url else provider.uri + url for kind, url in urls.items()}
    return {kind: content for kind, url in whole.items() if (content := await agents.picture(plex, url))}
