"""Whatever is asked, the answer is no mistake of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from hypothesis import HealthCheck, example, settings
from hypothesis import given as vary
from hypothesis import strategies as st

from common.messages import GapReport, encode
from services.provider.gaps import LIMIT
from tests.provider.conftest import SECRET
from tests.provider.installation import MATCHES
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.provider.installation import Installation

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
PATHS = st.lists(
    st.sampled_from(["..", ".", "Studio", "One", "first.mp4", "film.mp4", "%2e%2e", "\0", "é"]), max_size=5
)
NAMES = st.one_of(TEXT, PATHS.map("/".join), PATHS.map("\\".join), st.none())
JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | TEXT, st.lists, max_leaves=5)
BODIES = st.fixed_dictionaries(
    {"type": st.sampled_from([1, "1", 2])},
    optional={
        "title": TEXT,
        "guid": TEXT | st.just("tv.plex.agents.custom.stash2plex://movie/1"),
        "filename": NAMES,
        "manual": st.sampled_from([0, 1, True, "1"]),
        "year": JSON,
        "hash": JSON,
    },
)


def repr_json(value: object) -> bytes:
    """Return JSON, and what is none where a number is not finite."""
    return json.dumps(value).encode()


@vary(BODIES)
@SETTINGS
def test_every_well_formed_query_is_answered(shared: Installation, body: dict[str, object]) -> None:
    answer = shared.http.post(MATCHES, json=_finite(body))
    assert answer.status_code == 200, answer.text
    container = answer.json()["MediaContainer"]
    assert container["size"] == len(container["Metadata"])
    if not int(str(body.get("manual", "0")).replace("True", "1")):
        assert container["size"] <= 1


@vary(st.binary(max_size=300) | st.dictionaries(TEXT, JSON, max_size=4).map(repr).map(str.encode))
@SETTINGS
def test_every_body_is_answered_or_refused(shared: Installation, body: bytes) -> None:
    assert shared.http.post(MATCHES, content=body).status_code in {200, 400}


# what the watcher would have to answer first is left out, since there is none here
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["Scene.Update.Post", "Tag.Merge.Post", "SceneMarker.Destroy.Post"]) | TEXT,
        "id": st.integers() | JSON,
        "inputFields": st.lists(TEXT, max_size=3) | JSON,
        "source": st.lists(st.integers(), max_size=3) | JSON,
        "destination": st.integers() | JSON,
        "path": TEXT | JSON,
        "task": st.sampled_from(["status", "retry", "gaps", "format the disk", None]),
    },
)


@vary(EVENTS.map(repr_json) | st.binary(max_size=300) | JSON.map(repr_json))
@example(b'{"x":' + b"[" * 60_000)
@example(b'{"type":"Scene.Update.Post","id":' + b"9" * 4_000 + b"}")
@SETTINGS
def test_every_body_to_the_hook_is_taken_or_refused(shared: Installation, body: bytes) -> None:
    answer = shared.http.post("/hooks/stash", content=body, headers={"Authorization": f"Bearer {SECRET}"})
    assert answer.status_code in {202, 400}, answer.text
    assert answer.json()


@vary(TEXT)
@example("plex")
@SETTINGS
def test_every_server_s_gaps_are_shown_or_unknown(shared: Installation, server: str) -> None:
    answer = shared.http.get(f"/gaps?server={quote(server, safe='')}")
    assert answer.status_code == 404
    assert answer.json()["error"]


def test_what_stands_on_the_broker_in_a_report_s_place_does_no_harm(shared: Installation) -> None:
    odd = [b"{", b"[" * 60_000, b"\xff", b"{}", b"null", b'{"v":99}']
    rows = [(f"plex/odd{number}/{leaf}", said) for number, said in enumerate(odd) for leaf in ("gaps", "state")]
    whole = encode(GapReport(at="2026-01-01T00:00:00Z"))
    rows += [(f"plex/server{number}/gaps", whole) for number in range(3 * LIMIT)]
    shared.retain(*rows)
    wait_until(lambda: len(shared.http.get("/gaps").json()["servers"]) == LIMIT, "as many reports as are kept")
    shared.retain(*((topic, b"") for topic, _ in rows))
    wait_until(lambda: shared.http.get("/gaps").json() == {"servers": {}}, "all of it to be gone again")


PLACES = [
    "/",
    "/library/metadata/",
    "/library/metadata/1/",
    "/library/collections/",
    "/library/collections/studio-2/",
    "/library/metadata/studio-",
    "/images/",
    "/images/scene/",
    "/images/performer/",
    "/images/scene/1/",
    "/x",
]
METHODS = st.sampled_from(["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "TRACE"])
HEADERS = ["X-Plex-Container-Start", "X-Plex-Container-Size", "X-Plex-Language", "If-None-Match", "includeFields"]


@vary(st.sampled_from(PLACES), TEXT, st.dictionaries(st.sampled_from(HEADERS), TEXT.map(quote), max_size=3))
@SETTINGS
def test_every_address_is_answered_or_unknown(
    shared: Installation, prefix: str, rest: str, headers: dict[str, str]
) -> None:
    answer = shared.http.get(prefix + quote(rest, safe=""), headers=headers)
    assert answer.status_code in {200, 304, 400, 404, 503}
    assert answer.status_code != 503 or prefix.startswith("/images/scene/1")
    assert answer.status_code == 304 or answer.json()
    assert answer.next_request is None


@vary(METHODS, st.sampled_from(PLACES).map(lambda place: f"{place}1") | st.sampled_from(["/hooks/stash", "/gaps"]))
@SETTINGS
def test_every_method_is_answered_or_refused(shared: Installation, method: str, path: str) -> None:
    assert shared.http.request(method, path, content=b"{}").status_code in {200, 401, 404, 405, 503}


def test_no_number_of_questions_makes_it_grow(shared: Installation) -> None:
    """Ask what could be kept for each: other files, other words, other ids; after a first round memory stays."""

    def ask(first: int) -> None:
        for number in range(first, first + 400):
            shared.ask(f"/media/Films/unknown {number}/x.mp4", title=f"word{number}")
            shared.http.get(f"/library/metadata/{number}{number}")
            shared.http.get(f"/images/performer/{number}{number}")
            shared.http.post(MATCHES, content=b"x" * (number % 50))
            shared.http.get(f"/gaps?server={number}")
            event = {"type": f"Scene.Update.Post{number}", "id": number, "task": "retry" if number % 2 else None}
            shared.http.post("/hooks/stash", json=event, headers={"Authorization": f"Bearer {SECRET}"})

    ask(0)
    before = resident_mb(shared.provider.pid)
    ask(400)
    ask(800)
    assert resident_mb(shared.provider.pid) - before < 8


def resident_mb(pid: int) -> float:
    """Return the memory that a process has now."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024


def _finite(body: dict[str, object]) -> dict[str, object]:
    """Leave out what JSON has no number for."""
    return {key: value for key, value in body.items() if "nan" not in repr(value) and "inf" not in repr(value)}
