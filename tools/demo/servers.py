"""The two simulated servers as the people of the story see and use them, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import httpx

from tools.demo.promise import hold

if TYPE_CHECKING:
    from types import TracebackType

Row = dict[str, Any]

TOKEN = "demo-token"  # noqa: S105 - guards a simulator


class Server:
    """One simulator; `control` is the door for what happens behind its clients' back."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.url = url
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=10, trust_env=False)

    async def __aenter__(self) -> Self:
        await self.http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.__aexit__(kind, error, trace)

    async def control(self, operation: str, **given: Any) -> Any:
        """Do something; returns the answer."""
        return _content(await self.http.post(f"/control/{operation}", json=given))

    async def told(self, what: str, **query: str) -> Any:
        """Ask for something."""
        return _content(await self.http.get(f"/control/{what}", params=query))

    async def fault(self, kind: str) -> None:
        """Make it unwell, or well again with `clear`."""
        await self.control("fault", kind=kind)


class Stash(Server):
    """The simulated Stash."""

    async def scenes(self) -> list[Row]:
        """Return all scenes as they are."""
        return list(await self.told("scenes"))

    async def edit(self, scene_id: int, **fields: Any) -> None:
        """Change a scene as a person does."""
        await self.control("do", op="scene_update", id=scene_id, fields=fields)

    async def add_tag(self, scene_ids: list[int], tag: str) -> None:
        """Tag many scenes in one go."""
        await self.control("do", op="bulk_scene_update", ids=scene_ids, add_tags=[tag])

    async def scan(self, path: str) -> int:
        """Let Stash find a new file; returns the new scene's id."""
        return int((await self.control("do", op="scan_new_file", path=path))["id"])


class Plex(Server):
    """The simulated Plex."""

    def __init__(self, url: str) -> None:
        super().__init__(url, {"X-Plex-Token": TOKEN, "Accept": "application/json"})

    async def items(self) -> list[Row]:
        """Return all items as they are."""
        return list(await self.told("items"))

    async def item(self, key: str) -> Row:
        """Return one item as it is."""
        return dict((await self.told("items", ratingKey=key))[0])

    async def writes(self, since: int = 0, key: str = "") -> list[Row]:
        """Return every write that Plex carried out after number `since`, of one item if `key` is given."""
        return list(await self.told("writes", since=str(since), **({"ratingKey": key} if key else {})))

    async def last_write(self) -> int:
        """Return the number of the last write."""
        return max((int(write["n"]) for write in await self.writes()), default=0)

    async def add_files(self, paths: list[str]) -> list[Row]:
        """Lay files on its disk and scan them; returns the new items."""
        return list(await self.control("items", section="1", files=paths))

    async def register(self, provider: str, identifier: str) -> None:
        """Register a metadata provider and make it the agent of the library."""
        answer = await self.http.post("/media/providers/metadata", params={"uri": provider})
        hold(answer.is_success, "Plex to accept the provider", f"HTTP status {answer.status_code}: {answer.text}")
        await self.control("settings", agent=identifier)

    async def matches(self, key: str) -> list[Row]:
        """Let Plex ask its agent what an item is, as Fix Match does."""
        answer = await self.http.get(f"/library/metadata/{key}/matches", params={"manual": "1"})
        return list(_content(answer)["MediaContainer"].get("SearchResult", []))


def _content(answer: httpx.Response) -> Any:
    answer.raise_for_status()
    return answer.json()
