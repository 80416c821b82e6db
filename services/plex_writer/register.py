"""`register`: makes the provider known to Plex, as the agent of a library if one is named.

The calls are those that other providers were seen to make of PMS 1.43.4. Whatever is there already is left as it is, so
that a second time changes nothing; where Plex does not know a call, a person is told what to click instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple
from urllib.parse import urlencode

from common.answers import Registration, Step
from common.errors import Rejected
from common.guids import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree import ElementTree as ET

    from common.messages import Request
    from common.paths import PathRules
    from services.plex_writer.plex import Plex, Reply

PROVIDERS: Final = "/media/providers/metadata"
GROUPS: Final = "/media/providers/metadata/group"
SECTIONS: Final = "/library/sections"
TITLE: Final = "Stash2Plex"
SCANNER: Final = "Plex Movie"
LANGUAGE: Final = "en-US"
SETTINGS: Final = "In Plex, open Settings, Metadata Agents"
REFRESH: Final = "In Plex, choose Refresh All Metadata of the library {}: what it had before stays until then."


class _Done(NamedTuple):
    """What came of a step: the id of what is there now, if it is, and what a person has to click otherwise."""

    step: Step
    id: str = ""
    clicks: tuple[str, ...] = ()


class _Wish(NamedTuple):
    """A change to ask Plex for, and what a person has to click where it refuses."""

    what: str
    method: Literal["POST", "PUT"]
    path: str
    query: tuple[tuple[str, str], ...]
    clicks: tuple[str, ...]


class Register:
    """Answers `register` for one Plex server; `address` is the provider's as Plex reaches it."""

    def __init__(self, plex: Plex, address: str, paths: PathRules) -> None:
        self._plex = plex
        self._address = address
        self._folders = tuple(folders_of(paths))

    async def on_register(self, request: Request) -> Registration:
        """Do it with `confirm`, else say what is to be done; `library` names one to be made or switched over.

        Raises Rejected while nobody has said where the provider is, and Unavailable.
        """
        if not self._address:
            raise Rejected(
                "Plex has to be told where the provider is, and S2P_PROVIDER_URL is not set; set it to this machine's "
                "address as Plex reaches it, with the port, as in http://192.168.1.10:9393"
            )
        provider = await self._provider(confirm=request.confirm)
        group = await self._group(confirm=request.confirm and provider.step.did)
        done = [provider, group]
        if request.library:
            done.append(await self._library(request.library, group.id, confirm=request.confirm and group.step.did))
        return Registration(steps=tuple(one.step for one in done), clicks=_clicks(done))

    async def _provider(self, *, confirm: bool) -> _Done:
        what = f"Plex knows the provider at {self._address}"
        clicks = (
            f"Make sure that Plex's machine reaches {self._address}, which its browser can show",
            f"{SETTINGS}, Add Provider, and enter {self._address}",
        )
        reply = await self._plex.ask("GET", PROVIDERS)
        if reply.refused:
            return _Done(Step(what=what, answer=_too_old(reply)), clicks=clicks)
        known = _first(reply.root, "identifier", IDENTIFIER)
        if known is not None and known.get("uri", "").rstrip("/") == self._address.rstrip("/"):
            return _Done(Step(what=what, did=True, answer="it did already"), known.get("id", ""))
        query = (("uri", self._address),)
        if known is None:
            return await self._write(_Wish(what, "POST", PROVIDERS, query, clicks), confirm=confirm)
        present = known.get("id", "")
        wish = _Wish(what, "PUT", f"{PROVIDERS}/{present}", query, clicks)
        return await self._write(wish, confirm=confirm, present=present)

    async def _group(self, *, confirm: bool) -> _Done:
        what = f"Plex has the agent {TITLE}, which asks the provider"
        clicks = (f"{SETTINGS}, Add Agent, name it {TITLE} and choose the provider {TITLE}",)
        reply = await self._plex.ask("GET", GROUPS)
        if reply.refused:
            return _Done(Step(what=what, answer=_too_old(reply)), clicks=clicks)
        known = _first(reply.root, "primaryIdentifier", IDENTIFIER)
        if known is not None:
            return _Done(Step(what=what, did=True, answer="it had it already"), known.get("id", ""))
        query = (("title", TITLE), ("primaryIdentifier", IDENTIFIER))
        done = await self._write(_Wish(what, "POST", GROUPS, query, clicks), confirm=confirm)
        if done.step.did and not done.id:
            found = _first((await self._plex.ask("GET", GROUPS)).root, "primaryIdentifier", IDENTIFIER)
            return done._replace(id=found.get("id", "") if found is not None else "")
        return done

    async def _library(self, title: str, group: str, *, confirm: bool) -> _Done:
        what = f"The library {title} uses the agent {TITLE}"
        reply = await self._plex.ask("GET", SECTIONS)
        sections = reply.root.iter("Directory") if reply.root is not None else ()
        known = next((one for one in sections if one.get("title", "").casefold() == title.casefold()), None)
        if known is None:
            return await self._new_library(title, group, confirm=confirm)
        if known.get("type") != "movie":
            answer = f"it is a library of type {known.get('type')}, and scenes are movies"
            return _Done(Step(what=what, answer=answer), clicks=(f"Name another library than {title}",))
        if known.get("agent") == IDENTIFIER and known.get("metadataAgentProviderGroupId", group) == group:
            return _Done(Step(what=what, did=True, answer="it did already"), known.get("key", ""))
        query = (("agent", IDENTIFIER), ("metadataAgentProviderGroupId", group))
        clicks = (f"In Plex, edit the library {title}, Advanced, and choose the agent {TITLE}",)
        present = known.get("key", "")
        wish = _Wish(what, "PUT", f"{SECTIONS}/{present}", query, clicks)
        done = await self._write(wish, confirm=confirm, present=present)
        return done._replace(clicks=(REFRESH.format(title),)) if done.step.did else done

    async def _new_library(self, title: str, group: str, *, confirm: bool) -> _Done:
        what = f"There is a library {title} that uses the agent {TITLE}"
        folders = ", ".join(self._folders) or "the folders that Stash has as well"
        clicks = (f"In Plex, add a library of type Movies named {title} with {folders}, Advanced, agent {TITLE}",)
        if not self._folders:
            answer = "which folders it is to have is not known, as S2P_PATHS has no pair of folders"
            return _Done(Step(what=what, answer=answer), clicks=clicks)
        query = (
            ("name", title),
            ("type", "movie"),
            ("agent", IDENTIFIER),
            ("scanner", SCANNER),
            ("language", LANGUAGE),
            ("metadataAgentProviderGroupId", group),
            *(("location", folder) for folder in self._folders),
        )
        return await self._write(_Wish(what, "POST", SECTIONS, query, clicks), confirm=confirm)

    async def _write(self, wish: _Wish, *, confirm: bool, present: str = "") -> _Done:
        """Ask Plex to change something, if that was confirmed; `present` is the id of what is changed."""
        if not confirm:
            return _Done(Step(what=wish.what, answer="not yet"), present)
        reply = await self._plex.ask(wish.method, f"{wish.path}?{urlencode(wish.query)}")
        if reply.status == 409:
            return _Done(Step(what=wish.what, did=True, answer=f"it is there already ({reply.said})"), present)
        if reply.refused:
            return _Done(Step(what=wish.what, answer=_refusal(reply)), present, wish.clicks)
        made = next(iter(reply.root), None) if reply.root is not None else None
        known = made.get("id", "") if made is not None else ""
        return _Done(Step(what=wish.what, did=True, answer=f"Plex answers {reply.said}"), present or known)


def folders_of(paths: PathRules) -> Iterator[str]:
    """Yield the folders that path rules name in Plex, each once; a regex pair names none."""
    found: dict[str, None] = {}
    for rule in paths.rules:
        if set(rule.plex.pattern.groupindex) == {"rest"}:
            found[rule.plex.write({"rest": ""})] = None
    yield from found


def _first(root: ET.Element | None, attribute: str, value: str) -> ET.Element | None:
    return next((one for one in root.iter() if one.get(attribute) == value), None) if root is not None else None


def _too_old(reply: Reply) -> str:
    if reply.status == 404:
        return f"Plex does not know this call ({reply.said}); custom providers need Plex Media Server 1.43 or later"
    return _refusal(reply)


def _refusal(reply: Reply) -> str:
    return f"Plex refuses: {reply.said}"


def _clicks(done: list[_Done]) -> tuple[str, ...]:
    return tuple(f"{click.rstrip('.')}." for one in done for click in one.clicks)
