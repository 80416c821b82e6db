"""Plex and the provider together: registered, scanned, matched by hand, refreshed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common.guids import IDENTIFIER, guid_of
from common.messages import Performer, Studio, Tag
from tests.provider.given import scene
from tests.simulators.plex_process import Running, running
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.provider.installation import Installation

FILE = "/media/Films/Studio é/One/clip 1.mp4"
SCENE = scene(
    17,
    "/data/Studio é/One/clip 1.mp4",
    title="The real title",
    date="2021-02-03",
    studio=Studio(id=1, name="Studio"),
    performers=(Performer(id=1, name="Ann"), Performer(id=2, name="Bob")),
    tags=(Tag(id=1, name="Outdoor"),),
)

pytestmark = pytest.mark.story


@pytest.fixture
def plex(tmp_path: Path, installation: Installation) -> Iterator[Running]:
    """Give a Plex with the library /media/Films, which has registered a ready provider that knows one scene."""
    installation.ready(SCENE, scene(18, "/data/Other/Two/clip 1.mp4"))
    with running(tmp_path, "--agent", IDENTIFIER, "--library", "Films=/media/Films") as started:
        uri = str(installation.http.base_url).rstrip("/")
        assert started.http.post("/media/providers/metadata", params={"uri": uri}).status_code == 200
        yield started


@pytest.mark.parametrize("style", ["relative", "parent", "absolute"])
def test_a_scanned_file_is_matched_and_filled_however_plex_tells_its_path(plex: Running, style: str) -> None:
    plex.control("settings", filename=style)
    (item,) = plex.control("items", section="1", files=[FILE])
    truth = plex.truth(item["ratingKey"])
    assert truth["guid"] == guid_of(17)
    assert (truth["title"], truth["summary"], truth["studio"]) == ("The real title", "What happens.", "Studio")
    assert (truth["originallyAvailableAt"], truth["year"], truth["genres"]) == ("2021-02-03", 2021, ["Outdoor"])
    assert [actor["tag"] for actor in truth["actors"]] == ["Ann", "Bob"]


def test_a_file_without_a_scene_stays_local_is_reported_and_found_by_hand_later(
    plex: Running, installation: Installation
) -> None:
    (item,) = plex.control("items", section="1", files=["/media/Films/New/Late/late.mp4"])
    key = item["ratingKey"]
    assert plex.truth(key)["guid"] == f"local://{key}"
    late = scene(19, "/data/New/Late/late.mp4", title="Late")
    installation.tell(late)
    wait_until(lambda: installation.title(19) == "Late", "the scene")
    (row,) = plex.xml(f"/library/metadata/{key}/matches?manual=1").iter("SearchResult")
    assert row.attrib["guid"] == guid_of(19)
    plex.http.put(f"/library/metadata/{key}/match", params={"guid": guid_of(19), "name": "Late"})
    wait_until(lambda: plex.truth(key)["guid"] == guid_of(19), "the match")


def test_a_refresh_brings_what_changed_and_keeps_what_was_there_when_the_scene_is_gone(
    plex: Running, installation: Installation
) -> None:
    (item,) = plex.control("items", section="1", files=[FILE])
    key = item["ratingKey"]
    installation.tell(scene(17, "/data/Studio é/One/clip 1.mp4", seq=30, title="Renamed"))
    wait_until(lambda: installation.title(17) == "Renamed", "the edit")
    plex.http.put(f"/library/metadata/{key}/refresh")
    wait_until(lambda: plex.truth(key)["title"] == "Renamed", "the refresh")
    installation.forget(17)
    wait_until(lambda: installation.title(17) is None, "the removal")
    plex.http.put(f"/library/metadata/{key}/refresh")
    wait_until(lambda: any(call.get("status") == 404 for call in plex.told("calls")), "Plex to be told that it is gone")
    assert plex.truth(key)["title"] == "Renamed"
