"""SIGKILL of each service at chosen points, triggered from outside: by a simulator that holds a request, or a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story

PUT = "PUT *"


def held(world: World, which: str, *, what: str = "counts") -> int:
    """Return how many requests a simulator holds now."""
    return int(world.look(which, what)["held"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_the_writer_killed_around_the_commit_of_a_write(running: World, when: str) -> None:
    running.control("plex", "fault", kind="hold", match=PUT, when=when, count=1)
    running.edit(1, title="Caught in the middle", tags=["Caught"])
    wait_until(lambda: held(running, "plex") == 1, "the write to be held")
    assert running.outcome(1)["items"].popitem()[1]["intent"], "the intent is retained before the write"
    running.services["plex_writer"].kill()
    running.control("plex", "release")
    running.edit(1, tags=["After"])
    running.start("plex_writer")
    running.settle()
    item = next(item for item in running.items().values() if item["title"] == "Caught in the middle")
    assert "Caught" not in item["genres"], "what an unrecorded write added is ours, so it goes with Stash's tag"
    assert running.outcome(1)["items"].popitem()[1]["intent"] is None


def test_the_writer_killed_before_it_reports_what_it_saw(running: World) -> None:
    running.control("plex", "fault", kind="hold", match="GET /library/metadata/*", when="after", count=2)
    running.edit(2, title="Written, not reported")
    wait_until(lambda: held(running, "plex") == 1, "the read to be held")
    running.control("plex", "release")
    wait_until(lambda: any("Written" in str(write["after"]) for write in running.writes()), "the write")
    wait_until(lambda: held(running, "plex") == 1, "the look back to be held")
    running.services["plex_writer"].kill()
    running.control("plex", "fault", kind="clear")
    running.control("plex", "release")
    running.start("plex_writer")
    running.settle()
    assert running.outcome(2)["state"] == "synced"


def test_the_writer_killed_half_way_through_a_bulk_change(running: World) -> None:
    running.control("plex", "fault", kind="slow", ms=50, match=PUT)
    before = len(running.writes())
    for scene_id in range(1, 21):
        running.edit(scene_id, title=f"Bulk {scene_id}")
    wait_until(lambda: len(running.writes()) - before >= 8, "the half to be written")
    running.services["plex_writer"].kill()
    running.start("plex_writer")
    running.settle()


def test_the_watcher_killed_while_stash_answers_the_first_page(world: World) -> None:
    world.control("stash", "fault", kind="hold", when="after", match="Page", count=1)
    world.start("stash_watcher", "plex_writer")
    wait_until(lambda: held(world, "stash", what="stats") == 1, "the page to be held")
    world.services["stash_watcher"].kill()
    world.control("stash", "release")
    world.start("stash_watcher")
    world.settle()


def test_the_watcher_killed_between_its_first_scenes(world: World) -> None:
    world.start("stash_watcher", "plex_writer")
    wait_until(lambda: len(scene_topics(world)) >= 1, "the first scene")
    world.services["stash_watcher"].kill()
    world.start("stash_watcher")
    world.settle()
    assert len(scene_topics(world)) == 20


def test_the_watcher_killed_between_reading_an_edit_and_publishing_it(running: World) -> None:
    running.control("stash", "fault", kind="hold", when="after", count=1)
    running.edit(3, title="Read, not published")
    wait_until(lambda: held(running, "stash", what="stats") == 1, "a query to be held")
    running.services["stash_watcher"].kill()
    running.control("stash", "release")
    running.start("stash_watcher")
    running.settle()


@pytest.mark.parametrize("point", ["at start", "ready", "answering"])
def test_the_provider_killed_comes_back_with_the_whole_table(running: World, point: str) -> None:
    url = f"http://127.0.0.1:{running.settings['S2P_PROVIDER_PORT']}"
    running.start("provider")
    if point != "at start":
        wait_until(lambda: answers(f"{url}/ready"), "the provider to be ready")
    if point == "answering":
        matched(running, url, 1)
    running.services["provider"].kill()
    running.start("provider")
    wait_until(lambda: answers(f"{url}/ready"), "the provider to be ready again")
    for scene_id in range(1, 21):
        assert matched(running, url, scene_id) == [str(scene_id)]


def matched(world: World, url: str, scene_id: int) -> list[str]:
    """Ask the provider as Plex does; return the rating keys of its answer."""
    path = world.scenes()[scene_id - 1]["files"][0]
    body = {"type": 1, "title": "x", "filename": world.mapped(path)}
    answer = httpx.post(f"{url}/library/metadata/matches", json=body, timeout=30)
    answer.raise_for_status()
    return [item["ratingKey"] for item in answer.json()["MediaContainer"].get("Metadata", [])]


def answers(url: str) -> bool:
    """Tell whether a URL answers with 200."""
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def scene_topics(world: World) -> set[str]:
    """Return the topics of the scenes that were published and not removed."""
    prefix = "stash2plex/stash/scene/"
    return {topic for topic, payload in list(world.ear.newest.items()) if topic.startswith(prefix) and payload}
