"""The writer's part of `s2p doctor`: Plex as it answers now, the token, libraries, paths, the provider, the broker."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

from common import messages
from common.answers import Finding, Findings
from common.checks import BrokerCheck
from common.errors import Rejected, S2PError, Unauthorized, Unavailable, Undecodable
from common.messages import Scene
from common.path_hint import by_name, propose
from services.plex_writer.plex import Plex, listable
from services.plex_writer.reach import IDENTIFIER, why_not

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from common.messages import Request
    from common.options import Options
    from common.service import Service
    from common.table import Table
    from services.plex_writer.library import Library
    from services.plex_writer.outcomes import Outcomes
    from services.plex_writer.plex import Facts, Section

SAMPLE: Final = 20
PROVIDERS_SINCE: Final = (1, 43)
STANDS_STILL: Final = "Nothing is written to Plex until this is mended; all of it is made up for then."


class Check:
    """Answers `check`; it asks Plex over a connection of its own, so that it never waits for the lane."""

    def __init__(
        self, service: Service, *, scenes: Table, outcomes: Outcomes, library: Library, options: Options
    ) -> None:
        self._service = service
        self._scenes = scenes
        self._outcomes = outcomes
        self._library = library
        self._options = options
        self._broker = BrokerCheck(service)

    async def on_check(self, _: Request) -> Findings:
        """Return a finding for each link between the broker and Plex."""
        settings = self._service.settings.plex
        found: list[Finding] = []
        token = settings.token.get_secret_value()
        async with Plex(
            settings.url, token, connect_timeout=settings.connect_timeout, read_timeout=settings.connect_timeout
        ) as plex:
            found += [finding async for finding in self._of_plex(plex)]
        found += await self._paths()
        found += await self._broker.findings()
        return Findings(findings=tuple(found))

    async def _of_plex(self, plex: Plex) -> AsyncIterator[Finding]:
        url = self._service.settings.plex.url
        try:
            facts = await plex.connect()
            sections = await plex.sections()
        except S2PError as error:
            yield refused(error, url)
            return
        yield Finding(id="plex.reachable", level="ok", what=f"Plex {facts.name} {facts.version} answers at {url}.")
        yield await _owner(plex)
        for finding in libraries(sections, self._options.libraries):
            yield finding
        if self._service.settings.provider.url:
            yield await self._provider()
            for finding in agents(facts, listable(sections, self._options.libraries)):
                yield finding

    async def _provider(self) -> Finding:
        url = self._service.settings.provider.url
        why = await asyncio.to_thread(why_not, url)
        if not why:
            return Finding(
                id="provider.reachable", level="ok", what=f"The provider answers at {url}, as seen from here."
            )
        return Finding(
            id="provider.reachable",
            level="error",
            what=f"The provider does not answer at {url}: {why}.",
            effect="Plex can't ask it while it scans; what is written directly is not affected.",
            remedy="Start the provider; S2P_PROVIDER_URL is this machine's address as Plex reaches it, with the port.",
        )

    async def _paths(self) -> list[Finding]:
        """Bring the paths of up to 20 real scenes to Plex, and look each up in what Plex has listed."""
        if not len(self._library):
            return []
        rows = await self._scenes.read(spread(sorted(self._outcomes), SAMPLE))
        scenes = [scene for payload in rows.values() if (scene := _scene(payload)) is not None and scene.files]
        return list(self._mapped(scenes)) if scenes else []

    def _mapped(self, scenes: Sequence[Scene]) -> Iterable[Finding]:
        lost = [scene.files[0].path for scene in scenes if not self._is_found(scene)]
        number = len(scenes) - len(lost)
        if not lost:
            yield Finding(id="paths.rules", level="ok", what=f"All {number} scenes looked at have their file in Plex.")
            return
        pair = propose(lost, by_name(self._library.paths(), lost))
        what = f"{number} of {len(scenes)} scenes looked at have their file in Plex; not {lost[0]}, for example"
        why = self._options.paths.explain(lost[0])
        if pair is not None:
            yield Finding(
                id="paths.prefix",
                level="error",
                what=f"{what}. {why}",
                effect="These scenes wait, as if Plex did not have them yet.",
                remedy=f"Add the rule that would bring {pair.fits} of them to a file of the same name: "
                f"S2P_PATHS='{pair.rule}'.",
            )
            return
        yield Finding(
            id="paths.missing",
            level="warning" if number else "error",
            what=f"{what}. {why}",
            effect="These scenes wait until Plex has their files.",
            remedy="Scan them in Plex, or take the library that has them into S2P_PLEX_LIBRARIES.",
        )

    def _is_found(self, scene: Scene) -> bool:
        mapped = [path for file in scene.files if (path := self._options.paths.to_plex(file.path)) is not None]
        return bool(self._library.find(mapped))


def spread(keys: Sequence[int], most: int) -> list[int]:
    """Return at most so many of the keys, evenly from the first to the last."""
    step = max(1, len(keys) / most)
    return [keys[int(place * step)] for place in range(min(most, len(keys)))]


def refused(error: S2PError, url: str) -> Finding:
    """Return why Plex can't be asked at all, each cause with an id of its own."""
    if isinstance(error, Unauthorized):
        remedy = "Set S2P_PLEX_TOKEN to the X-Plex-Token of the server's owner; ./run init can sign in for it."
        return Finding(id="plex.token", level="error", what=f"{error}.", effect=STANDS_STILL, remedy=remedy)
    remedy = f"Start Plex, or set S2P_PLEX_URL to its address; it is {url} now."
    what = f"Plex can't be asked: {error}."
    return Finding(id="plex.reachable", level="error", what=what, effect=STANDS_STILL, remedy=remedy)


