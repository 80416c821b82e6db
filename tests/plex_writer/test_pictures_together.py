"""Pictures all the way from Stash by watcher, provider and writer into Plex; only the two servers are made up."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from tests.life.settled import asked, item_of
from tests.plex_writer.cover_server import picture
from tests.stories.world import World
from tools.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.story
SERVICES = ("stash_watcher", "provider", "plex_writer")
# wider than a poster, as covers are
RED, BLUE, GREEN = (picture(color, (320, 180)) for color in ("red", "blue", "green"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Run everything, with pictures as they are in Stash and a background; a person's poster gives way."""
    with World(tmp_path_factory.mktemp("pictures")) as world:
        world.scan_all()
        world.settings["S2P_PROVIDER_INTERNAL_URL"] = f"http://127.0.0.1:{world.settings['S2P_PROVIDER_PORT']}"
        world.settings["S2P_FIELDS"] = "poster=sync, art=sync"
        world.settings["S2P_FILTERS_BARE"] = "write"
        world.settings["S2P_MAPPING_POSTER"] = "raw"
        world.start(*SERVICES)
        world.settle()
        quiet(world)
        yield world


def quiet(world: World) -> None:
    """Wait until no picture is due."""
    wait_until(
        lambda: (world.stats("pending"), world.stats("images_due")) == (0, 0), "no picture to be due", seconds=90
    )


def cover(world: World, scene_id: int, content: bytes, **more: bool) -> None:
    """Give a scene a cover in Stash."""
    world.control("stash", "do", op="cover_set", id=scene_id, data=base64.b64encode(content).decode(), **more)


def another_second(world: World, scene_id: int) -> None:
    """Wait until an edit moves a scene's updated_at, which nobody makes by hand within one second."""
    (edited,) = [scene["updated_at"] for scene in world.scenes() if scene["id"] == scene_id]
    wait_until(lambda: world.look("stash", "stats")["now"] > edited, "another second")


def name_of(content: bytes) -> str:
    """Return Plex's name for a picture."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def recorded(world: World, scene_id: int, kind: str = "poster") -> Any:
    """Return what the outcome tells of a picture."""
    return world.outcome(scene_id).get("images", {}).get(f"{kind}/{item_of(world, scene_id)['ratingKey']}", {})


def shows(world: World, scene_id: int, content: bytes, kind: str = "poster") -> None:
    """Wait until an item shows a picture, locked, and the outcome says so."""
    place = {"poster": "upload://posters/", "art": "upload://art/"}[kind]
    wait_until(lambda: item_of(world, scene_id)[kind] == place + name_of(content), f"the {kind}", seconds=60)
    wait_until(lambda: recorded(world, scene_id, kind).get("hash") == name_of(content), "it to be recorded")
    assert {"poster": "thumb", "art": "art"}[kind] in item_of(world, scene_id)["locks"]


def of_pictures(world: World, verb: str = "") -> list[str]:
    """Return what Plex was asked about pictures."""
    return [kind for kind in asked(world) if kind.startswith(verb) and ("poster" in kind or "/art" in kind)]


def test_a_cover_becomes_poster_and_background_and_then_costs_nothing(shared: World) -> None:
    cover(shared, 1, RED)
    for kind in ("poster", "art"):
        shows(shared, 1, RED, kind)
    quiet(shared)
    shared.control("plex", "reset-counts")
    shared.edit(1, title="Another title, the same cover")
    shared.settle()
    quiet(shared)
    shared.services["plex_writer"].stop()
    shared.start("plex_writer")
    shared.edit(2, title="After a restart")
    shared.settle()
    quiet(shared)
    assert of_pictures(shared) == []


def test_bytes_that_plex_has_are_selected_and_not_uploaded(shared: World) -> None:
    cover(shared, 3, BLUE)
    shows(shared, 3, BLUE)
    another_second(shared, 3)
    cover(shared, 3, GREEN)
    shows(shared, 3, GREEN)
    another_second(shared, 3)
    shared.control("plex", "reset-counts")
    cover(shared, 3, BLUE)
    shows(shared, 3, BLUE)
    assert of_pictures(shared, "POST") == []


def test_a_cover_that_comes_in_the_second_of_another_edit_is_found(shared: World) -> None:
    """As when a scan makes it: Stash's updated_at does not move again."""
    shared.control("stash", "do", op="cover_set", id=9, none=True)
    wait_until(lambda: "drawing" in recorded(shared, 9)["detail"], "it to be looked for", seconds=60)
    cover(shared, 9, RED, same_second=True)
    shows(shared, 9, RED)


@pytest.mark.parametrize(
    ("scene_id", "content", "says"),
    [
        (4, b"this is no picture", "it is no JPEG, PNG, WebP, GIF or AVIF"),
        (5, picture("gray", (400, 600))[:2_000], "it cannot be decoded"),
        (6, RED + bytes(20_000_000), "20000000"),
        (7, b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a drawing in SVG"),
    ],
)
def test_what_is_wrong_with_a_cover_is_told_and_its_words_are_written(
    shared: World, scene_id: int, content: bytes, says: str
) -> None:
    before = item_of(shared, scene_id)["poster"]
    checked = recorded(shared, scene_id).get("checked")
    cover(shared, scene_id, content)
    shared.edit(scene_id, title=f"Words of {scene_id}")
    shared.settle()
    wait_until(lambda: recorded(shared, scene_id).get("checked") != checked, "the cover to be looked at", seconds=60)
    wait_until(lambda: says in recorded(shared, scene_id)["detail"], f"the outcome to say {says!r}", seconds=60)
    assert item_of(shared, scene_id)["poster"] == before


@pytest.mark.parametrize(("shape", "size"), [("crop", (120, 180)), ("fit", (320, 480))])
def test_a_poster_has_the_shape_that_is_wanted(shared: World, shape: str, size: tuple[int, int]) -> None:
    """Another shape is another picture of every scene; the background stays as it is."""
    cover(shared, 8, RED)
    for name in ("provider", "plex_writer"):
        shared.services[name].stop()
    shared.start("provider", "plex_writer", S2P_MAPPING_POSTER=shape)
    wait_until(lambda: recorded(shared, 8).get("shape") == shape, "the shape", seconds=90)
    item = item_of(shared, 8)
    where = f"{shared.plex.url}/library/metadata/{item['ratingKey']}/file"
    content = httpx.get(where, params={"url": item["poster"], "X-Plex-Token": "T"}, trust_env=False).content
    assert (name_of(content), Image.open(io.BytesIO(content)).size) == (recorded(shared, 8)["hash"], size)
    shows(shared, 8, RED, "art")
