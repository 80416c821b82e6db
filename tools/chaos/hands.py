"""Carries out what people do, behind the product's back, and records what was accepted."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

from tools.chaos.plain import fold, version_of
from tools.chaos.world import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from tools.chaos.cast import Edit
    from tools.chaos.record import Record
    from tools.chaos.world import World

    Row = dict[str, Any]

NEW: Final = frozenset({"scan_new_file", "scene_create"})
# what is done to the script's scene by its id, and concerns no other scene
BY_ID: Final = frozenset(
    [
        *("scene_update", "identify", "add_play", "scan_second_file", "scene_destroy", "scan_changed_file"),
        *("set_primary_file", "cover_set", "generate_cover", "assign_file"),
    ]
)
# what concerns more scenes than its arguments name
WIDE: Final = frozenset({"assign_file"})
MANY: Final = ("bulk_scene_update", "autotag")


class Hands:
    """The people of a run; `refused` has the edits that were not possible any more, `barred` why none are in Stash now.

    A new scene has in the script a number of its own, since only Stash knows which id it gets.
    """

    def __init__(self, world: World, record: Record) -> None:
        self.refused: list[str] = []
        self.barred = ""
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
        if self.barred:
            raise Refused(self.barred)
        args = await self._args(edit)
        done = await self._world.control("stash", "do", op=edit.kind, **args)
        if edit.kind in NEW:
            self._ids[edit.scene] = done["id"]
            edit = edit._replace(scene=done["id"])
        if edit.kind == "scan_new_file":
            await self._covered(edit.scene)
        scenes = set(args.get("ids") or ([edit.scene] if edit.scene else []))
        if not scenes or edit.kind in WIDE:
            await self.read_all(at)
            self._record.tell(at, 0, f"Stash: {edit.kind} {args}")
            return
        for scene in scenes:
            self._record.tell(at, scene, f"Stash: {edit.kind} {edit.args}")
        rows = await self._world.look("stash", "scenes", ids=",".join(map(str, sorted(scenes))))
        self._take(scenes, rows, at)

    async def _covered(self, scene: int) -> None:
        """Wait for the cover that Stash draws of a new file a moment later, and tells nobody of."""
        for _ in range(50):
            rows = await self._world.look("stash", "scenes", ids=str(scene))
            if not rows or rows[0]["cover"]:
                return
            await asyncio.sleep(0.02)

    async def _args(self, edit: Edit) -> dict[str, Any]:
        """Return an op's arguments: the script's numbers of scenes as ids, a share of a scene's markers as one."""
        args = edit.args | ({"id": edit.scene} if edit.kind in BY_ID else {})
        for name in args.keys() & {"ids", "sources"} if edit.kind in ("scene_merge", *MANY) else ():
            args[name] = [self._id(scene) for scene in args[name]]
        if edit.kind == "scene_merge":
            args["destination"] = self._id(args["destination"])
        if edit.kind == "marker_create":
            args["scene"] = edit.scene
        elif edit.kind.startswith("marker_"):
            args["id"] = await self._marker(edit.scene, args.pop("share"))
        return args

    async def _marker(self, scene: int, share: float) -> int:
        (row,) = await self._world.look("stash", "scenes", ids=str(scene)) or [{"markers": []}]
        if not row["markers"]:
            raise Refused(f"scene {scene} has no marker")
        return int(row["markers"][int(share * len(row["markers"]))]["id"])

    def _take(self, scenes: Iterable[int], rows: Iterable[Row], at: float) -> None:
        found = {row["id"]: row for row in rows}
        for scene in scenes:
            row = found.get(scene)
            if row is not None:
                self._record.rows[scene] = row
                for photo in row["photos"]:
                    self._record.people[fold(photo["name"])].add(photo["id"])
                self._record.saw(scene, version_of(row, at))
            elif scene in self._record.versions:
                self._record.rows.pop(scene, None)
                self._record.saw(scene, self._record.versions[scene][-1]._replace(at=at, gone=True))

    def _plex_acts(self) -> dict[str, Callable[[Edit], Awaitable[None]]]:
        return {
            "plex_move": self._move,
            "plex_scan": self._scan,
            "plex_replace": self._replace,
            "plex_remove": self._remove,
            "plex_move_folder": self._move_folder,
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

    async def _remove(self, edit: Edit) -> None:
        file = edit.args["file"]
        items = await self._world.look("plex", "items")
        found = [item["ratingKey"] for item in items if file in item["files"]]
        if not found:
            raise Refused(f"no item in Plex has {file}")
        await self._world.control("plex", "remove", ratingKey=found[0])

    async def _move_folder(self, edit: Edit) -> None:
        old, new = edit.args["from"], edit.args["to"]
        items = await self._world.look("plex", "items")
        for path in [path for item in items for path in item["files"] if path.startswith(f"{old}/")]:
            await self._world.control("plex", "move", **{"from": path, "to": new + path.removeprefix(old)})

    async def _set(self, edit: Edit) -> None:
        await self._person(edit, edit.args["field"], lambda _: edit.args["value"])

    async def _add(self, edit: Edit) -> None:
        name = edit.args["name"]
        new: Any = {"tag": name, "role": edit.args["role"]} if edit.args["list"] == "actors" else name
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
