"""The judge of performers' photos: missing, an older one's address, another picture behind the newest, and no proof."""

from __future__ import annotations

from typing import Any

import pytest

from tests.chaos.given import KEY, item, version
from tools.chaos.photos import judge_photos, shown_photos
from tools.chaos.record import Record
from tools.chaos.scalars import Case

PROVIDER = "http://provider"
NEWEST = f"{PROVIDER}/images/performer/7?t=2"
PHOTO = {"id": 7, "name": "Uma", "path": "/performer/7/image?t=2", "sha1": "new"}


def judged(thumb: str, seen: dict[str, str | None], *, people: int = 1, photo: dict[str, Any] = PHOTO) -> list[str]:
    record = Record(rows={1: {"photos": [photo]}})
    record.people["uma"].update(range(7, 7 + people))
    shown = item(actors=[{"tag": "UMA", "role": "", "thumb": thumb}, {"tag": "A person's", "role": "", "thumb": ""}])
    case = Case(1, KEY, shown, [version(performers=("Uma",))], [])
    assert shown_photos([case]) == ({thumb} if thumb else set())
    return [one.kind for one in judge_photos(record, [case], PROVIDER, seen)]


@pytest.mark.parametrize(
    ("thumb", "seen", "kinds"),
    [
        (NEWEST, {NEWEST: "new"}, []),
        ("", {}, ["lost"]),
        (f"{PROVIDER}/images/performer/7?t=1", {}, ["stale"]),
        (NEWEST, {NEWEST: "old"}, ["stale"]),
        (NEWEST, {NEWEST: None}, ["stale"]),
    ],
)
def test_a_photo_has_the_newest_address_and_the_newest_picture(
    thumb: str, seen: dict[str, str | None], kinds: list[str]
) -> None:
    assert judged(thumb, seen) == kinds


def test_a_name_of_two_performers_and_one_without_a_photo_prove_nothing() -> None:
    assert judged("", {}, people=2) == []
    assert judged("", {}, photo={**PHOTO, "sha1": None}) == []
