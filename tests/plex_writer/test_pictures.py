"""What is recorded of a picture, and when it is looked at again."""

from __future__ import annotations

import datetime as dt

import pytest

from common.messages import ImageOutcome, Scene
from services.plex_writer import pictures

NOW = dt.datetime(2026, 1, 10, 10, 0, 5, tzinfo=dt.UTC)
FIRST = ImageOutcome(checked="u")


@pytest.mark.parametrize(
    ("updated_at", "begun", "image", "again"),
    [
        ("2026-01-10T11:00:04+01:00", FIRST, FIRST, True),
        ("2026-01-10T10:00:40Z", FIRST, FIRST, True),
        ("2026-01-10T09:58:00Z", FIRST, FIRST, False),
        ("2026-01-10T10:02:00Z", FIRST, FIRST, False),
        ("2026-01-10T10:00:04", FIRST, FIRST, False),
        ("no time", FIRST, FIRST, False),
        ("2026-01-10T10:00:04Z", ImageOutcome(attempts=1), FIRST, False),
        ("2026-01-10T10:00:04Z", FIRST, ImageOutcome(checked="u", etag="e"), False),
        ("2026-01-10T10:00:04Z", FIRST, ImageOutcome(due="2026-01-11T00:00:00Z"), False),
    ],
)
def test_a_picture_that_a_scene_lacks_that_changed_just_now_is_looked_for_once_more(
    updated_at: str, begun: ImageOutcome, image: ImageOutcome, again: bool
) -> None:
    scene = Scene(id=1, epoch=1, seq=1, born="b", rev="r", updated_at=updated_at)
    found = pictures.once_more(image, begun, scene, NOW)
    assert (found != image) == again
    if again:
        assert (found.due, found.attempts) == ("2026-01-10T10:00:10Z", 1)
        assert pictures.once_more(pictures.ended(found), found, scene, NOW).due is None
