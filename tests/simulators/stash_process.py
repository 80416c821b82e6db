"""A simulated Stash as a process of its own, and what tests say to it over HTTP."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import httpx

from tools.processes import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 10.0
BEFORE = "before the test"
JSON = "application/json"
FILE, SECOND = "/data/films/test.mp4", "/data/films/test-second.mp4"

T = TypeVar("T")


@dataclass(frozen=True)
class Running:
    """One running simulator."""

    url: str
    http: httpx.Client

    def control(self, operation: str, **given: Any) -> Any:
        """POST to the control API and return its answer; what is refused is an error."""
        answer = self.http.post(f"/control/{operation}", json=given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def told(self, what: str, **query: str) -> Any:
        """GET from the control API."""
        return self.http.get(f"/control/{what}", params=query).json()

    def do(self, op: str, **args: Any) -> dict[str, Any]:
        """Make one change."""
        done: dict[str, Any] = self.control("do", op=op, **args)
        return done

    def truth(self, scene_id: int) -> dict[str, Any]:
        """Return what a scene really is."""
        found: dict[str, Any] = self.told("scenes", ids=str(scene_id))[0]
        return found

    def post(self, query: str, **variables: Any) -> httpx.Response:
        """POST a GraphQL request."""
        return self.http.post("/graphql", json={"query": query, "variables": variables})

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of a GraphQL request that works."""
        answer = self.post(query, **variables)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert "errors" not in body, body
        return body["data"]

    def errors(self, query: str) -> list[str]:
        """Return the messages of a GraphQL request of which a resolver fails, and all data with it."""
        answer = self.post(query)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] is None
        return [error["message"] for error in answer.json()["errors"]]

    def ids(self, scene_filter: str, sort: str = "id") -> list[int]:
        """Return the ids of the scenes that a filter, written in GraphQL, selects."""
        found = self.ask(
            f'{{findScenes(scene_filter: {scene_filter}, filter: {{sort: "{sort}", per_page: -1}}) {{scenes {{id}}}}}}'
        )
        return [int(scene["id"]) for scene in found["findScenes"]["scenes"]]

    def fresh(self) -> Running:
        """Go back to the state that the simulator started with."""
        self.control("fault", kind="clear")
        self.control("clock", offset_s=0, zone="Europe/Berlin")
        self.control("restore", name=BEFORE)
        self.control("plugin", command=[])
        self.control("recorded", on=False)
        self.control("reset-stats")
        return self


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    """Start `python -m simulators.stash`, its log in `folder`, and end it."""
    with (
        Server("stash", "simulators.stash", [*arguments], folder) as process,
        httpx.Client(base_url=process.url, headers={"Accept": JSON}, timeout=20, trust_env=False) as http,
    ):
        stash = Running(process.url, http)
        stash.control("snapshot", name=BEFORE)
        yield stash


def furnish(stash: Running) -> None:
    """Give scene 1 one of everything, two files in a folder of their own, and scene 2 nothing of it."""
    held = {
        "studio": "House", "performers": ["Star"], "tags": ["Colour"], "groups": ["Saga"], "galleries": [1],
        "title": "First",
    }  # fmt: skip
    stash.do("rename_file", id=1, to=FILE)
    stash.do("scene_update", id=1, fields=held)
    stash.do("scan_second_file", id=1, path=SECOND)
    stash.do("marker_create", scene=1, tag="Moment", title="Here")
    for kind, name in (("tag", "Shade"), ("performer", "Understudy"), ("studio", "Holding"), ("group", "Part")):
        stash.do(f"{kind}_create", name=name)
    stash.do("clean", id=2)
    stash.do("scan_new_file", path="/data/alone/one.mp4")


@contextmanager
def sent(stash: Running, path: str, **body: Any) -> Iterator[None]:
    """Send a POST and read no answer; the client leaves at the end of the block."""
    address = urlsplit(stash.url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        yield
    finally:
        connection.close()


def soon(condition: Callable[[], T]) -> T:
    """Return the first true value of `condition`; fail when none comes in time."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return value
