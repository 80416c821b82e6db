"""Plex scans 1,000 files with the provider as its agent; every field and picture is compared with Stash's then."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from common.guids import IDENTIFIER, guid_of
from common.messages import WatcherInfo, encode
from services.provider.image_routes import STASH_AWAY
from tests.stories.world import World, is_bare
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCENES = 1_000
SETTINGS = {
    "S2P_MAPPING_POSTER": "raw",
    "S2P_MAPPING_CONTENT_RATING": "XXX",
    "S2P_FIELDS": "art=fill, sort_title=fill",
}

pytestmark = pytest.mark.story


@pytest.fixture
def library(tmp_path: Path) -> Iterator[World]:
    """Give 1,000 scenes and a Plex whose library uses a provider that is registered but has no scenes yet."""
    plex = ("--agent", IDENTIFIER, "--all-genres")
    with World(tmp_path, scenes=SCENES, plex=plex) as world:
        world.settings |= SETTINGS
        world.start("provider")
        wait_until(lambda: answers(world, "/health"), "the provider to answer")
        registered = world.http.post(
            f"{world.plex.url}/media/providers/metadata", params={"uri": address(world), "X-Plex-Token": "T"}
        )
        assert registered.status_code == 200, registered.text
        yield world
        for name in world.services:
            assert "Traceback" not in world.services[name].log.read_text()


def test_everything_is_there_after_a_scan(library: World) -> None:
    load(library)
    before = requests_to_stash(library)
    scan(library)
    assert differences(library) == []
    after = requests_to_stash(library)
    covers = sum(bool(scene["cover"]) and not is_bare(scene) for scene in library.scenes())
    named = {name for scene in library.scenes() for name in scene["performers"]}
    assert after["image"] - before.get("image", 0) <= covers + len(named)


def test_everything_but_new_pictures_is_there_when_stash_went_away_before_the_scan(library: World) -> None:
    load(library)
    scenes, posters = library.scenes(), asked_for(library)
    library.stash.stop()
    wait_until(lambda: not health(library)["stash_reachable"], "Stash to be known as away", seconds=60)
    scan(library, scenes)
    assert differences(library, scenes, pictures=False) == []
    assert wrong_pictures(library, scenes, kept=posters) == []

    library.stash.start()
    assert library.scenes() == scenes
    wait_until(lambda: health(library)["stash_reachable"], "Stash to be known as back", seconds=60)
    covered = {guid_of(scene["id"]) for scene in scenes if scene["cover"] and not is_bare(scene)}
    refresh(library, covered)
    wait_until(
        lambda: all(item["poster"] and item["art"] for item in library.items().values() if item["guid"] in covered),
        "Plex to have a picture of every scene",
        seconds=300,
    )
    assert differences(library) == []


def test_everything_gets_there_when_the_scenes_appear_after_the_scan(library: World) -> None:
    none = WatcherInfo(service="", epoch=1, seq=0, scenes=0)
    library.ear.tell("stash/info", encode(none), retain=True)
    wait_until(lambda: answers(library, "/ready"), "the provider to be sure that it has no scenes")
    scan(library)
    assert {item["guid"].partition(":")[0] for item in library.items().values()} == {"local"}
    files = {library.mapped(path) for scene in library.scenes() for path in scene["files"]}
    wait_until(lambda: len(unmatched(library)) == len(files), "every file to be reported", seconds=60)
    load(library)
    kept_away = {library.mapped(path) for scene in library.scenes() if is_bare(scene) for path in scene["files"]}
    wait_until(lambda: unmatched(library) <= kept_away, "the reports to go", seconds=60)
    library.start("plex_writer")
    wait_until(
        lambda: (
            sum(item["guid"].startswith(IDENTIFIER) for item in library.items().values()) == len(files) - len(kept_away)
        ),
        "the writer to have every file matched",
        seconds=900,
    )
    wait_until(lambda: not differences(library, pictures=False), "every field to be there", seconds=120)


def load(world: World) -> None:
    """Let the watcher publish all scenes, and wait until the provider has them."""
    world.start("stash_watcher")
    wait_until(
        lambda: answers(world, "/ready") and health(world)["table"]["scenes"] == SCENES, "the scenes", seconds=90
    )


def scan(world: World, scenes: list[dict[str, Any]] | None = None) -> None:
    """Let Plex have all files and scan them, in batches that a request can wait for."""
    files = [world.mapped(path) for scene in scenes or world.scenes() for path in scene["files"]]
    world.http.timeout = 300
    for start in range(0, len(files), 100):
        world.control("plex", "items", section="1", files=files[start : start + 100])


def refresh(world: World, guids: set[str]) -> None:
    """Let Plex ask anew for what it has of these."""
    for item in world.items().values():
        if item["guid"] in guids:
            address = f"{world.plex.url}/library/metadata/{item['ratingKey']}/refresh"
            world.http.put(address, params={"X-Plex-Token": "T"}).raise_for_status()


def wrong_pictures(world: World, scenes: list[dict[str, Any]], *, kept: set[str]) -> list[str]:
    """Compare pictures while Stash is away: those `kept` are right, others are not there and said to come later."""
    items, found = world.items(), []
    for scene in (one for one in scenes if not is_bare(one)):
        guid, cover = guid_of(scene["id"]), (scene["cover"] or "").strip('"')
        for name in ("poster", "art"):
            answer = world.http.get(f"{address(world)}/images/scene/{scene['id']}/{name}")
            told = (answer.status_code, answer.headers.get("Retry-After"))
            wanted = (cover, (200, None)) if guid in kept else ("", (503, STASH_AWAY["Retry-After"]))
            for path in scene["files"]:
                shown = (seen(world, items[world.mapped(path)], name), told)
                if shown != wanted:
                    found.append(f"scene {scene['id']}, {name}: {shown}, not {wanted}")
    return found


def differences(world: World, scenes: list[dict[str, Any]] | None = None, *, pictures: bool = True) -> list[str]:
    """Compare all that Plex got with what Stash has; what is expected is written down apart from the product."""
    items, found = world.items(), []
    for scene in scenes or world.scenes():
        for path in scene["files"]:
            item = items[world.mapped(path)]
            if is_bare(scene):
                wanted: dict[str, Any] = {"guid": f"local://{item['ratingKey']}", "summary": "", "actors": []}
            else:
                wanted = expected(scene, pictures=pictures)
            shown = {name: seen(world, item, name) for name in wanted}
            found += [
                f"scene {scene['id']}, {name}: {shown[name]!r}, not {value!r}"
                for name, value in wanted.items()
                if shown[name] != value
            ]
    return found


def expected(scene: dict[str, Any], *, pictures: bool) -> dict[str, Any]:
    """Return what Plex should show of a scene."""
    stem = scene["files"][0].rpartition("/")[2].rpartition(".")[0]
    date = scene["date"] or ""
    day = f"{date}-01-01"[:10] if date else scene["created_at"][:10]
    series = scene["groups"][0] if scene["groups"] else None
    title = scene["title"] or stem
    sort = f"{series['name']} {series['index']:03} {title}" if series else title
    collections = [name for name in (scene["studio"], *(group["name"] for group in scene["groups"])) if name]
    wanted = {
        "guid": guid_of(scene["id"]),
        "title": title,
        "summary": scene["details"] or "",
        "originallyAvailableAt": day,
        "year": int(day[:4]),
        "studio": scene["studio"] or "",
        "tagline": scene["code"] or "",
        "contentRating": "XXX",
        "audienceRating": None if scene["rating100"] is None else scene["rating100"] / 10,
        "directors": [scene["director"]] if scene["director"] else [],
        "genres": sorted(scene["tags"], key=str.casefold),
        "collections": sorted(collections),
        "actors": list(dict.fromkeys(scene["performers"])),
    }
    if scene["title"]:
        wanted["titleSort"] = "" if sort == title else sort
    if pictures:
        wanted |= {"poster": (scene["cover"] or "").strip('"'), "art": (scene["cover"] or "").strip('"')}
    return wanted


def seen(world: World, item: dict[str, Any], name: str) -> Any:
    """Return what Plex shows, in the words of `expected`."""
    value = item[name]
    if name == "actors":
        return [actor["tag"] for actor in value]
    if name == "genres":
        return sorted(value, key=str.casefold)
    if name == "collections":
        return sorted(value)
    if name in {"poster", "art"} and value:
        answer = world.http.get(
            f"{world.plex.url}/library/metadata/{item['ratingKey']}/file", params={"url": value, "X-Plex-Token": "T"}
        )
        return hashlib.md5(answer.content, usedforsecurity=False).hexdigest()
    return value or ("" if name in {"poster", "art"} else value)


def asked_for(world: World) -> set[str]:
    """Ask the provider for the posters of the first scenes, as an earlier scan did; return their GUIDs."""
    with_cover = [scene for scene in world.scenes()[:60] if scene["cover"] and not is_bare(scene)]
    for scene in with_cover:
        answer = world.http.get(f"{address(world)}/images/scene/{scene['id']}/poster")
        assert answer.status_code == 200
    return {guid_of(scene["id"]) for scene in with_cover}


def unmatched(world: World) -> set[str]:
    """Return the files that are reported as unmatched, as the library has them."""
    prefix = "stash2plex/provider/unmatched/"
    newest = dict(world.ear.newest)
    reports = [json.loads(said) for topic, said in newest.items() if topic.startswith(prefix) and said]
    return {f"/media/{report['file']}" for report in reports}


def requests_to_stash(world: World) -> dict[str, int]:
    """Return what Stash was asked so far, by kind."""
    counted: dict[str, int] = world.look("stash", "stats")["requests"]
    return counted


def address(world: World) -> str:
    """Return the provider's address."""
    return f"http://127.0.0.1:{world.settings['S2P_PROVIDER_PORT']}"


def answers(world: World, path: str) -> bool:
    """Tell whether the provider answers well."""
    try:
        return world.http.get(f"{address(world)}{path}").status_code == 200
    except httpx.TransportError:
        return False


def health(world: World) -> Any:
    """Return the provider's health."""
    return world.http.get(f"{address(world)}/health").json()
