"""`GET /images/…` before a simulated Stash: one question a picture, no key, no hang, and answers while it is away."""

from __future__ import annotations

import base64
import io
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from PIL import Image

from common.item import cover_version
from common.messages import Group, Performer, Studio
from tests.provider.given import scene
from tests.provider.installation import Installation
from tests.simulators.stash_process import Running
from tools.processes import Server, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from common.messages import Scene

KEY = "a-key-of-stash"
POSTER = "/images/scene/1/poster"


def covered(scene_id: int, **more: Any) -> Scene:
    """Return a scene with a cover."""
    return scene(scene_id, cover=f"/scene/{scene_id}/screenshot", **more)


WHOLE = covered(
    1,
    studio=Studio(id=1, name="House"),
    performers=(
        Performer(id=1, name="Ann", image="/performer/1/image?t=1700000000"),
        Performer(id=2, name="Bob"),
    ),
    groups=(Group(id=1, name="Saga"), Group(id=2, name="Other")),
)
SCENES = [WHOLE, covered(2), covered(3), scene(4), covered(5, details=""), *(covered(n) for n in range(6, 40))]


class Place:
    """A provider in front of a Stash that can be stopped."""

    def __init__(self, installation: Installation, stash: Running, process: Server) -> None:
        self.installation = installation
        self.stash = stash
        self.process = process

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET from the provider."""
        return self.installation.http.get(path, headers=headers)

    def in_stash(self, path: str) -> bytes:
        """Return what Stash has, asked directly."""
        answer = self.stash.http.get(path)
        assert answer.status_code == 200
        return answer.content

    def asked(self) -> int:
        """Return how many pictures Stash was asked for."""
        return int(self.stash.told("stats")["requests"].get("image", 0))


@contextmanager
def place(folder: Path, *scenes: Scene, **settings: str) -> Iterator[Place]:
    """Run Stash, broker and provider."""
    arguments = ["--scenes", "60", "--api-key", KEY]
    with Server("stash", "simulators.stash", arguments, folder) as process:
        with httpx.Client(base_url=process.url, headers={"ApiKey": KEY}, timeout=30, trust_env=False) as http:
            stash = Running(process.url, http)
            furnish(stash)
            given: dict[str, Any] = {
                "S2P_MAPPING_POSTER": "raw",
                "S2P_STASH_URL": process.url,
                "S2P_STASH_API_KEY": KEY,
                **settings,
            }
            with Installation(folder, **given) as made:
                made.ready(*(scenes or SCENES))
                stash.control("reset-stats")
                yield Place(made, stash, process)
                made.process.stop() if made.process else None
                log = made.provider.log.read_text()
                assert "Traceback" not in log
                assert KEY not in log


def furnish(stash: Running) -> None:
    """Give every scene a cover but 3; performer 1, studio 1 and group 1 a picture, group 2 none."""
    for number in range(1, 40):
        stash.do("cover_set", id=number, **({"none": True} if number == 3 else {"seed": 100 + number}))
    for kind in ("performer", "studio", "group"):
        stash.do(f"{kind}_image", id=1, seed=7)
    stash.do("group_image", id=2, none=True)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Give a provider that tests only ask."""
    with place(tmp_path_factory.mktemp("images")) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/images/scene/1/poster", "/scene/1/screenshot"),
        ("/images/scene/1/art", "/scene/1/screenshot"),
        ("/images/scene/1/poster/?v=5", "/scene/1/screenshot"),
        ("/images/performer/1", "/performer/1/image"),
        ("/images/studio/1", "/studio/1/image"),
        ("/images/group/1", "/group/1/frontimage"),
    ],
)
def test_a_picture_is_stashs_byte_by_byte_with_an_etag_of_ours(shared: Place, path: str, there: str) -> None:
    answer = shared.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.content == shared.in_stash(there)
    assert answer.headers["content-type"] == "image/png"
    assert not answer.headers["etag"].startswith("W/")
    again = shared.get(path, **{"If-None-Match": f'"other", {answer.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert shared.get(path, **{"If-None-Match": '"other"'}).status_code == 200
    assert KEY not in str(answer.headers)


def test_head_says_what_get_would(shared: Place) -> None:
    get, head = shared.get(POSTER), shared.installation.http.head(POSTER)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.content))


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/images/scene/3/poster", "SVG"),
        ("/images/scene/4/poster", "no cover"),
        ("/images/scene/5/poster", "kept from Plex"),
        ("/images/performer/2", "no picture"),
        ("/images/group/2", "SVG"),
        ("/images/scene/55/poster", "no scene 55"),
        ("/images/performer/9", "no scene names performer 9"),
        ("/images/studio/2", "no scene names studio 2"),
        ("/images/group/9", "no scene names group 9"),
        ("/images/scene/1/banner", "poster and art"),
        ("/images/tag/1", "pictures of"),
        ("/images/scene/01/poster", "no id"),
        ("/images/scene/..%2f1/poster", ""),
        ("/images/performer/1%2f..%2f2", ""),
        ("/images/scene/1", "no id|pictures of"),
        ("/images", ""),
    ],
)
def test_what_has_no_picture_is_404_with_a_reason(shared: Place, path: str, why: str) -> None:
    for _ in range(2):
        answer = shared.get(path)
        assert answer.status_code == 404
        assert any(part in answer.json()["error"] for part in why.split("|"))


