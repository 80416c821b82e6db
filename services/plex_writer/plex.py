"""Plex Media Server through python-plexapi: few, counted requests, typed failures, one thread.

plexapi does the session, the headers and the XML. Listings and edits are asked for directly, since its objects would
reload items one by one and its tag helpers send truncated lists back (measured with plexapi 4.18).
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import requests
from plexapi import exceptions as plexapi_errors
from plexapi.server import PlexServer

from common.errors import NotFound, Rejected, Unauthorized, Unavailable
from common.thread import DaemonThread
from services.plex_writer.plan import Current, Edit, Entry, Rewrite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

T = TypeVar("T")

PAGE = 1_000
URL_BUDGET = 7_500
MOVIE = "movie"
SCALAR_FIELDS = {"title": "title", "summary": "summary", "date": "originallyAvailableAt", "studio": "studio"}
LIST_FIELDS = {"performers": ("Role", "actor"), "tags": ("Genre", "genre")}
LOCK_NAMES = {plex: ours for ours, plex in SCALAR_FIELDS.items()} | {
    tag: ours for ours, (_, tag) in LIST_FIELDS.items()
}
# in the order in which items were added, since pages by title shift while titles are written
LIGHT = {
    "type": "1",
    "sort": "addedAt:asc",
    "excludeElements": "Genre,Country,Director,Writer,Role,Producer,Collection,Guid,Rating,Image,UltraBlurColors",
    "excludeFields": "summary,tagline",
}
_STATUS = re.compile(r"\((\d{3})\)")


class PlexUnavailable(Unavailable):
    """Plex is away, or fails at what we asked; only a probe tells which."""


class NotXml(PlexUnavailable):
    """An answer that is no XML, as from a proxy's error page or a server that was cut off in the middle."""


class Facts(NamedTuple):
    """Which server this is."""

    name: str
    machine: str
    version: str


class Section(NamedTuple):
    """A movie library; `changed` is its scannedAt and contentChangedAt (both recorded from PMS 1.43.1)."""

    id: str
    title: str
    agent: str
    locations: tuple[str, ...]
    changed: str


class Listed(NamedTuple):
    """An item of a light listing; tags in such a listing are truncated, so it has none here."""

    rating_key: str
    paths: tuple[str, ...]
    updated_at: int