async def _owner(plex: Plex) -> Finding:
    try:
        await plex.insist_on_owner()
    except (Unauthorized, Rejected) as error:
        return Finding(
            id="plex.owner",
            level="error",
            what=f"The token is not that of the server's owner: {error}.",
            effect="Plex refuses every write with it.",
            remedy="Set S2P_PLEX_TOKEN to the owner's X-Plex-Token.",
        )
    except Unavailable as error:
        return Finding(id="plex.owner", level="warning", what=f"Whose token this is can't be told: {error}.")
    return Finding(id="plex.owner", level="ok", what="The token is that of the server's owner.")


def libraries(sections: Sequence[Section], wanted: Sequence[str]) -> Iterable[Finding]:
    """Yield whether the libraries of the settings are there, and are movie libraries."""
    titles = ", ".join(section.title for section in sections) or "none"
    names = {section.title.casefold() for section in sections} | {section.id for section in sections}
    missing = [name for name in wanted if name.casefold() not in names]
    if missing or not sections:
        yield Finding(
            id="plex.libraries",
            level="error",
            what=f"{', '.join(missing)}: Plex has no such movie library; it has {titles}."
            if missing
            else "Plex has no movie library.",
            effect="Scenes whose files are only there wait.",
            remedy="Correct S2P_PLEX_LIBRARIES, or make the library in Plex, of the type Movies.",
        )
        return
    taken = ", ".join(section.title for section in listable(sections, wanted))
    yield Finding(id="plex.libraries", level="ok", what=f"Movie libraries that take part: {taken}.")


def agents(facts: Facts, sections: Sequence[Section]) -> Iterable[Finding]:
    """Yield whether this Plex can use the provider, and whether a library does."""
    if version_of(facts.version) < PROVIDERS_SINCE:
        yield Finding(
            id="plex.version",
            level="warning",
            what=f"Plex {facts.version} has no metadata providers; they came with 1.43.",
            effect="The provider is never asked; what is written directly is not affected.",
            remedy="Update Plex Media Server, or leave S2P_PROVIDER_URL empty.",
        )
        return
    using = [section.title for section in sections if section.agent == IDENTIFIER]
    if using:
        yield Finding(id="plex.agent", level="ok", what=f"Libraries that ask the provider: {', '.join(using)}.")
        return
    yield Finding(
        id="plex.agent",
        level="warning",
        what="No library that takes part uses our agent.",
        effect="The provider is never asked while Plex scans.",
        remedy="s2p register --confirm makes Plex know it; docs/plex-setup.md says how to choose it for a library.",
    )


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers a version begins with: `1.43.1.10611-1e34` as (1, 43, 1, 10611)."""
    match = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(number) for number in match[0].split(".")) if match else ()


def _scene(payload: bytes) -> Scene | None:
    try:
        return messages.decode(Scene, payload)
    except Undecodable:
        return None