def test_stash_is_asked_once_a_picture_however_many_want_it(tmp_path: Path) -> None:
    with place(tmp_path) as made, ThreadPoolExecutor(16) as pool:
        numbers = [number for number in range(6, 40) for _ in range(4)]
        leaves = ["poster", "art"] * (len(numbers) // 2)
        answers = list(pool.map(lambda n, leaf: made.get(f"/images/scene/{n}/{leaf}"), numbers, leaves))
        assert {answer.status_code for answer in answers} == {200}
        assert made.asked() == 34
        assert made.get("/images/scene/3/poster").status_code == 404
        assert made.get("/images/scene/3/poster").status_code == 404
        assert made.asked() == 35


def test_an_edited_scene_is_asked_for_again_and_only_a_new_cover_is_fetched(tmp_path: Path) -> None:
    with place(tmp_path) as made:
        before = made.get(POSTER)
        edited = covered(1, seq=100, updated_at="2024-02-03T05:00:00Z", title="Edited")
        made.installation.tell(edited)
        wait_until(lambda: made.installation.title(1) == "Edited", "the edit")
        assert made.get(POSTER).headers["etag"] == before.headers["etag"]
        assert made.asked() == 2
        made.stash.do("cover_set", id=1, seed=999)
        made.installation.tell(covered(1, seq=101, updated_at="2024-02-03T06:00:00Z", title="Covered"))
        wait_until(lambda: made.installation.title(1) == "Covered", "the edit")
        after = made.get(POSTER, **{"If-None-Match": before.headers["etag"]})
        assert after.status_code == 200
        assert after.content == made.in_stash("/scene/1/screenshot") != before.content


def test_whoever_asks_for_the_current_one_gets_a_cover_that_nothing_told_of(tmp_path: Path) -> None:
    """It came in the second of the last edit; that there is none holds for others, and for a moment."""
    with place(tmp_path) as made:
        made.stash.do("cover_set", id=1, none=True)
        current = {"Cache-Control": "no-cache"}
        assert made.get(POSTER, **current).status_code == 404
        made.stash.do("cover_set", id=1, seed=999, same_second=True)
        assert made.get(POSTER).status_code == 404
        wait_until(lambda: made.get(POSTER, **current).status_code == 200, "the new cover")
        asked = made.asked()
        assert made.get(POSTER, **current).content == made.in_stash("/scene/1/screenshot")
        assert made.asked() == asked + 1  # in_stash itself


def test_while_stash_is_away_what_is_here_is_shown_and_the_rest_is_503_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with place(tmp_path, S2P_PROVIDER_CACHE=str(folder)) as made:
        shown = made.get(POSTER)
        made.process.stop()
        assert made.get(POSTER).content == shown.content
        begun = time.monotonic()
        refused = [made.get(f"/images/scene/{number}/poster") for number in range(6, 26)]
        assert {answer.status_code for answer in refused} == {503}
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        assert time.monotonic() - begun < 20
        made.installation.tell(covered(1, seq=100, updated_at="2024-02-03T05:00:00Z", title="Edited"))
        wait_until(lambda: made.installation.title(1) == "Edited", "the edit")
        assert made.get(POSTER).content == shown.content
        assert made.get(POSTER, **{"Cache-Control": "no-cache"}).status_code == 503
        made.installation.provider.stop()
        made.installation.start()
        made.installation.until_ready()
        assert made.get(POSTER).content == shown.content
        assert [path.name for path in folder.iterdir()] == ["scene-1.picture"]


@pytest.mark.parametrize("fault", [{"kind": "hang"}, {"kind": "slow", "delay_ms": 60_000}])
def test_a_stash_that_does_not_answer_holds_nobody_for_long(tmp_path: Path, fault: dict[str, Any]) -> None:
    with place(tmp_path) as made, ThreadPoolExecutor(12) as pool:
        made.stash.control("fault", match="image", **fault)
        begun = time.monotonic()
        answers = list(pool.map(lambda number: made.get(f"/images/scene/{number}/poster"), range(6, 18)))
        assert {answer.status_code for answer in answers} == {503}
        assert time.monotonic() - begun < 20
        assert made.installation.health()["status"] == "ok"
        made.stash.control("fault", kind="clear")
        wait_until(lambda: made.get(POSTER).status_code == 200, "Stash to be asked again")


@pytest.mark.parametrize("kind", ["500", "503", "401", "302", "403", "down", "cut", "html", "locked", "truncated"])
def test_a_stash_that_fails_or_refuses_us_is_503_and_asked_again_later(tmp_path: Path, kind: str) -> None:
    with place(tmp_path) as made:
        made.stash.control("fault", kind=kind, match="image", count=1)
        assert made.get(POSTER).status_code == 503
        wait_until(lambda: made.get(POSTER).status_code == 200, "Stash to be asked again")


def test_a_scene_that_stash_does_not_have_for_now_is_asked_for_again(tmp_path: Path) -> None:
    """The table has the scene: Stash may show another or an empty database for a while."""
    with place(tmp_path) as made:
        made.stash.do("scene_destroy", id=6)
        assert made.get("/images/scene/6/poster").status_code == 503


def test_another_stash_is_not_asked_for_pictures(tmp_path: Path) -> None:
    """It has other scenes under the same ids."""
    with place(tmp_path) as made:
        kept = made.get(POSTER)
        made.installation.stash("replaced")
        wait_until(lambda: made.installation.health()["stash"] == "replaced", "it to be heard of")
        assert made.get("/images/scene/7/poster").status_code == 503
        assert made.get(POSTER).content == kept.content
        made.installation.stash("reachable")
        wait_until(lambda: made.get("/images/scene/7/poster").status_code == 200, "Stash to be asked again")


def test_an_answer_about_a_scene_names_the_state_that_it_is_of(shared: Place) -> None:
    for number, status in ((1, 200), (3, 404), (4, 404), (5, 404)):
        answer = shared.get(f"/images/scene/{number}/poster")
        known = next(one for one in SCENES if one.id == number)
        assert (answer.status_code, answer.headers["x-scene-version"]) == (status, cover_version(known))
    assert "x-scene-version" not in shared.get("/images/scene/55/poster").headers


@pytest.mark.parametrize(("shape", "size"), [("crop", (120, 180)), ("fit", (320, 480))])
def test_a_poster_is_shaped_and_the_background_is_not(tmp_path: Path, shape: str, size: tuple[int, int]) -> None:
    with place(tmp_path, S2P_MAPPING_POSTER=shape) as made:
        for _ in range(2):
            poster = made.get(POSTER)
            assert Image.open(io.BytesIO(poster.content)).size == size
            assert poster.headers["content-type"] == "image/jpeg"
        background = made.get("/images/scene/1/art").content
        assert made.asked() == 1
        assert background == made.in_stash("/scene/1/screenshot")


def test_the_cache_has_a_bound(tmp_path: Path) -> None:
    big = noise()
    folder = tmp_path / "kept"
    with place(tmp_path, S2P_PROVIDER_CACHE=str(folder), S2P_PROVIDER_CACHE_MB="1") as made:
        for number in range(6, 16):
            made.stash.do("cover_set", id=number, data=big)
            assert len(made.get(f"/images/scene/{number}/poster").content) > 250_000
        assert sum(path.stat().st_size for path in folder.iterdir()) < 1_100_000
        asked = made.asked()
        assert made.get("/images/scene/15/poster").status_code == 200
        assert made.asked() == asked
        assert made.get("/images/scene/6/poster").status_code == 200
        assert made.asked() == asked + 1


def test_a_folder_that_cannot_be_used_costs_the_keeping_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with place(tmp_path, S2P_PROVIDER_CACHE=str(tmp_path / "file")) as made:
        for _ in range(2):
            assert made.get(POSTER).content == made.in_stash("/scene/1/screenshot")
        assert "S2P_PROVIDER_CACHE" in made.installation.provider.log.read_text()


def test_without_a_stash_there_are_no_pictures(tmp_path: Path) -> None:
    with Installation(tmp_path) as made:
        made.ready(WHOLE)
        answer = made.http.get(POSTER)
        assert answer.status_code == 404
        assert "S2P_STASH_URL" in answer.json()["error"]


def noise() -> str:
    """Return a picture of about 300 KB as Stash takes it."""
    out = io.BytesIO()
    Image.effect_noise((750, 600), 200).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()
