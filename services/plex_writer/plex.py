"""Plex Media Server through python-plexapi: few, counted requests, typed failures, one thread.

plexapi does the session, the headers and the XML. Listings and edits are asked for directly, since its objects would
reload items one by one and its tag helpers send truncated lists back (measured with plexapi 4.18).
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeVar
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import requests
from plexapi.server import PlexServer
from plexapi.utils import parseXMLString

from common.errors import NotFound, Rejected, Unauthorized, Unavailable
from common.thread import DaemonThread
from services.plex_writer.gaps import Shelved, shelved_of
from services.plex_writer.wire import current_of, paths_of, queries, shorter, stars, updated_at_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from services.plex_writer.plan import Current, Edit

T = TypeVar("T")

PAGE = 1_000
MOVIE = "movie"
# in the order in which items were added, since pages by title shift while titles are written
LIGHT = {
    "type": "1",
    "sort": "addedAt:asc",
    "excludeElements": "Genre,Country,Director,Writer,Role,Producer,Collection,Guid,Rating,Image,UltraBlurColors",
    "excludeFields": "summary,tagline",
}
# a listing shows the first tags only, which is enough to see that there are any
SHELF = dict(
    LIGHT,
    excludeElements="Country,Director,Writer,Producer,Collection,Guid,Rating,Image,UltraBlurColors",
    excludeFields="",
)
_BUSY = frozenset({408, 429})
REFUSALS = frozenset({400, 403, 404, 405, 409})
_TAGS = re.compile(r"<head>.*?</head>|<[^>]*>", re.DOTALL)


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
    guid: str = ""


class Reply(NamedTuple):
    """What Plex said to a request that it may refuse; `said` is the status and, for a refusal, its words."""

    status: int
    root: ET.Element | None
    said: str

    @property
    def refused(self) -> bool:
        """Whether it was refused."""
        return self.status >= 400


class Plex:
    """One Plex server; every method is one request unless it says otherwise, and raises the errors of common.errors."""

    def __init__(self, url: str, token: str, *, connect_timeout: float, read_timeout: float) -> None:
        self.requests = 0
        self._url = url
        self._token = token
        self._timeout = (connect_timeout, read_timeout)
        self._thread = DaemonThread("plex")
        self._server: _Server | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._thread.submit(self._close)
        self._thread.shutdown()

    async def connect(self) -> Facts:
        """Connect, or connect anew, and say which server answered; whatever is in the way is Unavailable."""
        return await self._call(self._connect)

    async def probe(self, section: str | None) -> None:
        """Return when Plex answers and its library can be read (2 requests), else raise Unavailable.

        Raises NotFound when that one library is gone.
        """
        await self._get_surely("/identity")
        if section is None:
            await self._get_surely("/library/sections")
        else:
            headers = {"X-Plex-Container-Start": "0", "X-Plex-Container-Size": "1"}
            await self._get_surely(f"/library/sections/{section}/all?type=1", headers, besides=NotFound)

    async def sections(self) -> list[Section]:
        """Return the movie libraries."""
        root = await self._get("/library/sections")
        return [_section(element) for element in root.iter("Directory") if element.get("type") == MOVIE]

    async def insist_on_owner(self) -> None:
        """Ask for the server's own settings, which are for its owner's token; raises Unauthorized or Rejected else."""
        await self._get("/:/prefs")

    async def page(self, section: str, start: int, since: int = 0) -> tuple[list[Listed], int]:
        """Return a page of at most 1,000 items of a library and their total, only those updated after `since`."""
        query = dict(LIGHT, **({"updatedAt>>": str(since)} if since else {}))
        path = f"/library/sections/{section}/all?{urlencode(query, safe=',>')}"
        root = await self._get(path, headers={"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(PAGE)})
        return [_listed(video) for video in root.iter("Video")], int(root.get("totalSize", root.get("size", "0")))

    async def shelf(self, section: Section, start: int) -> tuple[list[Shelved], int]:
        """Return a page of at most 1,000 items with what tells whether they are empty, and their total."""
        path = f"/library/sections/{section.id}/all?{urlencode(SHELF, safe=',')}"
        root = await self._get(path, headers={"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(PAGE)})
        total = int(root.get("totalSize", root.get("size", "0")))
        return [shelved_of(video, section.title) for video in root.iter("Video")], total

    async def scan(self, section: str, folder: str) -> None:
        """Let Plex scan one folder of a library, or all of it; the answer comes at once, the scan goes on."""
        path = f"/library/sections/{section}/refresh"
        await self._send(f"{path}?{urlencode({'path': folder})}" if folder else path)

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
        return {video.get("ratingKey", ""): current_of(video, section) for video in root.iter("Video")}

    async def with_file(self, section: str, name: str) -> list[Listed]:
        """Return the items of a library whose path has `name` in it (recorded from PMS 1.43.1; without type a 500)."""
        root = await self._get(f"/library/sections/{section}/all?{urlencode(LIGHT | {'file': name}, safe=',')}")
        return [_listed(video) for video in root.iter("Video")]

    async def hashes(self, rating_keys: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the OpenSubtitles hashes of items' files, by rating key, in one request (recorded for one item)."""
        if not rating_keys:
            return {}
        try:
            root = await self._get(f"/library/metadata/{','.join(rating_keys)}/tree")
        except Rejected:
            if len(rating_keys) == 1:
                return {}
            found = [await self.hashes([key]) for key in rating_keys]
            return {key: digests for one in found for key, digests in one.items()}
        return {
            item.get("id", ""): frozenset(
                digest.lower() for part in item.iter("MediaPart") if (digest := part.get("openSubtitleHash"))
            )
            for item in root.iter("MetadataItem")
        }

    async def edit(self, current: Current, edit: Edit) -> None:
        """Write an edit: one request, one more for the owner's stars, and more where the URL would pass 7,500 bytes.

        A text that Plex refuses for its length, which nobody knows, is cut to fit.
        """
        place = f"/library/sections/{current.section}/all"
        for query in queries(current, edit):
            try:
                await self._put(f"{place}?{query}")
            except Rejected:
                cut = shorter(query)
                if cut is None:
                    raise
                await self._put(f"{place}?{cut}")
        if (query_of_stars := stars(current, edit)) is not None:
            await self._put(f"/:/rate?{query_of_stars}")

    async def ask(self, method: Literal["GET", "POST", "PUT"], path: str) -> Reply:
        """Return what Plex says to a request that it may refuse or not know."""
        return await self._call(lambda: self._opened().ask(method, path))

    async def get(self, path: str) -> ET.Element:
        """Ask for a container."""
        return await self._get(path)

    async def put(self, path: str) -> None:
        """Write what stands in the query of `path`."""
        await self._put(path)

    async def post(self, path: str, content: bytes) -> None:
        """Send bytes as they are."""
        await self._call(lambda: self._opened().post(path, content))

    async def _get(self, path: str, headers: dict[str, str] | None = None) -> ET.Element:
        return await self._call(lambda: self._opened().query(path, headers=headers))

    async def _get_surely(
        self, path: str, headers: dict[str, str] | None = None, *, besides: type[Rejected] | tuple[()] = ()
    ) -> None:
        """Ask for what no Plex refuses, so that a refusal is about the server."""
        try:
            await self._get(path, headers)
        except besides:
            raise
        except Rejected as error:
            raise _no_plex(error) from None

    async def _send(self, path: str) -> None:
        await self._call(lambda: self._opened().send(path))

    async def _put(self, path: str) -> None:
        await self._call(lambda: self._opened().put(path))

    async def _call(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function)

    def _connect(self) -> Facts:
        self._close()
        self._server = None
        server = self._opened()
        return Facts(server.friendlyName or "", server.machineIdentifier or "", server.version or "")

    def _opened(self) -> _Server:
        if self._server is None:
            try:
                self._server = _Server(self._url, self._token, self._timeout, self._count)
            except Rejected as error:
                raise _no_plex(error) from None
        return self._server

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _count(self) -> None:
        self.requests += 1


