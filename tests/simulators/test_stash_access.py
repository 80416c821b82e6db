"""Who may come in: key, session, redirect and tripwire, on GraphQL and on images alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request

from simulators.stash.access import Access, is_local
from tests.simulators.stash_process import Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

QUERY = {"query": "{version{version}}"}


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("keyed"), "--scenes", "5", "--api-key", "KEY") as stash:
        yield stash


@pytest.fixture
def unlocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("open"), "--scenes", "5") as stash:
        yield stash


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [
        ({}, "", 401),
        ({"ApiKey": "KEY"}, "", 200),
        ({"ApiKey": "WRONG"}, "", 401),
        ({}, "?apikey=KEY", 200),
        ({}, "?apikey=WRONG", 401),
        ({"ApiKey": ""}, "?apikey=KEY", 200),
        ({"Cookie": "session=made-up"}, "", 401),
    ],
)
def test_graphql_wants_the_key(keyed: Running, headers: dict[str, str], query: str, status: int) -> None:
    answer = keyed.http.post(f"/graphql{query}", json=QUERY, headers=headers)
    assert answer.status_code == status
    assert (answer.headers.get("WWW-Authenticate") == "FormBased") == (status == 401)


def test_without_a_key_an_image_redirects_to_the_login_page(keyed: Running) -> None:
    answer = keyed.http.get("/scene/1/screenshot?t=5", follow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/login?returnURL=%2Fscene%2F1%2Fscreenshot%3Ft%3D5"
    followed = keyed.http.get("/scene/1/screenshot", follow_redirects=True)
    assert followed.headers["Content-Type"].startswith("text/html"), "which is why nobody should follow it"


def test_with_the_key_an_image_is_an_image_and_a_wrong_key_is_refused(keyed: Running) -> None:
    assert keyed.http.get("/scene/1/screenshot", headers={"ApiKey": "KEY"}).headers["Content-Type"].startswith("image/")
    assert keyed.http.get("/scene/1/screenshot?apikey=WRONG").status_code == 401


def test_a_slash_behind_graphql_is_stripped_too_late_for_the_access_check(keyed: Running) -> None:
    assert keyed.http.post("/graphql/", json=QUERY, follow_redirects=False).status_code == 302
    assert keyed.http.post("/graphql/", json=QUERY, headers={"ApiKey": "KEY"}).status_code == 200


def test_a_path_with_an_extension_is_refused_rather_than_redirected(keyed: Running) -> None:
    assert keyed.http.get("/favicon.ico").status_code == 401


def test_health_and_control_are_open_to_all(keyed: Running) -> None:
    assert keyed.http.get("/healthz").status_code == 200
    assert keyed.http.get("/control/stats").status_code == 200


def test_a_login_gives_a_session(keyed: Running) -> None:
    wrong = keyed.http.post("/login", data={"username": "stash", "password": "guess"})
    assert wrong.status_code == 401
    right = keyed.http.post("/login", data={"username": "stash", "password": "stash"})
    assert right.status_code == 200
    session = {"Cookie": f"session={right.cookies['session']}"}
    assert keyed.http.post("/graphql", json=QUERY, headers=session).status_code == 200


def test_a_wrong_key_is_refused_even_where_none_is_needed(unlocked: Running) -> None:
    assert unlocked.http.post("/graphql", json=QUERY).status_code == 200
    assert unlocked.http.post("/graphql", json=QUERY, headers={"ApiKey": "ANY"}).status_code == 401


def test_a_public_hop_trips_the_wire_for_good_where_there_is_no_password(unlocked: Running) -> None:
    assert unlocked.http.post("/graphql", json=QUERY, headers={"X-Forwarded-For": "192.168.1.7"}).status_code == 200
    assert unlocked.http.post("/graphql", json=QUERY, headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 403
    assert unlocked.http.post("/graphql", json=QUERY).status_code == 403
    assert unlocked.http.get("/scene/1/screenshot").status_code == 403


def test_a_request_whose_client_has_cut_the_line_trips_nothing() -> None:
    access = Access()
    gone = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "client": None})
    assert access.refusal(gone) is None
    assert not access.tripped


def test_with_a_password_a_public_hop_is_nothing_special(keyed: Running) -> None:
    headers = {"X-Forwarded-For": "8.8.8.8", "ApiKey": "KEY"}
    assert keyed.http.post("/graphql", json=QUERY, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("169.254.1.1", True),
        ("100.64.0.1", True),
        ("fe80::1", True),
        ("8.8.8.8", False),
        ("2001:4860::1", False),
        ("not an address", False),
    ],
)
def test_what_counts_as_local(address: str, local: bool) -> None:
    assert is_local(address) is local
