"""The control API, recorded answers, random edits, and what the sample data is like."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from simulators.stash.random_edits import PLANS
from simulators.stash.sample import Sample
from simulators.stash.server import OPERATIONS, Stats
from simulators.stash.timestamps import Clock
from tests.simulators.stash_process import Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 'query Page {findScenes(filter: {per_page: 5, sort: "id"}) {count scenes {id title}}}'


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stash"), "--scenes", "50") as stash:
        yield stash


@pytest.fixture
def stash(process: Running) -> Running:
    return process.fresh()


def test_requests_are_counted_by_operation(stash: Running) -> None:
    stash.post(PAGE)
    stash.post(PAGE)
    stash.post("{version {version}}")
    stash.post("{")
    stash.http.get("/scene/1/screenshot")
    stats = stash.told("stats")
    assert stats["requests"] == {"Page": 2, "version": 1, "unreadable": 1, "image": 1}
    assert stats["total"] == 5
    stash.control("reset-stats")
    assert stash.told("stats")["total"] == 0


def test_names_that_are_counted_have_a_bound() -> None:
    stats = Stats()
    for number in range(2 * OPERATIONS):
        stats.count(f"operation {number}")
    assert len(stats.requests) == OPERATIONS + 1
    assert stats.requests.total() == 2 * OPERATIONS


def test_a_restored_backup_has_the_old_rows_and_ids_again(stash: Running) -> None:
    stash.do("tag_create", name="Kept")
    stash.control("snapshot", name="backup")
    made = stash.do("scene_create", fields={"title": "lost"})["id"]
    stash.do("scene_update", id=1, fields={"title": "lost"})
    stash.do("tag_destroy", name="Kept")
    assert stash.control("restore", name="backup")["scenes"] == 50
    assert stash.truth(1)["title"] != "lost"
    assert "Kept" in [row["name"] for row in stash.told("tags")]
    assert stash.do("scene_create", fields={"title": "another"})["id"] == made, "the same id is another scene now"
    assert stash.http.post("/control/restore", json={"name": "none"}).status_code == 400


def test_another_stash_behind_the_same_url_has_other_scenes_under_the_same_ids(stash: Running) -> None:
    before = stash.truth(1)
    stash.control("replace", scenes=30, seed=99)
    after = stash.truth(1)
    assert len(stash.told("scenes")) == 30
    assert (after["created_at"], after["oshashes"]) != (before["created_at"], before["oshashes"])


def test_random_edits_are_the_same_for_the_same_seed(stash: Running) -> None:
    def outcome() -> list[dict[str, Any]]:
        stash.control("restore", name="before the test")
        return [{**one, "updated_at": ""} for one in stash.do("random", seed=5, count=60)["done"]]

    first = outcome()
    assert first == outcome()
    assert len(first) == 60
    assert len({one["op"] for one in first}) > 10


@pytest.mark.parametrize("kind", sorted(PLANS))
def test_every_kind_of_random_edit_can_be_asked_for(stash: Running, kind: str) -> None:
    done = stash.do("random", seed=1, count=3, kinds=[kind])["done"]
    assert {one["op"] for one in done} == {kind}
    assert any("args" in one for one in done)
    assert stash.ask("{findScenes(filter: {per_page: -1}) {scenes {tags {name} scene_markers {primary_tag {id}}}}}")


def test_recorded_answers_are_the_same_bytes_until_anything_changes(stash: Running) -> None:
    stash.control("recorded", on=True)
    first = stash.post(PAGE)
    assert stash.post(PAGE).content == first.content
    stash.do("sql", id=1, set={"title": "Changed in silence"})
    assert stash.ask(PAGE)["findScenes"]["scenes"][0]["title"] == "Changed in silence"
    stash.control("restore", name="before the test")
    assert stash.post(PAGE).content == first.content
    stash.control("fault", kind="422", field="Scene.title")
    assert stash.post(PAGE).status_code == 422


def test_the_ops_explain_themselves(stash: Running) -> None:
    ops = stash.told("ops")
    assert ops["tag_merge"].startswith("Merge tags: {sources, destination}")
    assert all(ops.values())


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_control_request_that_is_not_an_object_is_refused(stash: Running, body: bytes) -> None:
    assert stash.http.post("/control/do", content=body).status_code == 400


def test_nothing_is_an_empty_object_and_what_is_missing_is_named(stash: Running) -> None:
    assert stash.http.post("/control/release").status_code == 200
    assert "zone" not in stash.http.post("/control/clock").json()
    answer = stash.http.post("/control/snapshot")
    assert (answer.status_code, answer.json()["error"]) == (400, "the argument name is missing")


def test_an_unknown_zone_or_kind_is_refused(stash: Running) -> None:
    assert stash.http.post("/control/clock", json={"zone": "Mars/Olympus"}).status_code == 400
    assert stash.http.get("/control/martians").status_code == 404


def test_sample_data_is_the_same_for_the_same_seed_and_every_hash_and_path_is_its_own() -> None:
    one, same, other = (Sample(Clock("UTC"), seed, "/data").fill(300) for seed in (1, 1, 2))
    assert one.scenes.rows == same.scenes.rows
    assert one.scenes.rows != other.scenes.rows
    files = one.files.rows.values()
    for values in ([file.oshash for file in files], [one.path(file) for file in files]):
        assert Counter(values).most_common(1)[0][1] == 1
    assert all(len(file.oshash) == 16 and file.size and file.duration for file in files)


def test_sample_data_has_gaps_and_company() -> None:
    db = Sample(Clock("UTC"), 1, "/data").fill(300)
    scenes = list(db.scenes.rows.values())
    for name in ("title", "details", "date", "studio_id", "performer_ids", "tag_ids", "cover", "marker_ids"):
        held = [bool(getattr(scene, name)) for scene in scenes]
        assert any(held), name
        assert not all(held), name
    assert any(studio.parent_id for studio in db.studios.rows.values())
    assert any(len(scene.file_ids) > 1 for scene in scenes)
    assert {len(scene.date) for scene in scenes if scene.date} == {4, 7, 10}
