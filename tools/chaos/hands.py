"""Carries out what people do, behind the product's back, and records what was accepted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from tools.chaos.plain import version_of
from tools.chaos.world import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from tools.chaos.edits import Edit
    from tools.chaos.record import Record
    from tools.chaos.world import World

    Row = dict[str, Any]

NEW: Final = frozenset({"scan_new_file", "scene_create"})
IN_STASH_BY_ID: Final = frozenset({"scene_update", "identify", "add_play", "scan_second_file", "scene_destroy"})


class Hands:
    """The people of a run; `refused` has the edits that were not possible any more.

    A new scene has in the script a number of its own, since only Stash knows which id it gets.
    """

    def __init__(self, world: World, record: Record) -> None:
        self.refused: list[str] = []
        self._world = world
        self._record = record
        self._keys: dict[str, str] = {}
        self._ids: dict[int, int] = {}

    async def do(self, edit: Edit) -> None:
        """Do it now, and take note; what is not possible any more is left."""
        at = time.time()
        if edit.kind not in NEW:
            edit = edit._replace(scene=self._id(edit.scene))
        act = self._plex_acts().get(edit.kind)
        try:
            if act is not None:
                await act(edit)
                self._record.tell(at, edit.scene, f"Plex: {edit.kind} {edit.args}")
            else:
                await self._in_stash(edit, at)
        except Refused as refusal:
            self.refused.append(f"{edit}: {refusal}")
            return
        self._record.edits += 1

    async def read_all(self, at: float) -> None:
        """Record every scene as it is now, and those that are gone."""
        rows = await self._world.look("stash", "scenes")
        self._take({row["id"] for row in rows} | self._record.versions.keys(), rows, at)

    async def victim(self, scene: int) -> str:
        """Return the rating key of the item of a scene of the script; raises Refused where there is none."""
        return str((await self._item_of(self._id(scene)))["ratingKey"])

    def _id(self, scene: int) -> int:
        return self._ids.get(scene, scene)

    async def _item_of(self, scene: int) -> Row:
        versions = self._record.versions.get(scene, [])
        path = versions[-1].paths[0] if versions and versions[-1].paths else ""
        for _ in range(2):
            key = self._keys.get(path)
            if key is not None:
                found = await self._item(key)
                if found is not None and path in found["files"]:
                    return found
            self._keys = {
                path: item["ratingKey"] for item in await self._world.look("plex", "items") for path in item["files"]
            }
        raise Refused(f"scene {scene} has no item in Plex")

    async def _item(self, key: str) -> Row | None:
        try:
            (found,) = await self._world.look("plex", "items", ratingKey=key)
        except Refused:
            return None
        item: Row = found
        return item

    async def _in_stash(self, edit: Edit, at: float) -> None:
        args = edit.args | ({"id": edit.scene} if edit.kind in IN_STASH_BY_ID else {})
        if "ids" in args:
            args["ids"] = [self._id(scene) for scene in args["ids"]]
        done = await self._world.control("stash", "do", op=edit.kind, **args)
        if edit.kind in NEW:
            self._ids[edit.scene] = done["id"]
            edit = edit._replace(scene=done["id"])
        if edit.scene == 0 and "ids" not in args:
            # a name that many scenes have
            await self.read_all(at)
            self._record.tell(at, 0, f"Stash: {edit.kind} {edit.args}")
            return
        scenes = set(args.get("ids", [edit.scene]))
        for scene in scenes:
            self._record.tell(at, scene, f"Stash: {edit.kind} {edit.args}")
        rows = await self._world.look("stash", "scenes", ids=",".join(map(str, sorted(scenes))))
        self._take(scenes, rows, at)

    def _take(self, scenes: Iterable[int], rows: Iterable[Row], at: float) -> None:
        found = {row["id"]: row for row in rows}
        for scene in scenes:
            row = found.get(scene)
            if row is not None:
                self._record.saw(scene, version_of(row, at))
            elif scene in self._record.versions:
                self._record.saw(scene, self._record.versions[scene][-1]._replace(at=at, gone=True))

    def _plex_acts(self) -> dict[str, Callable[[Edit], Awaitable[None]]]:
        return {
            "plex_move": self._move,
            "plex_scan": self._scan,
            "plex_replace": self._replace,
            "person_set": self._set,
            "person_add": self._add,
            "person_drop": self._drop,
            "person_empty": self._empty,
        }

    async def _move(self, edit: Edit) -> None:
        await self._world.control("plex", "move", **edit.args)

    async def _scan(self, edit: Edit) -> None:
        files = edit.args.get("files")
        if files is None:
            versions = self._record.versions[edit.scene]
            files = [] if versions[-1].gone else list(versions[-1].paths)
        await self._world.control("plex", "items", section="1", files=files)

    async def _replace(self, edit: Edit) -> None:
        item = await self._item_of(edit.scene)
        await self._world.control("plex", "replace", ratingKey=item["ratingKey"])

    async def _set(self, edit: Edit) -> None:
        await self._person(edit, edit.args["field"], lambda _: edit.args["value"])

    async def _add(self, edit: Edit) -> None:
        name = edit.args["name"]
        new: Any = name if edit.args["list"] == "genres" else {"tag": name, "role": edit.args["role"]}
        await self._person(edit, edit.args["list"], lambda shown: [*(one for one in shown if _name(one) != name), new])

    async def _drop(self, edit: Edit) -> None:
        def dropped(shown: list[Any]) -> list[Any]:
            place = int(edit.args["share"] * len(shown))
            return [*shown[:place], *shown[place + 1 :]]

        await self._person(edit, edit.args["list"], dropped)

    async def _empty(self, edit: Edit) -> None:
        await self._person(edit, edit.args["list"], lambda _: [])

    async def _person(self, edit: Edit, field: str, change: Callable[[Any], object]) -> None:
        item = await self._item_of(edit.scene)
        await self._world.control("plex", "person", ratingKey=item["ratingKey"], **{field: change(item[field])})


def _name(entry: str | Row) -> str:
    return entry if isinstance(entry, str) else str(entry["tag"])
