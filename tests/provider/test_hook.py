"""`POST /hooks/stash`: who gets in, and which requests come out on the bus."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from common.messages import Request
from services.provider.hook import Ask, Event, asks_of_event, asks_of_task, line_of
from tests.provider.conftest import SECRET
from tools.processes import wait_until

if TYPE_CHECKING:
    import httpx

    from tests.provider.installation import Installation


@pytest.fixture
def open_installation(installation: Installation) -> Installation:
    """Return an installation whose provider takes hooks."""
    installation.start(S2P_HOOK_SECRET=SECRET)
    wait_until(lambda: installation.health()["broker"] == "connected", "the broker")
    return installation


def post(installation: Installation, body: object, secret: str | None = SECRET) -> httpx.Response:
    """Post an event."""
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return installation.http.post("/hooks/stash", content=content, headers=headers)


def heard(installation: Installation, topic: str) -> list[dict[str, Any]]:
    """Return the requests heard on a topic."""
    return [json.loads(said) for where, said in installation.ear.heard if where == f"stash2plex/request/{topic}"]


@pytest.mark.parametrize(
    ("event", "kind", "ids"),
    [
        (Event("Scene.Update.Post", 7, ("title",)), "scene", (7,)),
        (Event("Scene.Destroy.Post", 7, path="/data/x.mp4"), "scene", (7,)),
        (Event("Tag.Merge.Post", 5, source=(8, 9), destination=5), "tag", (5, 8, 9)),
        (Event("Movie.Update.Post", 5), "group", (5,)),
        (Event("Group.Update.Post", 5), "group", (5,)),
        (Event("SceneMarker.Destroy.Post", 5), "marker", (5,)),
    ],
)
def test_an_event_asks_the_watcher_to_look_there(event: Event, kind: str, ids: tuple[int, ...]) -> None:
    assert asks_of_event(event) == [Ask("stash", "hook", Request(kind=kind, ids=ids, reason=event.type))]


@pytest.mark.parametrize("name", ["", "Image.Update.Post", "Gallery.Update.Post", "Nonsense"])
def test_what_scenes_do_not_show_asks_for_nothing(name: str) -> None:
    assert asks_of_event(Event(name, 1)) == []


def test_a_task_asks_the_owners_of_all_servers() -> None:
    asked = [(ask.owner, ask.command) for ask in asks_of_task("sync", ("a", "b"))]
    assert asked == [("stash", "resync"), ("plex/a", "resync"), ("plex/b", "resync")]
    assert [(ask.owner, ask.command) for ask in asks_of_task("retry", ("a",))] == [("plex/a", "retry")]
    assert ("plex/a", "reconcile") in [(ask.owner, ask.command) for ask in asks_of_task("reconcile", ("a",))]
    assert [ask.command for ask in asks_of_task("gaps", ("a",))] == ["gaps"]


def test_an_answer_is_a_line_for_people() -> None:
    ask = asks_of_task("gaps", ("home",))[0]
    assert line_of(ask, "ok", {"at": "now", "counts": {"stale": 3}, "rows": []}, "") == (
        "the writer of home: gaps is done (at now, counts: stale 3)"
    )
    assert line_of(ask, "error", None, "Plex is away") == "the writer of home: gaps was refused: Plex is away"
    assert line_of(asks_of_task("sync", ())[0], "started", {"detail": "reading"}, "") == (
        "the watcher: resync has begun (detail reading)"
    )


def test_an_event_becomes_a_request(open_installation: Installation) -> None:
    answer = post(open_installation, {"type": "Scene.Update.Post", "id": 17, "inputFields": ["title"]})
    assert (answer.status_code, answer.json()["asked"]) == (202, 1)
    wait_until(lambda: heard(open_installation, "stash/hook"), "the request")
    request = heard(open_installation, "stash/hook")[0]
    assert (request["kind"], request["ids"], request["reason"]) == ("scene", [17], "Scene.Update.Post")


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "ünknown".encode().decode("latin-1")])
def test_another_secret_gets_nowhere(open_installation: Installation, secret: str | None) -> None:
    headers = {} if secret is None else {b"Authorization": b"Bearer" + f" {secret}".rstrip().encode("latin-1")}
    answer = open_installation.http.post(
        "/hooks/stash", content=b'{"type":"Scene.Update.Post","id":1}', headers=headers
    )
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert heard(open_installation, "stash/hook") == []


def test_without_a_secret_in_the_settings_nobody_gets_in(installation: Installation) -> None:
    installation.start()
    for secret in (None, "None", SECRET):
        answer = post(installation, {"type": "Scene.Update.Post", "id": 1}, secret)
        assert answer.status_code == 403
        assert "S2P_HOOK_SECRET" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"nonsense", 400), (b'{"task":"format the disk"}', 400), (b'{"id":"x"}', 400), (b"x" * 70_000, 413)],
)
def test_a_body_that_is_no_event_is_refused(open_installation: Installation, body: bytes, status: int) -> None:
    assert post(open_installation, body).status_code == status


def test_a_task_waits_for_the_answers_and_tells_them(open_installation: Installation) -> None:
    """The owners are this test; it answers what it hears."""
    ear = open_installation.ear
    open_installation.retain(("plex/home/state", b'{"state":"online","instance":"i","since":""}'))
    open_installation.retain(("plex/home/stats", b'{"pending":3,"synced":40,"undecodable":{"count":0}}'))
    wait_until(lambda: "writer of home: pending 3, synced 40" in post(open_installation, {"task": "status"}).text, "it")

    def answer() -> None:
        wait_until(lambda: heard(open_installation, "plex/home/retry"), "the request")
        request = heard(open_installation, "plex/home/retry")[0]
        said = {"status": "ok", "transaction": request["transaction"], "data": {"scenes": 4}}
        ear.tell("response/plex/home/retry", json.dumps(said).encode())

    owner = threading.Thread(target=answer)
    owner.start()
    told = post(open_installation, {"task": "retry"}).json()
    owner.join()
    assert told == {"asked": 1, "lines": ["the writer of home: retry is done (scenes 4)"]}
    assert heard(open_installation, "plex/home/retry")[0]["state"] == "failed"


def test_an_owner_that_does_not_answer_is_named(open_installation: Installation) -> None:
    began = time.monotonic()
    told = post(open_installation, {"task": "sync"}).json()
    assert told["lines"] == ["stash: resync was not answered within 8 s; is that service running?"]
    assert time.monotonic() - began < 25


def test_while_the_broker_is_away_the_plugin_is_told_so(open_installation: Installation) -> None:
    open_installation.broker.kill()
    wait_until(lambda: open_installation.health()["broker"] == "away", "the broker to be missed")
    answer = post(open_installation, {"type": "Scene.Update.Post", "id": 17})
    assert answer.status_code == 503
    assert "finds the change by itself" in answer.json()["error"]
