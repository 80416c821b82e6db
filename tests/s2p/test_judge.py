"""What of a snapshot needs somebody, by a table of one thing wrong at a time."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from common.topics import Topics
from tools.s2p.judge import problems
from tools.s2p.snapshot import of_rows

ONLINE: Final = {"state": "online", "instance": "i", "since": "2026-05-01T12:00:00Z"}
WELL: Final[dict[str, dict[str, Any]]] = {
    "stash/state": {**ONLINE, "stash": "reachable"},
    "stash/info": {"service": "1"},
    "stash/stats": {},
    "plex/plex/state": {**ONLINE, "plex": "reachable"},
    "plex/plex/info": {"service": "1", "libraries": [{"id": "1", "title": "Movies"}]},
    "plex/plex/stats": {"waiting": 7, "skipped": 3},
    "provider/state": {**ONLINE, "ready": True},
    "provider/stats": {},
}


def judged(rows: dict[str, Any]) -> list[str]:
    payloads = {f"stash2plex/{topic}": json.dumps(row).encode() for topic, row in rows.items()}
    return problems(of_rows(payloads, Topics()))


def test_scenes_that_wait_or_are_skipped_are_no_problem() -> None:
    assert judged(WELL) == []


@pytest.mark.parametrize(
    ("topic", "change", "said"),
    [
        ("stash/state", {"state": "offline"}, "stash_watcher is offline"),
        ("stash/state", {"stash": "unauthorized", "why": "no key"}, "Stash is unauthorized: no key"),
        (
            "stash/state",
            {"incompatible": ["scenes/One: Scene.urls"]},
            "lacks what a query needs (scenes/One: Scene.urls)",
        ),
        ("stash/stats", {"held": 30}, "30 removals held back: if they are meant, s2p sweep --confirm"),
        ("stash/stats", {"suspect": "max_queued_messages"}, "suspect: max_queued_messages"),
        (
            "stash/stats",
            {"undecodable": {"count": 2, "last": ["a/b: odd"]}},
            "could not read 2 payloads; the last: a/b",
        ),
        ("plex/plex/state", {"state": "offline"}, "plex_writer for plex is offline"),
        ("plex/plex/state", {"plex": "starting", "why": "503"}, "Plex plex is starting: 503"),
        ("plex/plex/state", {"why": "no library Films"}, "Plex plex: no library Films"),
        ("plex/plex/info", {"libraries": []}, "none of the libraries that S2P_PLEX_LIBRARIES names"),
        ("plex/plex/stats", {"failed": 1}, "1 scene failed on plex"),
        ("plex/plex/stats", {"ambiguous": 2}, "2 scenes ambiguous on plex"),
        ("provider/state", {"state": "offline"}, "provider is offline"),
        ("provider/state", {"ready": False}, "does not have the whole table"),
        ("provider/stats", {"suspect": "rows are missing"}, "suspect: rows are missing"),
        ("provider/state", {"state": "who knows"}, "A payload can't be read: stash2plex/provider/state"),
    ],
)
def test_one_thing_wrong_is_one_sentence(topic: str, change: dict[str, Any], said: str) -> None:
    found = judged({**WELL, topic: {**WELL[topic], **change}})
    assert len(found) == 1
    assert said in found[0]
    assert found[0].endswith(".")


def test_services_that_never_were_there_are_named_and_the_provider_is_optional() -> None:
    assert [sentence.split(" ")[0] for sentence in judged({})] == ["stash_watcher", "plex_writer"]
