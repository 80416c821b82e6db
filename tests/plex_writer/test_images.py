"""Pictures (DESIGN, rule 12): a real writer between a broker, a Plex and a provider that can be in any trouble."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from common.item import cover_version
from tests.plex_writer.cover_server import Cover, CoverServer, picture
from tests.plex_writer.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.messages import Scene

pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def covers() -> Iterator[CoverServer]:
    with CoverServer() as server:
        yield server


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, covers: CoverServer) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("images")
    with Stage(folder, S2P_PROVIDER_INTERNAL_URL=covers.url, S2P_FIELDS="art=fill") as made:
        covers.known = made.published
        made.start()
        yield made


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    yield shared
    shared.control("fault", kind="clear")


def name_of(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def checked(stage: Stage, scene: Scene, key: str, kind: str = "poster") -> Any:
    """Wait until a picture was looked at for this version of the scene, with or without success."""

    def image() -> Any:
        return stage.outcome(scene).get("images", {}).get(f"{kind}/{key}", {})

    stage.until(lambda: image().get("checked") == scene.updated_at or image().get("due"), f"the {kind} of {scene.id}")
    return image()


def with_cover(stage: Stage, covers: CoverServer, name: str, cover: Cover, **facts: Any) -> tuple[str, Scene]:
    """Make an item and its scene, with a poster of that kind."""
    (key,) = stage.items(f"/media/{name}/{name}.mp4")
    scene_id = next(stage.numbers)
    covers.covers[f"{scene_id}/poster"] = cover
    return key, stage.scene(f"/media/{name}/{name}.mp4", scene_id=scene_id, **facts)


def again(stage: Stage, scene: Scene, **facts: Any) -> Scene:
    """Publish a scene once more, edited."""
    return stage.scene(*(file.path for file in scene.files), scene_id=scene.id, **facts)


def picture_requests(stage: Stage) -> dict[str, int]:
    kinds: dict[str, int] = stage.told("counts")["kinds"]
    return {kind: n for kind, n in kinds.items() if "poster" in kind or "art" in kind}


def test_a_cover_is_uploaded_selected_and_locked_and_then_costs_nothing(stage: Stage, covers: CoverServer) -> None:
    red = picture("red")
    key, scene = with_cover(stage, covers, "first", Cover(red))
    image = checked(stage, scene, key)
    assert (image["hash"], image["detail"], image["due"]) == (name_of(red), "", None)
    item = stage.item(key)
    assert item["poster"] == f"upload://posters/{name_of(red)}"
    assert "thumb" in item["locks"]
    stage.until(lambda: stage.ear.json("plex/plex/stats").get("images_due") == 0, "no picture to be due")
    stage.control("reset-counts")
    later = again(stage, scene, title="Another title, the same cover")
    checked(stage, later, key)
    assert picture_requests(stage) == {}
    assert covers.asked[-1][1] != "" or covers.asked[-2][1] != ""
    asked = len(covers.asked)
    stage.start()
    stage.ended(again(stage, later), "synced")
    stage.ask("reconcile")
    since = [name for name, _ in covers.asked[asked:] if name.startswith(f"{scene.id}/")]
    assert len(since) <= 2, since


def test_another_cover_replaces_ours_and_one_that_plex_has_is_selected_not_uploaded(
    stage: Stage, covers: CoverServer
) -> None:
    green, blue = picture("green"), picture("blue")
    key, scene = with_cover(stage, covers, "second", Cover(green))
    checked(stage, scene, key)
    covers.covers[f"{scene.id}/poster"] = Cover(blue)
    scene = again(stage, scene)
    checked(stage, scene, key)
    assert stage.item(key)["poster"] == f"upload://posters/{name_of(blue)}"
    covers.covers[f"{scene.id}/poster"] = Cover(green)
    stage.control("reset-counts")
    scene = again(stage, scene)
    checked(stage, scene, key)
    assert stage.item(key)["poster"] == f"upload://posters/{name_of(green)}"
    assert not any(kind.startswith("POST") for kind in picture_requests(stage))


def test_a_persons_poster_stays_under_fill_and_the_outcome_says_so(stage: Stage, covers: CoverServer) -> None:
    theirs = picture("white")
    (key,) = stage.items("/media/person/person.mp4")
    stage.control("person", ratingKey=key, poster=base64.b64encode(theirs).decode())
    scene_id = next(stage.numbers)
    covers.covers[f"{scene_id}/poster"] = Cover(picture("black"))
    scene = stage.scene("/media/person/person.mp4", scene_id=scene_id)
    assert "somebody chose another picture" in checked(stage, scene, key)["detail"]
    assert stage.item(key)["poster"] == f"upload://posters/{name_of(theirs)}"


def test_a_poster_that_a_person_chose_after_ours_stays(stage: Stage, covers: CoverServer) -> None:
    key, scene = with_cover(stage, covers, "after", Cover(picture("cyan")))
    checked(stage, scene, key)
    theirs = picture("magenta")
    stage.control("person", ratingKey=key, poster=base64.b64encode(theirs).decode())
    covers.covers[f"{scene.id}/poster"] = Cover(picture("yellow"))
    scene = again(stage, scene)
    assert checked(stage, scene, key)["detail"]
    assert stage.item(key)["poster"] == f"upload://posters/{name_of(theirs)}"


def test_a_background_is_a_picture_of_its_own(stage: Stage, covers: CoverServer) -> None:
    wide = picture("orange", (60, 30))
    (key,) = stage.items("/media/art/art.mp4")
    scene_id = next(stage.numbers)
    covers.covers[f"{scene_id}/art"] = Cover(wide)
    scene = stage.scene("/media/art/art.mp4", scene_id=scene_id)
    assert checked(stage, scene, key, "art")["hash"] == name_of(wide)
    assert stage.item(key)["art"] == f"upload://art/{name_of(wide)}"
    assert checked(stage, scene, key)["detail"] == "the provider has no picture of it"
    assert stage.item(key)["poster"] == ""


@pytest.mark.parametrize(
    ("name", "cover", "says"),
    [
        ("none", Cover(status=404), "no picture"),
        ("html", Cover(b"<html>sign in</html>"), "the cover is no picture"),
        ("half", Cover(picture("gray", (400, 600))[:2_000]), "the cover is no picture"),
        ("vast", Cover(b"\xff\xd8" + bytes(20_000_001)), "more than 20 MB"),
        ("torn", Cover(picture("gray"), cut=100), "does not answer"),
        ("away", Cover(status=503, headers={"Retry-After": "7"}), "answers 503"),
        ("broken", Cover(status=500), "answers 500"),
    ],
)
def test_whatever_is_wrong_with_a_picture_its_words_are_written(
    stage: Stage, covers: CoverServer, name: str, cover: Cover, says: str
) -> None:
    key, scene = with_cover(stage, covers, name, cover)
    assert stage.ended(scene, "synced")
    image = checked(stage, scene, key)
    assert says in image["detail"]
    assert (image["due"] is not None) == (name in {"torn", "away", "broken"})
    assert stage.shown(key, scene)
    assert stage.item(key)["poster"] == ""


def test_a_picture_comes_when_the_provider_is_back(stage: Stage, covers: CoverServer) -> None:
    key, scene = with_cover(stage, covers, "back", Cover(status=503, headers={"Retry-After": "1"}))
    assert checked(stage, scene, key)["due"]
    assert stage.ear.json("plex/plex/stats")["images_due"] >= 0
    blue = picture("navy")
    covers.covers[f"{scene.id}/poster"] = Cover(blue)
    stage.until(lambda: stage.item(key)["poster"] == f"upload://posters/{name_of(blue)}", "the poster")


def test_a_picture_of_an_older_state_of_the_scene_is_not_taken_for_the_newest(
    stage: Stage, covers: CoverServer
) -> None:
    """The provider hears of a change by itself, perhaps later than the writer."""
    old, new = picture("tan"), picture("teal")
    (key,) = stage.items("/media/late/late.mp4")
    scene_id = next(stage.numbers)
    covers.covers[f"{scene_id}/poster"] = Cover(old, headers={"X-Scene-Version": "an older one"})
    scene = stage.scene("/media/late/late.mp4", scene_id=scene_id)
    assert "not heard of" in checked(stage, scene, key)["detail"]
    assert stage.item(key)["poster"] == ""
    covers.covers[f"{scene_id}/poster"] = Cover(new, headers={"X-Scene-Version": cover_version(scene)})
    stage.until(lambda: stage.item(key)["poster"] == f"upload://posters/{name_of(new)}", "the newest")


def test_a_scene_that_the_provider_does_not_know_yet_is_asked_for_again(stage: Stage, covers: CoverServer) -> None:
    """A provider that has just started may have an older table than the writer."""
    blue = picture("indigo")
    (key,) = stage.items("/media/unknown/unknown.mp4")
    scene_id = next(stage.numbers)
    covers.covers[f"{scene_id}/poster"] = Cover(status=404, headers={"X-Scene-Version": ""})
    scene = stage.scene("/media/unknown/unknown.mp4", scene_id=scene_id)
    assert "not heard of" in checked(stage, scene, key)["detail"]
    covers.covers[f"{scene_id}/poster"] = Cover(blue)
    stage.until(lambda: stage.item(key)["poster"] == f"upload://posters/{name_of(blue)}", "the poster")


def test_a_new_cover_does_not_wait_for_the_time_of_the_one_before(stage: Stage, covers: CoverServer) -> None:
    key, scene = with_cover(stage, covers, "overtakes", Cover(status=503, headers={"Retry-After": "3000"}))
    assert checked(stage, scene, key)["due"]
    gold = picture("gold")
    covers.covers[f"{scene.id}/poster"] = Cover(gold)
    again(stage, scene)
    stage.until(lambda: stage.item(key)["poster"] == f"upload://posters/{name_of(gold)}", "the poster")


def test_no_provider_at_all_is_waited_for_and_charged_to_no_picture(stage: Stage, covers: CoverServer) -> None:
    silver = picture("silver")
    with covers.away():
        key, scene = with_cover(stage, covers, "nobody", Cover(silver))
        stage.ended(scene, "synced")
        stage.until(lambda: stage.writer is not None and "pictures_wait" in stage.writer.tail(99), "it to find nobody")
        assert f"poster/{key}" not in stage.outcome(scene).get("images", {})
    stage.until(lambda: stage.item(key)["poster"] == f"upload://posters/{name_of(silver)}", "the poster")


@pytest.mark.parametrize("match", ["POST /library/metadata/{key}/posters", "GET /library/metadata/{key}/posters"])
def test_a_plex_that_fails_at_pictures_writes_words_all_the_same(stage: Stage, covers: CoverServer, match: str) -> None:
    name = f"fails{len(match)}"
    (key,) = stage.items(f"/media/{name}/{name}.mp4")
    stage.control("fault", kind="status", status=500, ratingKey=key, match=match)
    scene_id = next(stage.numbers)
    covers.covers[f"{scene_id}/poster"] = Cover(picture("pink"))
    scene = stage.scene(f"/media/{name}/{name}.mp4", scene_id=scene_id)
    image = checked(stage, scene, key)
    assert "500" in image["detail"]
    assert image["due"]
    edited = again(stage, scene)
    stage.ended(edited, "synced")
    assert stage.shown(key, edited)
    assert stage.ear.json("plex/plex/state")["plex"] == "reachable"


def test_a_refused_picture_is_told_and_not_tried_in_a_loop(stage: Stage, covers: CoverServer) -> None:
    (key,) = stage.items("/media/refused/refused.mp4")
    stage.control("fault", kind="status", status=413, ratingKey=key, match="POST *")
    scene_id = next(stage.numbers)
    covers.covers[f"{scene_id}/poster"] = Cover(picture("plum"))
    scene = stage.scene("/media/refused/refused.mp4", scene_id=scene_id)
    image = checked(stage, scene, key)
    assert "refused the picture" in image["detail"]
    assert image["due"] is None


def test_the_words_outcome_keeps_the_pictures_and_pictures_keep_the_words(stage: Stage, covers: CoverServer) -> None:
    key, scene = with_cover(stage, covers, "both", Cover(picture("lime")))
    image = checked(stage, scene, key)
    edited = again(stage, scene, title="Edited")
    outcome = stage.ended(edited, "synced")
    assert outcome["images"][f"poster/{key}"]["hash"] == image["hash"]
    stage.until(lambda: checked(stage, edited, key)["checked"] == edited.updated_at, "the check")
    assert stage.outcome(edited)["items"][key]["wrote"]["title"]


def test_sync_replaces_any_poster_and_unlocked_is_left_unlocked(stage: Stage, covers: CoverServer) -> None:
    """Last, since the writer starts with other settings."""
    stage.start(S2P_FIELDS="poster=sync unlocked")
    (key,) = stage.items("/media/sync/sync.mp4")
    stage.control("person", ratingKey=key, poster=base64.b64encode(picture("white")).decode())
    ours = picture("maroon")
    scene_id = next(stage.numbers)
    covers.covers[f"{scene_id}/poster"] = Cover(ours)
    scene = stage.scene("/media/sync/sync.mp4", scene_id=scene_id)
    assert checked(stage, scene, key)["hash"] == name_of(ours)
    stage.until(lambda: "thumb" not in stage.item(key)["locks"], "the lock to go")
    assert stage.item(key)["poster"] == f"upload://posters/{name_of(ours)}"
    assert msgspec.json.encode(stage.outcome(scene))