class Plex:
    """One Plex server; every method is one request unless it says otherwise, and raises the errors of common.errors."""

    def __init__(self, url: str, token: str, *, connect_timeout: float, read_timeout: float) -> None:
        self.requests = 0
        self._url = url
        self._token = token
        self._timeout = (connect_timeout, read_timeout)
        self._thread = DaemonThread("plex")
        self._server: PlexServer | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.shutdown()

    async def connect(self) -> Facts:
        """Connect, or connect anew, and say which server answered."""
        return await self._call(self._connect)

    async def probe(self, section: str | None) -> None:
        """Return when Plex answers and its library can be read (2 requests), else raise PlexUnavailable."""
        await self._get("/identity")
        where = f"/library/sections/{section}/all?type=1" if section else "/library/sections"
        await self._get(where, headers={"X-Plex-Container-Start": "0", "X-Plex-Container-Size": "1"})

    async def sections(self) -> list[Section]:
        """Return the movie libraries."""
        root = await self._get("/library/sections")
        return [_section(element) for element in root.iter("Directory") if element.get("type") == MOVIE]

    async def page(self, section: str, start: int, since: int = 0) -> tuple[list[Listed], int]:
        """Return a page of at most 1,000 items of a library and their total, only those updated at or after `since`."""
        query = dict(LIGHT, **({"updatedAt>>": str(since)} if since else {}))
        path = f"/library/sections/{section}/all?{urlencode(query, safe=',>')}"
        root = await self._get(path, headers={"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(PAGE)})
        return [_listed(video) for video in root.iter("Video")], int(root.get("totalSize", root.get("size", "0")))

    async def details(self, rating_keys: Sequence[str]) -> dict[str, Current]:
        """Read items in full, in one request; an item that is gone is missing from the answer."""
        if not rating_keys:
            return {}
        try:
            root = await self._get(f"/library/metadata/{','.join(rating_keys)}")
        except NotFound:
            if len(rating_keys) == 1:
                return {}
            halves = rating_keys[: len(rating_keys) // 2], rating_keys[len(rating_keys) // 2 :]
            return {**await self.details(halves[0]), **await self.details(halves[1])}
        section = root.get("librarySectionID", "")
        return {video.get("ratingKey", ""): _current(video, section) for video in root.iter("Video")}

    async def edit(self, current: Current, edit: Edit) -> None:
        """Write an edit: one request, or one for several fields where the URL would pass 7,500 bytes."""
        for query in _queries(current, edit):
            await self._put(f"/library/sections/{current.section}/all?{query}")

    async def _get(self, path: str, headers: dict[str, str] | None = None) -> ET.Element:
        root = await self._call(lambda: self._query(path, headers=headers))
        if root is None:
            raise NotXml(f"{_place(path)} answered with nothing where XML was due")
        return root

    async def _put(self, path: str) -> None:
        await self._call(lambda: self._query(path, put=True))

    async def _call(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def _connect(self) -> Facts:
        server = self._open()
        return Facts(server.friendlyName, server.machineIdentifier, server.version)

    def _open(self) -> PlexServer:
        if self._server is not None:
            self._server._session.close()  # noqa: SLF001 - plexapi has no public way to close its session
        with _typed("/"):
            self.requests += 1
            session = requests.Session()
            self._server = PlexServer(self._url, self._token, session, self._timeout)  # type: ignore[no-untyped-call]
        return self._server

    def _query(self, path: str, *, put: bool = False, headers: dict[str, str] | None = None) -> ET.Element | None:
        server = self._server or self._open()
        self.requests += 1
        with _typed(path):
            method = server._session.put if put else None  # noqa: SLF001 - as plexapi's own edit() does
            answer: ET.Element | None = server.query(  # type: ignore[no-untyped-call]
                path, method=method, headers=headers
            )
        return answer


class _typed:  # noqa: N801 - reads as a statement
    """Turn what plexapi raises into our errors, without the URL: it may hold titles."""

    def __init__(self, path: str) -> None:
        self._place = _place(path)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, plexapi_errors.Unauthorized):
            raise Unauthorized(f"{self._place}: Plex refuses our token (401); check S2P_PLEX_TOKEN") from None
        if isinstance(error, plexapi_errors.NotFound):
            raise NotFound(f"{self._place}: Plex has no such thing (404)") from None
        if isinstance(error, plexapi_errors.BadRequest):
            raise _refusal(self._place, str(error)) from None
        if isinstance(error, requests.RequestException):
            raise PlexUnavailable(f"{self._place}: {_transport(error)}") from None
        if isinstance(error, ET.ParseError):
            raise NotXml(f"{self._place}: the answer is no whole XML document") from None


def _refusal(place: str, message: str) -> PlexUnavailable | Rejected:
    """5xx is about the server, maintenance and start-up included; any other status is about this one request."""
    status = _STATUS.match(message)
    code = int(status[1]) if status else 0
    if code >= 500:
        return PlexUnavailable(f"{place}: {code}{_condition(message)}")
    return Rejected(f"{place}: Plex refuses this request ({code})")


def _condition(message: str) -> str:
    """Tell start-up from maintenance by the words of the 503's page, as Kometa does; empty for anything else."""
    lowered = message.lower()
    if not message.startswith("(503)"):
        return ""
    return " starting" if "startup" in lowered else " maintenance" if "maintenance" in lowered else ""


def _transport(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__


def _place(path: str) -> str:
    return path.partition("?")[0]


def _section(element: ET.Element) -> Section:
    return Section(
        id=element.get("key", ""),
        title=element.get("title", ""),
        agent=element.get("agent", ""),
        locations=tuple(location.get("path", "") for location in element.iter("Location")),
        changed=f"{element.get('scannedAt')} {element.get('contentChangedAt')}",
    )


def _paths(video: ET.Element) -> tuple[str, ...]:
    return tuple(path for part in video.iter("Part") if (path := part.get("file")))


def _listed(video: ET.Element) -> Listed:
    updated = video.get("updatedAt") or video.get("addedAt") or "0"
    return Listed(video.get("ratingKey", ""), _paths(video), int(updated))


def _current(video: ET.Element, section: str) -> Current:
    locked = {field.get("name", "") for field in video.iter("Field") if field.get("locked") == "1"}
    return Current(
        rating_key=video.get("ratingKey", ""),
        section=video.get("librarySectionID", section),
        guid=video.get("guid", ""),
        paths=_paths(video),
        scalars={ours: video.get(plex, "") for ours, plex in SCALAR_FIELDS.items()},
        lists={ours: tuple(_entries(video, element)) for ours, (element, _) in LIST_FIELDS.items()},
        locked=frozenset(LOCK_NAMES[name] for name in locked if name in LOCK_NAMES),
    )


def _entries(video: ET.Element, element: str) -> Iterator[Entry]:
    for tag in video.iterfind(element):
        yield Entry(tag.get("tag", ""), tag.get("role", ""), tag.get("thumb", ""))


def _queries(current: Current, edit: Edit) -> list[str]:
    """Pack the edit's fields into as few URLs as hold them; a field is never split."""
    head = urlencode({"type": "1", "id": current.rating_key})
    groups = [urlencode(_scalar_params(name, change.value, change.lock)) for name, change in edit.scalars.items()]
    groups += [_list_query(name, rewrite) for name, rewrite in edit.lists.items()]
    queries = [head]
    for group in groups:
        if len(queries[-1]) + len(group) > URL_BUDGET and queries[-1] != head:
            queries.append(head)
        queries[-1] += "&" + group
    return queries


def _scalar_params(name: str, value: str, lock: bool) -> dict[str, Any]:
    field = SCALAR_FIELDS[name]
    return {f"{field}.value": value, f"{field}.locked": int(lock)}


def _list_query(name: str, rewrite: Rewrite) -> str:
    """Name the complete list and what to take out: right for a server that replaces and for one that adds.

    Names to take out are quoted before they are joined by commas, then quoted with the rest (as plexapi does).
    """
    _, tag = LIST_FIELDS[name]
    params: dict[str, Any] = {}
    for position, entry in enumerate(rewrite.entries):
        params[f"{tag}[{position}].tag.tag"] = entry.name
        if entry.role:
            params[f"{tag}[{position}].tagging.text"] = entry.role
        if entry.thumb:
            params[f"{tag}[{position}].tag.thumb"] = entry.thumb
    if rewrite.remove:
        params[f"{tag}[].tag.tag-"] = ",".join(quote(gone, safe="") for gone in rewrite.remove)
    params[f"{tag}.locked"] = int(rewrite.lock)
    return urlencode(params)


def listable(sections: Iterable[Section], wanted: Sequence[str]) -> list[Section]:
    """Return the libraries that take part: those named by title or id, or all when none is named."""
    names = {name.casefold() for name in wanted}
    return [section for section in sections if not names or names & {section.title.casefold(), section.id}]
