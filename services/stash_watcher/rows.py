"""Our own retained rows, read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.errors import Undecodable
from common.messages import Scene, decode

if TYPE_CHECKING:
    from common.service import Undecoded
    from common.table import Table
    from services.stash_watcher.parts import Parts


def read_row(table: Table, key: int, payload: bytes, undecoded: Undecoded) -> Scene | None:
    """Return a row of the table, or None for one that is not ours to understand, which is counted."""
    try:
        scene = decode(Scene, payload)
    except Undecodable as error:
        undecoded.add(table.topic(key), error)
        return None
    if scene.id != key:
        undecoded.add(table.topic(key), Undecodable(f"it says that it is scene {scene.id}"))
        return None
    return scene


def take_row(parts: Parts, scene: Scene) -> None:
    """Take in a retained scene; one that shows an entity otherwise than an earlier one does is not trusted."""
    if parts.entities.take(scene):
        parts.publisher.book.hold(scene)
    else:
        parts.publisher.book.distrust(scene.id, scene.stamp)
