"""A metadata provider of few words on real HTTP, for what Plex's side of the talk is."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

IDENTIFIER = "tv.plex.agents.custom.small"


@dataclass
class Provider:
    """Answers by path; `asked` is what Plex sent: method, path with query, body."""

    url: str = ""
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, Any]] = field(default_factory=list)

    def says(self, path: str, answer: object, status: int = 200) -> None:
        """Answer `path` with this JSON, or these bytes."""
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.answers[path] = (status, content)

    def matches(self, *rows: dict[str, Any]) -> None:
        """Answer every match with these rows."""
        self.says("/library/metadata/matches", container(*rows))

    def knows(self, key: str, **more: Any) -> dict[str, Any]:
        """Know a movie, and match everything with it; returns the object."""
        found = {
            "ratingKey": key,
            "guid": f"{IDENTIFIER}://movie/{key}",
            "type": "movie",
            "title": f"Movie {key}",
            **more,
        }
        self.says(f"/library/metadata/{key}", container(found))
        self.matches({"guid": found["guid"], "title": found["title"], "year": 2020})
        return found

    def paths(self) -> list[str]:
        """Return what was asked for, without queries."""
        return [f"{method} {path.partition('?')[0]}" for method, path, _ in self.asked]


def container(*rows: dict[str, Any]) -> dict[str, Any]:
    """Return `rows` as a provider wraps them."""
    return {"MediaContainer": {"offset": 0, "size": len(rows), "totalSize": len(rows), "Metadata": list(rows)}}


def manifest(**changes: Any) -> dict[str, Any]:
    """Return a good manifest, or one that is changed."""
    good = {
        "identifier": IDENTIFIER,
        "title": "Small",
        "Types": [{"type": 1, "Scheme": [{"scheme": IDENTIFIER}]}],
        "Feature": [
            {"type": "metadata", "key": "/library/metadata"},
            {"type": "match", "key": "/library/metadata/matches"},
            {"type": "collection", "key": "/library/collections"},
        ],
    }
    return {"MediaProvider": good | changes}


@contextmanager
def providing() -> Iterator[Provider]:
    """Serve a provider on a free port."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            provider.asked.append((self.command, self.path, body))
            status, content = provider.answers.get(self.path.partition("?")[0], (404, b"{}"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
