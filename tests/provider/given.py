"""Scenes and catalogs to ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from common.messages import File, Scene, encode
from common.options import Filters, Options
from common.paths import PathRules
from services.provider.catalog import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable

EPOCH = 1_700_000_000_000


def scene(scene_id: int = 1, *paths: str, **more: Any) -> Scene:
    """Return a scene with these files, written as soon as its id says unless told otherwise."""
    facts: dict[str, Any] = {
        "id": scene_id,
        "epoch": EPOCH,
        "seq": scene_id,
        "born": "2024-02-03T04:05:06Z",
        "rev": "r",
        "updated_at": "2024-02-03T04:05:06Z",
        "title": f"Scene number {scene_id}",
        "details": "What happens.",
        "files": tuple(File(path=path) for path in paths or (f"/data/folder {scene_id}/scene {scene_id}.mp4",)),
    }
    return Scene(**{**facts, **more})


def options(rules: str = "", **filters: Any) -> Options:
    """Return options with these path rules and filters."""
    return Options(paths=PathRules.parse(rules), filters=Filters(**filters))


def catalog(scenes: Iterable[Scene], rules: str = "") -> Catalog:
    """Return a catalog that has these scenes."""
    made = Catalog(PathRules.parse(rules))
    for one in scenes:
        assert made.put(one.id, encode(one))
    return made
