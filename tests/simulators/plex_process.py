"""A simulated Plex as a process of its own, and what tests say to it over HTTP."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar
from xml.etree import ElementTree as ET

import httpx

from tools.processes import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = "test-token"
ALL = "/library/sections/1/all"
PATIENCE = 10.0

T = TypeVar("T")


@dataclass
class Running:
    """One running simulator; `http` carries the token."""

    url: str
    http: httpx.Client
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def control(self, operation: str, **given: Any) -> Any:
        """POST to the control API and return its answer; what is refused is an error."""
        answer = self.http.post(f"/control/{operation}", json=given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def told(self, what: str, **query: str) -> Any:
        """GET from the control API."""
        return self.http.get(f"/control/{what}", params=query).json()

    def make(self, *names: str) -> list[str]:
        """Make items of files in a folder of their own; returns their rating keys."""
        folder = f"/media/{next(self.numbers)}"
        made = self.control("items", section="1", files=[f"{folder}/{name}" for name in names])
        return [row["ratingKey"] for row in made]

    def truth(self, key: str) -> dict[str, Any]:
        """Return what an item really is."""
        found: dict[str, Any] = self.told("items", ratingKey=key)[0]
        return found

    def xml(self, path: str, **headers: str) -> ET.Element:
        """GET a container."""
        answer = self.http.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return ET.fromstring(answer.text)

    def put(self, key: str, query: str) -> httpx.Response:
        """PUT an edit of one item."""
        return self.http.put(f"{ALL}?type=1&id={key}&{query}")


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    """Start `python -m simulators.plex`, its log in `folder`, and end it."""
    headers = {"X-Plex-Token": TOKEN, "X-Plex-Client-Identifier": "tests"}
    with (
        Server("plex", "simulators.plex", ["--token", TOKEN, *arguments], folder) as process,
        httpx.Client(base_url=process.url, headers=headers, timeout=20, trust_env=False) as http,
    ):
        yield Running(process.url, http)


def soon(condition: Callable[[], T]) -> T:
    """Return the first true value of `condition`; fail when none comes in time."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return value
