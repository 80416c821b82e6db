"""Items are read many at a time, and what was read is believed for ten seconds: a person may have edited it since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plex_writer.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.story
READS = "GET /library/metadata/{ids}"
WRITES = "PUT /library/sections/{section}/all"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("stage"), S2P_FIELDS="summary=fill") as made:
        made.start()
        yield made


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """Give a writer that is paused."""
    shared.ask("pause")
    yield shared
    shared.control("fault", kind="clear")


def asked(stage: Stage, kind: str) -> int:
    """Return how often Plex was asked something since the counts were reset."""
    return int(stage.told("counts")["kinds"].get(kind, 0))


def test_at_most_fifty_scenes_share_a_read(stage: Stage) -> None:
    paths = [f"/media/fifty/{number}.mp4" for number in range(60)]
    stage.items(*paths)
    scenes = [stage.scene(path) for path in paths]
    stage.until(lambda: stage.ear.json("plex/plex/stats").get("pending") == 60, "all to be pending")
    stage.control("reset-counts")
    stage.ask("resume")
    for scene in scenes:
        stage.ended(scene, "synced")
    # fifty and ten, read and read back
    assert (asked(stage, READS), asked(stage, WRITES)) == (4, 60)


def test_what_was_read_ten_seconds_ago_is_read_again_before_it_is_written(stage: Stage) -> None:
    """Writes take a second each, and the scene that was published first is written last."""
    paths = [f"/media/slow/{number}.mp4" for number in range(16)]
    keys = stage.items(*paths)
    scenes = [stage.scene(path, details=f"Ours {path}") for path in paths]
    stage.until(lambda: stage.ear.json("plex/plex/stats").get("pending") == 16, "all to be pending")
    stage.control("fault", kind="slow", ms=1_000, match="PUT *")
    stage.control("reset-counts")
    stage.ask("resume")
    stage.until(lambda: asked(stage, WRITES) > 1, "the first writes")
    assert asked(stage, READS) == 1
    stage.control("person", ratingKey=keys[0], summary="A person's")
    for scene in scenes:
        stage.ended(scene, "synced")
    assert [stage.item(key)["summary"] for key in keys] == ["A person's", *(scene.details for scene in scenes[1:])]
