"""A provider's pictures over real HTTP, with all that can be wrong with them; by scene and kind."""

from __future__ import annotations

import contextlib
import hashlib
import io
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

from PIL import Image

from common.item import cover_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from common.messages import Scene


def picture(color: str, size: tuple[int, int] = (20, 30)) -> bytes:
    """Return a small JPEG of one colour."""
    content = io.BytesIO()
    Image.new("RGB", size, color).save(content, "JPEG")
    return content.getvalue()


@dataclass
class Cover:
    """What is answered; `cut` bytes are missing at its end, though it is said to be whole."""

    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0


class CoverServer:
    """Use it with `with`; `covers` by `<scene>/<kind>`, none is a 404; `asked` are the paths and their ETags.

    Answers about the scenes in `known` name the state that they are of.
    """

    def __init__(self) -> None:
        self.covers: dict[str, Cover] = {}
        self.known: Mapping[int, Scene] = {}
        self.asked: list[tuple[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.removeprefix("/images/scene/")
                server.asked.append((name, self.headers.get("If-None-Match", "")))
                cover = server.covers.get(name, Cover(status=404))
                etag = f'"{hashlib.sha256(cover.content).hexdigest()[:20]}"'
                same = cover.status == 200 and self.headers.get("If-None-Match") == etag
                self.send_response(304 if same else cover.status)
                scene = server.known.get(int(name.partition("/")[0]))
                state = {"X-Scene-Version": cover_version(scene)} if scene else {}
                for header, value in {"ETag": etag, **state, **cover.headers}.items():
                    self.send_header(header, value)
                if not same:
                    self.send_header("Content-Length", str(len(cover.content)))
                self.end_headers()
                if not same:
                    self.wfile.write(cover.content[: len(cover.content) - cover.cut])
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._handler = Handler
        self._serve(0)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Be where nobody answers for as long as this is open."""
        port = self._http.server_address[1]
        self.__exit__()
        try:
            yield
        finally:
            self._serve(port)

    def _serve(self, port: int) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