class _Server(PlexServer):
    """plexapi's server, with our failures: its own tell statuses apart by name and have the URL, so titles, in them.

    It also knows no status that has no name, as proxies send them, and takes any XML for Plex's.
    """

    def __init__(self, url: str, token: str, timeout: tuple[float, float], count: Callable[[], None]) -> None:
        self._count = count
        session = requests.Session()
        try:
            super().__init__(url, token, session, timeout)  # type: ignore[no-untyped-call] # plexapi has no types
        except BaseException:
            session.close()
            raise

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def query(  # type: ignore[override] # plexapi gives all that follows the headers by name
        self,
        key: str,
        method: Callable[..., requests.Response] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> ET.Element:
        """Return the container that answers; plexapi itself asks through this as well."""
        place = _place(key)
        root = _container(place, self._ask(method or self._session.get, key, headers, more))
        if root is None:
            raise NotXml(f"{place}: the answer is empty where XML was due")
        return root

    def ask(self, verb: str, key: str) -> Reply:
        """Return an answer, a refusal of this one request included; redirections are none of ours."""
        method = self._session.request
        answer = self._ask(partial(method, verb), key, None, {"allow_redirects": False}, but=REFUSALS)
        if answer.status_code in REFUSALS:
            return Reply(answer.status_code, None, f"{answer.status_code} {_words(answer)}".strip())
        return Reply(answer.status_code, _container(_place(key), answer), str(answer.status_code))

    def send(self, key: str) -> None:
        """Ask for something to be done; whatever text answers is no matter."""
        self._ask(self._session.get, key, None, {})

    def put(self, key: str) -> None:
        """Write; the answer is empty, as PMS answers most writes, or a container.

        A redirection is not followed, since it would be by a GET, which writes nothing and is answered well.
        """
        _container(_place(key), self._ask(self._session.put, key, None, {"allow_redirects": False}))

    def post(self, key: str, content: bytes) -> None:
        """Send bytes; the answer is empty, or a container."""
        _container(_place(key), self._ask(self._session.post, key, None, {"data": content, "allow_redirects": False}))

    def _ask(
        self,
        method: Callable[..., requests.Response],
        key: str,
        headers: Mapping[str, str] | None,
        more: dict[str, Any],
        *,
        but: frozenset[int] = frozenset(),
    ) -> requests.Response:
        """Ask once, counted; raises the errors of common.errors, without the query, which may hold titles.

        A status of `but` is returned like a success.
        """
        self._count()
        url = self.url(key)  # type: ignore[no-untyped-call] # plexapi has no types
        sent = self._headers(**headers or {})  # type: ignore[no-untyped-call] # plexapi has no types
        kind = f"{_verb(method)} {_place(key)}"
        try:
            answer = _sent(method, url, {"headers": sent, "timeout": self._timeout, **more})
        except requests.RequestException as error:
            raise PlexUnavailable(f"{kind}: {_transport(error)}") from None
        if answer.status_code not in {200, 201, 204, *but}:
            raise _refusal(kind, answer)
        return answer


def _sent(method: Callable[..., requests.Response], url: str, more: dict[str, Any]) -> requests.Response:
    """Send; a question whose connection is gone is asked once more, since one that lay idle may have been cut."""
    try:
        return method(url, **more)
    except requests.Timeout:
        raise
    except requests.ConnectionError:
        if _verb(method) != "GET":
            raise
        return method(url, **more)


def _container(place: str, answer: requests.Response) -> ET.Element | None:
    """Return the answer's container, or None for an empty answer; a sign-in page may be XML, too, but no container."""
    try:
        root: ET.Element | None = parseXMLString(answer.content.decode(errors="replace"))
    except ET.ParseError:
        raise NotXml(f"{place}: the answer is no whole XML document") from None
    if root is not None and root.tag != "MediaContainer":
        raise NotXml(f"{place}: the answer is not Plex's, as of a proxy or another server")
    return root


def _verb(method: Callable[..., requests.Response]) -> str:
    """Return the kind of request that a method of the session sends."""
    return str(method.args[0] if isinstance(method, partial) else method.__name__).upper()


def _refusal(place: str, answer: requests.Response) -> Unavailable | Rejected:
    """5xx is about the server, maintenance and start-up included; any other status is about this one request."""
    code = answer.status_code
    if code == 401:
        return Unauthorized(f"{place}: Plex refuses our token (401); check S2P_PLEX_TOKEN")
    if code == 404:
        return NotFound(f"{place}: Plex has no such thing (404)")
    if code in _BUSY or not 400 <= code < 500:
        return PlexUnavailable(f"{place}: {code}{_condition(answer) if code == 503 else ''}")
    return Rejected(f"{place}: Plex refuses this request ({code})")


def _words(answer: requests.Response) -> str:
    """Return the words of a refusal, without the page around them."""
    return " ".join(_TAGS.sub(" ", answer.text[:2_000]).split())[:200]


def _no_plex(error: Rejected) -> PlexUnavailable:
    return PlexUnavailable(f"{error}; S2P_PLEX_URL has to be the address of a Plex Media Server")


def _condition(answer: requests.Response) -> str:
    """Tell start-up from maintenance by the words of the 503's page, as Kometa does; empty for anything else."""
    said = answer.text.lower()
    return " starting" if "startup" in said else " maintenance" if "maintenance" in said else ""


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


def _listed(video: ET.Element) -> Listed:
    return Listed(video.get("ratingKey", ""), paths_of(video), updated_at_of(video), video.get("guid", ""))


def listable(sections: Iterable[Section], wanted: Sequence[str]) -> list[Section]:
    """Return the libraries that take part: those named by title or id, or all when none is named."""
    names = {name.casefold() for name in wanted}
    return [section for section in sections if not names or names & {section.title.casefold(), section.id}]
