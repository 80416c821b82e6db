"""The routes as Plex calls them, over real HTTP."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from common.guids import IDENTIFIER
from common.version import VERSION
from services.provider.connection import CONNECTIONS
from tests.provider.installation import MATCHES
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.provider.installation import Installation

FIRST = "/media/Films/Studio/One/first.mp4"


def raw(port: int, request: bytes, *, patience: float = 10) -> bytes:
    """Send bytes as they are, and return what comes until the connection closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as sock:
        sock.sendall(request)
        received = bytearray()
        while chunk := sock.recv(65_536):
            received += chunk
    return bytes(received)


@pytest.mark.parametrize("path", ["", "/", "//", "/?includePreferences=1", "?includePreferences=1"])
def test_the_root_is_the_manifest_without_redirect(shared: Installation, path: str) -> None:
    answer = shared.http.get(f"http://127.0.0.1:{shared.port}{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    provider = answer.json()["MediaProvider"]
    assert provider["identifier"] == IDENTIFIER
    assert [kind["type"] for kind in provider["Types"]] == [1]
    assert {feature["type"] for feature in provider["Feature"]} == {"metadata", "match", "collection"}


@pytest.mark.parametrize(
    "path",
    ["/", "/health", "/ready", "/library/metadata/1", "/library/metadata/1/images", "/library/metadata/1/extras"],
)
def test_head_says_what_get_would(shared: Installation, path: str) -> None:
    head, get = shared.http.head(path), shared.http.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == get.headers["content-type"]
    assert int(head.headers["content-length"]) > 0


def test_a_whole_path_is_answered_with_its_scene(shared: Installation) -> None:
    container = shared.ask(FIRST).json()["MediaContainer"]
    assert (container["size"], container["totalSize"], container["offset"]) == (1, 1, 0)
    assert container["identifier"] == IDENTIFIER
    assert container["Metadata"] == [
        {
            "ratingKey": "1",
            "key": "/library/metadata/1",
            "guid": f"{IDENTIFIER}://movie/1",
            "type": "movie",
            "title": "The first",
            "originallyAvailableAt": "2023-04-05",
            "year": 2023,
            "isAdult": True,
            "thumb": container["Metadata"][0]["thumb"],
            "score": 100,
        }
    ]


def test_metadata_is_the_whole_scene(shared: Installation) -> None:
    (movie,) = shared.http.get("/library/metadata/1?includeChildren=1").json()["MediaContainer"]["Metadata"]
    assert movie["studio"] == "Studio"
    assert movie["Genre"] == [{"tag": "Outdoor"}]
    assert movie["Role"] == [
        {"tag": "Ann", "order": 0, "thumb": f"{str(shared.http.base_url).rstrip('/')}/images/performer/1?t=5"}
    ]
    assert "score" not in movie


@pytest.mark.parametrize(("leaf", "array"), [("extras", "Metadata"), ("children", "Metadata")])
def test_what_a_movie_does_not_have_is_an_empty_container(shared: Installation, leaf: str, array: str) -> None:
    answer = shared.http.get(f"/library/metadata/1/{leaf}")
    assert answer.status_code == 200
    container = answer.json()["MediaContainer"]
    assert (container["size"], container["totalSize"], container[array]) == (0, 0, [])


@pytest.mark.parametrize(
    "path",
    [
        *("/library", "/library/metadata", "/library/metadata/", "/library/metadata/1,2", "/library/metadata/all"),
        *("/library/collections/", "/library/sections", "/images", "/images/scene", "/images/scene/1", "/hooks"),
    ],
)
def test_nothing_is_listed_to_whoever_names_no_id(shared: Installation, path: str) -> None:
    answer = shared.http.get(path)
    assert (answer.status_code, answer.next_request) == (404, None)
    assert set(answer.json()) == {"status", "error"}


@pytest.mark.parametrize("leaf", ["", "/images", "/extras", "/children"])
@pytest.mark.parametrize("key", ["999", "0", "-1", "01", "x", "matches", "1.0", "9" * 5_000, "%00", "50", "..%2f1"])
def test_an_unknown_key_or_an_excluded_scene_is_404_with_a_reason(shared: Installation, key: str, leaf: str) -> None:
    answer = shared.http.get(f"/library/metadata/{key}{leaf}")
    assert answer.status_code == 404
    assert answer.json()["error"]


@pytest.mark.parametrize("prefix", ["/", ""])
@pytest.mark.parametrize("end", ["", "/"])
def test_slashes_that_a_registered_address_brings_do_not_matter(shared: Installation, prefix: str, end: str) -> None:
    base = f"http://127.0.0.1:{shared.port}{prefix}"
    assert shared.http.get(f"{base}/library/metadata/1{end}").status_code == 200
    body = json.dumps({"type": 1, "filename": FIRST}).encode()
    answer = shared.http.post(f"{base}{MATCHES}{end}", content=body)
    assert answer.json()["MediaContainer"]["size"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "film"},
        {"type": 1, "filename": 5},
        {"type": 1, "filename": "x" * 10_000},
        [],
        None,
        "text",
    ],
)
def test_a_malformed_body_is_400_with_a_reason(shared: Installation, body: Any) -> None:
    answer = shared.http.post(MATCHES, json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the body is no match query: ")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 50_000, b'{"type":1,"filename":"\\ud800"}'])
def test_what_is_not_even_json_is_400_too(shared: Installation, body: bytes) -> None:
    answer = shared.http.post(MATCHES, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_body_over_a_megabyte_is_refused_announced_or_not(shared: Installation) -> None:
    assert shared.http.post(MATCHES, content=b" " * 1_000_001).status_code == 413
    assert shared.http.post(MATCHES, content=iter([b" " * 100_000] * 11)).status_code == 413
    padded = json.dumps({"type": 1, "filename": FIRST}).encode().ljust(1_000_000)
    assert shared.http.post(MATCHES, content=padded).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/"), ("POST", "/library/metadata/1"), ("DELETE", "/library/metadata/1")]
)
def test_other_methods_are_405_and_other_paths_404(shared: Installation, method: str, path: str) -> None:
    answer = shared.http.request(method, path)
    assert answer.status_code == 405
    assert answer.json()["error"] == f"this takes {answer.headers['allow'].replace(', ', ' and ')}"
    assert method not in answer.headers["allow"]
    assert shared.http.request(method, "/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("headers", "query", "offset", "size"),
    [
        ({}, "", 0, 20),
        ({"X-Plex-Container-Size": "5"}, "", 0, 5),
        ({"X-Plex-Container-Start": "1"}, "", 0, 20),
        ({"X-Plex-Container-Start": "20"}, "", 20, 10),
        ({}, "?X-Plex-Container-Start=28&X-Plex-Container-Size=50", 28, 2),
        ({}, "?X-Plex-Container-Size=0", 0, 0),
        ({"X-Plex-Container-Start": "99"}, "", 99, 0),
        ({"X-Plex-Container-Size": "many", "X-Plex-Container-Start": "-3"}, "", 0, 20),
    ],
)
def test_proposals_come_in_pages(
    shared: Installation, headers: dict[str, str], query: str, offset: int, size: int
) -> None:
    body = {"type": 1, "filename": "film.mp4", "manual": 1}
    container = shared.http.post(MATCHES + query, json=body, headers=headers).json()["MediaContainer"]
    assert (container["offset"], container["size"], container["totalSize"]) == (offset, size, 30)
    assert len(container["Metadata"]) == size
    assert all("score" not in movie for movie in container["Metadata"])


def test_a_name_alone_is_nothing_for_a_scan(shared: Installation) -> None:
    assert shared.keys("first.mp4") == []
    assert shared.keys("first.mp4", manual=0) == []
    assert shared.keys("first.mp4", manual=1) == ["1"]


def test_an_excluded_scene_is_no_answer_to_a_match(shared: Installation) -> None:
    assert shared.keys("/media/Films/Bare/bare.mp4") == []
    assert shared.keys("bare.mp4", manual=1) == []


def test_health_and_readiness_say_the_same(shared: Installation) -> None:
    health = shared.health()
    assert health["version"] == VERSION
    assert health["broker"] == "connected"
    assert health["table"] == {"scenes": 32, "verdict": "complete", "whole": True, "suspect": ""}
    assert (health["stash"], health["stash_reachable"]) == ("unknown", False)
    ready = shared.http.get("/ready")
    assert (ready.status_code, ready.json()) == (200, health)


def test_a_request_that_is_no_http_does_no_harm(shared: Installation) -> None:
    assert raw(shared.port, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400")
    head = b"POST /library/metadata/matches HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", shared.port), timeout=10) as sock:
        sock.sendall(head)
    assert shared.health()["status"] == "ok"


