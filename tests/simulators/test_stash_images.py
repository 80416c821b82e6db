"""Images: always 200, sniffed types, ETags that are the content's MD5, and what a cache may keep."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest

from simulators.stash.images import content_type, draw
from tests.simulators.stash_process import Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

JPEG = b"\xff\xd8\xff\xe0 not much of a picture"


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", "20") as stash:
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


def test_the_etag_is_the_md5_and_a_conditional_get_saves_the_body(stash: Running) -> None:
    stash.do("cover_set", id=1, data=base64.b64encode(JPEG).decode())
    answer = stash.http.get("/scene/1/screenshot")
    assert (answer.content, answer.headers["Content-Type"]) == (JPEG, "image/jpeg")
    assert answer.headers["ETag"] == f'"{hashlib.md5(JPEG).hexdigest()}"'
    same = stash.http.get("/scene/1/screenshot", headers={"If-None-Match": answer.headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == answer.headers["ETag"]
    other = stash.http.get("/scene/1/screenshot", headers={"If-None-Match": '"something"'})
    assert other.status_code == 200


def test_a_changed_cover_has_another_etag_and_an_edited_scene_the_same(stash: Running) -> None:
    stash.do("cover_set", id=1)
    first = stash.http.get("/scene/1/screenshot").headers["ETag"]
    stash.do("scene_update", id=1, fields={"title": "x"})
    assert stash.http.get("/scene/1/screenshot").headers["ETag"] == first == stash.truth(1)["cover"]
    stash.do("generate_cover", id=1)
    assert stash.http.get("/scene/1/screenshot").headers["ETag"] != first


def test_with_t_in_the_query_a_cache_may_keep_it_and_without_it_must_ask(stash: Running) -> None:
    assert stash.http.get("/scene/1/screenshot").headers["Cache-Control"] == "no-cache"
    assert "immutable" in stash.http.get("/scene/1/screenshot?t=1").headers["Cache-Control"]


@pytest.mark.parametrize(
    ("kind", "path", "placeholder"),
    [
        ("tag", "/tag/{}/image", "image/svg+xml"),
        ("studio", "/studio/{}/image", "image/svg+xml"),
        ("performer", "/performer/{}/image", "image/png"),
        ("group", "/group/{}/frontimage", "image/svg+xml"),
        ("group", "/group/{}/backimage", "image/svg+xml"),
    ],
)
def test_a_missing_image_is_a_placeholder_with_status_200(
    stash: Running, kind: str, path: str, placeholder: str
) -> None:
    made = stash.do(f"{kind}_create", name="Bare")["id"]
    answer = stash.http.get(path.format(made))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, placeholder)


def test_entities_say_that_their_image_is_a_placeholder_and_scenes_do_not(stash: Running) -> None:
    stash.do(
        "scene_update", id=1, fields={"performers": ["Bare"], "tags": ["Bare"], "studio": "Bare", "groups": ["Bare"]}
    )
    stash.do("cover_set", id=1, none=True)
    query = """{findScene(id: 1) {paths {screenshot} performers {image_path} tags {image_path} studio {image_path}
      groups {group {front_image_path back_image_path}}}}"""
    scene = stash.ask(query)["findScene"]
    for held in (scene["performers"][0], scene["tags"][0], scene["studio"]):
        assert held["image_path"].endswith("&default=true")
    assert scene["groups"][0]["group"]["front_image_path"].endswith("&default=true")
    assert scene["groups"][0]["group"]["back_image_path"] is None
    assert "default" not in scene["paths"]["screenshot"]
    assert stash.http.get("/scene/1/screenshot").headers["Content-Type"] == "image/svg+xml"
    assert stash.ids('{is_missing: "cover"}').count(1) == 1


def test_with_default_in_the_query_an_entitys_own_image_is_not_shown(stash: Running) -> None:
    stash.do("studio_image", id=1, data=base64.b64encode(JPEG).decode())
    assert stash.http.get("/studio/1/image").content == JPEG
    assert stash.http.get("/studio/1/image?default=true").content != JPEG


def test_performers_without_image_differ_by_name_as_if_they_had_one(stash: Running) -> None:
    made = [stash.do("performer_create", name=f"Bare {number}")["id"] for number in range(20)]
    assert len({stash.http.get(f"/performer/{one}/image").headers["ETag"] for one in made}) > 1


def test_a_legacy_cover_has_a_date_and_no_etag(stash: Running) -> None:
    stash.do("cover_set", id=1, legacy=True)
    answer = stash.http.get("/scene/1/screenshot")
    assert "ETag" not in answer.headers
    since = {"If-Modified-Since": answer.headers["Last-Modified"]}
    assert stash.http.get("/scene/1/screenshot", headers=since).status_code == 304


@pytest.mark.parametrize(
    ("path", "status"), [("/scene/999/screenshot", 404), ("/scene/x/screenshot", 400), ("/tag/x/image", 404)]
)
def test_what_is_not_there(stash: Running, path: str, status: int) -> None:
    assert stash.http.get(path).status_code == status


def test_an_image_can_not_be_asked_for_by_head(stash: Running) -> None:
    assert stash.http.head("/scene/1/screenshot").status_code == 405


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (draw(1), "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"<svg/>", "image/svg+xml"),
        (b"\0\0\0 ftypavif", "application/octet-stream"),
    ],
)
def test_the_type_is_sniffed(data: bytes, kind: str) -> None:
    assert content_type(data) == kind


def test_markers_are_chapters_called_by_their_tags_if_they_have_no_title(stash: Running) -> None:
    made = stash.do("scene_create", fields={"title": "x"})["id"]
    stash.do("marker_create", scene=made, seconds=3661.5, tag="Storm", tags=["Sea"])
    stash.do("marker_create", scene=made, seconds=0, tag="Start", title="Opening")
    answer = stash.http.get(f"/scene/{made}/vtt/chapter")
    assert answer.headers["Content-Type"].startswith("text/vtt")
    assert answer.text.splitlines()[2:8] == [
        "1", "00:00:00.000 --> 00:00:00.000", "Opening", "",
        "2", "01:01:01.500 --> 01:01:01.500",
    ]  # fmt: skip
    assert answer.text.splitlines()[8] == "Storm, Sea"
