"""Dry runs as people get them: plan, explain and the start mode review, from a real writer over a real broker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from common.guids import IDENTIFIER, guid_of
from common.messages import Group, Studio
from services.plex_writer.binding import guid_to_bind
from services.plex_writer.plan import Current
from tests.plex_writer.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.story


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("preview")) as made:
        made.start()
        yield made


@pytest.fixture
def stage(shared: Stage) -> Stage:
    return shared


def asked(stage: Stage, command: str, **data: object) -> Any:
    answer = stage.ask(command, **data)
    assert answer["status"] == "ok", answer
    return answer["data"]


def writes(stage: Stage) -> int:
    return len([write for write in stage.told("writes") if write["method"] == "PUT"])


def test_a_plan_is_the_exact_difference_and_writes_nothing(stage: Stage) -> None:
    """The scene is skipped while it is bare, so nobody writes it before it is planned."""
    (key,) = stage.items("/media/plan/one.mp4")
    scene = stage.scene("/media/plan/one.mp4", title="Wanted", details="Words.", tags=("Drama",))
    stage.ended(scene, "synced")
    stage.control("person", ratingKey=key, title="A person's", genres=["Drama", "Theirs"], tagline="Mine")
    stage.until(lambda: stage.item(key)["title"] == "Wanted", "it to be put right")
    before = writes(stage)
    stage.ask("pause")
    edited = stage.scene(
        "/media/plan/one.mp4",
        scene_id=scene.id,
        title="Edited",
        details="",
        code="AB-1",
        tags=("Comedy",),
        studio=Studio(id=1, name="Acme"),
    )
    stage.until(lambda: asked(stage, "plan", ids=[scene.id])["scenes"][0]["title"] == "Edited", "the edit")
    plan = asked(stage, "plan", ids=[scene.id])
    (planned,) = plan["scenes"]
    (item,) = planned["items"]
    changes = {change["field"]: (change["current"], change["wanted"], change["why"]) for change in item["changes"]}
    assert changes["title"] == ("Wanted", "Edited", "sync: Stash wins")
    assert changes["summary"] == ("Words.", None, "Stash has no value any more, and what Plex shows is ours")
    assert changes["studio"] == (None, "Acme", "sync: Plex is empty")
    assert changes["tags"][:2] == (["Drama", "Theirs"], ["Theirs", "Comedy"])
    assert "tagline" not in changes
    assert plan["counts"] == dict.fromkeys(changes, 1)
    assert (plan["total"], plan["next"], item["library"], planned["detail"]) == (1, None, "Movies", "")
    assert writes(stage) == before
    assert stage.item(key)["title"] == "Wanted"
    stage.ask("resume")
    stage.ended(edited, "synced")
    assert asked(stage, "plan", ids=[scene.id])["scenes"][0]["items"][0]["changes"] == []


def test_a_plan_of_all_comes_in_pages_and_says_why_some_are_not_written(stage: Stage) -> None:
    stage.items("/media/pages/a.mp4")
    scenes = [stage.scene(f"/media/pages/{name}.mp4") for name in "abc"]
    bare = stage.scene("/media/pages/bare.mp4", tags=())
    stage.ended(bare, "skipped")
    stage.ended(scenes[-1], "waiting")
    stage.until(lambda: asked(stage, "plan", every=True)["total"] >= 4, "the pages")
    found: dict[int, Any] = {}
    offset: int | None = 0
    while offset is not None:
        page = asked(stage, "plan", every=True, offset=offset, limit=2)
        assert len(page["scenes"]) <= 2
        found |= {scene["scene"]: scene for scene in page["scenes"]}
        offset = page["next"]
    assert found.keys() >= {scene.id for scene in (*scenes, bare)} - {bare.id} or page["total"] >= len(found)
    assert "Plex has no item" in found[scenes[1].id]["detail"]
    assert found[scenes[1].id]["items"] == []


def test_a_plan_without_a_scene_or_with_both_is_refused(stage: Stage) -> None:
    for given in ({}, {"ids": [1], "every": True}):
        assert stage.ask("plan", **given)["status"] == "error"


def test_explain_tells_of_a_scene_by_its_id_its_path_or_its_item(stage: Stage) -> None:
    (key,) = stage.items("/media/explain/it.mp4")
    stage.control("person", ratingKey=key, tagline="A person's")
    scene = stage.scene("/media/explain/it.mp4", code="AB-1", groups=(Group(id=1, name="Saga"),))
    stage.ended(scene, "synced")
    answers = [
        asked(stage, "explain", **given)
        for given in ({"ids": [scene.id]}, {"path": "/media/explain/it.mp4"}, {"rating_key": key})
    ]
    assert answers[0] == answers[1] == answers[2]
    (item,) = answers[0]["items"]
    fields = {field["field"]: field for field in item["fields"]}
    assert (item["rating_key"], item["library"], item["why"]) == (key, "Movies", "it has a file of the scene")
    assert fields["title"]["whose"] == "ours"
    assert fields["title"]["locked"] is True
    assert (fields["tagline"]["shown"], fields["tagline"]["wanted"], fields["tagline"]["whose"]) == (
        "A person's",
        "AB-1",
        "theirs",
    )
    assert fields["summary"]["whose"] == "empty"
    assert (fields["collections"]["shown"], fields["collections"]["policy"]) == (["Saga"], "merge")
    assert answers[0]["paths"] == [{"stash": "/media/explain/it.mp4", "plex": "/media/explain/it.mp4"}]
    assert answers[0]["outcome"]["state"] == "synced"
    assert answers[0]["next"].startswith("Nothing")


def test_explain_finds_a_scene_that_waits_and_says_so_of_a_file_that_nobody_has(stage: Stage) -> None:
    scene = stage.scene("/media/explain/later.mp4")
    stage.ended(scene, "waiting")
    answer = asked(stage, "explain", path="/media/explain/later.mp4")
    assert answer["scene"] == scene.id
    assert "looked at again" in answer["next"]
    (key,) = stage.items("/media/explain/nobody.mp4")
    answer = asked(stage, "explain", rating_key=key)
    assert (answer["scene"], answer["items"]) == (None, [])
    assert answer["next"].startswith("No scene has this file")


@pytest.mark.parametrize("given", [{}, {"ids": [1, 2]}, {"ids": [1], "path": "/x"}])
def test_explain_wants_one_thing(stage: Stage, given: dict[str, object]) -> None:
    assert "one scene" in stage.ask("explain", **given)["error"]


def test_in_review_everything_is_counted_and_nothing_written_until_start_even_after_a_restart(
    tmp_path: Path,
) -> None:
    with Stage(tmp_path, S2P_PLEX_START="review") as stage:
        keys = stage.items("/media/r/1.mp4", "/media/r/2.mp4")
        scenes = [stage.scene(f"/media/r/{n}.mp4", details="d") for n in (1, 2, 3)]
        stage.start()

        def review() -> Any:
            return stage.ear.json("plex/plex/stats").get("review") or {}

        stage.until(lambda: review().get("scenes") == 3, "all to be planned")
        assert review()["fields"] == {"title": 2, "summary": 2, "tags": 2, "waiting": 1}
        edited = stage.scene("/media/r/1.mp4", scene_id=scenes[0].id, details="")
        stage.until(lambda: review().get("fields", {}).get("summary") == 1, "the edit to be planned")
        assert not any(stage.ear.json(f"plex/plex/scene/{scene.id}") for scene in scenes)
        assert writes(stage) == 0
        stage.start()
        stage.until(lambda: review().get("scenes") == 3, "the review after a restart")
        assert writes(stage) == 0
        assert asked(stage, "start")["detail"]
        stage.ended(edited, "synced")
        stage.ended(scenes[1], "synced")
        assert stage.titles(keys) == [edited.title, scenes[1].title]
        stage.start()
        later = stage.scene("/media/r/2.mp4", scene_id=scenes[1].id)
        stage.ended(later, "synced")
        assert review() == {}
        assert "writes already" in asked(stage, "start")["detail"]


@pytest.mark.parametrize(
    ("guid", "agent", "bound"),
    [
        ("local://1", IDENTIFIER, True),
        ("", IDENTIFIER, True),
        (guid_of(17), IDENTIFIER, False),
        (guid_of(18), IDENTIFIER, True),
        ("plex://movie/5d7768", IDENTIFIER, False),
        ("local://1", "tv.plex.agents.movie", False),
        (guid_of(18), "com.plexapp.agents.none", False),
    ],
)
def test_which_items_our_provider_is_bound_to(guid: str, agent: str, bound: bool) -> None:
    current = Current(rating_key="1", section="1", guid=guid)
    assert guid_to_bind(current, agent, 17) == (guid_of(17) if bound else None)


def test_an_item_that_plex_scanned_before_stash_knew_it_is_matched(tmp_path: Path) -> None:
    with Stage(tmp_path, "--agent", IDENTIFIER) as stage:
        keys = stage.items("/media/early/bird.mp4", "/media/early/other.mp4")
        assert stage.item(keys[0])["guid"] == f"local://{keys[0]}"
        stage.start()
        scene = stage.scene("/media/early/bird.mp4")
        stage.ended(scene, "synced")
        stage.until(lambda: stage.item(keys[0])["guid"] == guid_of(scene.id), "the match")
        stage.control("reset-counts")
        edited = stage.scene("/media/early/bird.mp4", scene_id=scene.id)
        stage.ended(edited, "synced")
        assert not any("match" in kind for kind in stage.told("counts")["kinds"])
        assert stage.shown(keys[0], edited)
        assert stage.item(keys[1])["guid"] == f"local://{keys[1]}"