def test_small_answers_are_not_delayed(shared: Installation) -> None:
    slow = sum(shared.ask(FIRST).elapsed.total_seconds() > 0.03 for _ in range(20))
    assert slow < 10


def test_silent_connections_cannot_use_up_the_provider(shared: Installation) -> None:
    assert shared.ask(FIRST).status_code == 200
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS + 50):
            stack.enter_context(socket.create_connection(("127.0.0.1", shared.port), timeout=10))
        assert shared.ask(FIRST).status_code == 200
    wait_until(lambda: _connects(shared), "room for others again")


@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nX: ", b"GET /", b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nX: "])
def test_a_head_without_end_is_cut_off(shared: Installation, begin: bytes) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), timeout=20) as sock:
        sock.sendall(begin)
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                sock.sendall(b"x" * 10_000)
            while sock.recv(65_536):
                pass
    assert shared.health()["status"] == "ok"


def test_a_request_for_another_protocol_gets_an_answer_of_this_one(shared: Installation) -> None:
    head = b"GET /health HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\r\n"
    assert raw(shared.port, head, patience=20).startswith(b"HTTP/1.1 200")


@pytest.mark.story
def test_a_body_or_a_request_that_does_not_come_is_not_waited_for(shared: Installation) -> None:
    head = b"POST /library/metadata/matches HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"
    begun = time.monotonic()
    assert raw(shared.port, head, patience=20).startswith(b"HTTP/1.1 408")
    assert time.monotonic() - begun < 20
    assert raw(shared.port, b"GET / HT", patience=40) == b""
    assert time.monotonic() - begun < 60


def _connects(installation: Installation) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{installation.port}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
