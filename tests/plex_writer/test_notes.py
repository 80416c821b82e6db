"""What a scene's outcome says when Plex shows it otherwise than Stash has it: one plain sentence for each thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plex_writer.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.story
LONG = "\u65e5\u672c\u8a9e " * 1_000


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give a writer before a Plex that takes no URL over 8 KB."""
    with Stage(tmp_path_factory.mktemp("notes"), S2P_MAPPING_GENRES_LIMIT="90") as made:
        made.control("settings", longest_url=8_192)
        made.start()
        yield made


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({}, ""),
        ({"date": "2024"}, "Stash's date is 2024, so Plex shows 2024-01-01"),
        ({"date": "2024-02-31"}, "the date '2024-02-31' is no date, so none is set"),
        ({"tags": [f"{n:03}" for n in range(91)]}, "Plex shows 90 of 91 tags (mapping.genres.limit)"),
        ({"tags": [f"{n} " + "\u65e5" * 40 for n in range(60)]}, "more tags find no room in one request to Plex"),
        ({"details": LONG}, "Plex refuses the whole summary for its length and shows "),
        ({"cut": ("details",)}, "the details are too long for the broker's largest packet"),
    ],
)
def test_the_outcome_says_it_in_one_sentence(stage: Stage, facts: dict[str, Any], says: str) -> None:
    (key,) = stage.items(f"/media/n{next(stage.numbers)}.mp4")
    scene = stage.scene(stage.item(key)["files"][0], **facts)
    detail = stage.ended(scene, "synced")["detail"]
    assert (says in detail, detail.count("Note: ")) == (True, 1 if says else 0)
    assert stage.shown(key, scene)


def test_a_shortened_summary_is_told_for_as_long_as_it_is_shown(stage: Stage) -> None:
    (key,) = stage.items("/media/shortened.mp4")
    first = stage.scene("/media/shortened.mp4", details=LONG)
    stage.ended(first, "synced")
    edited = stage.scene("/media/shortened.mp4", scene_id=first.id, details=LONG, title="Another title")
    shown = len(stage.item(key)["summary"])
    assert f"shows {shown} of {len(LONG.strip())} characters." in stage.ended(edited, "synced")["detail"]
    stage.control("settings", longest_url=0)
    whole = stage.scene("/media/shortened.mp4", scene_id=first.id, details=f"Other {LONG}")
    assert stage.ended(whole, "synced")["detail"] == ""
    stage.control("settings", longest_url=8_192)
