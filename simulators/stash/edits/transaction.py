"""One change to a Stash: the rows it touches, the time it stamps them with, and the hooks that follow its commit."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulators.stash.model import Folder, Group, Performer, Picture, Studio, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.stash.database import Database, Table
    from simulators.stash.model import Named, Row, Scene
    from simulators.stash.timestamps import Clock

NAMED: dict[str, tuple[str, type[Named]]] = {
    "tag": ("tags", Tag),
    "performer": ("performers", Performer),
    "studio": ("studios", Studio),
    "group": ("groups", Group),
}


class Refused(Exception):
    """An edit that can't be made; the message says why."""


class Args(dict[str, Any]):
    """The arguments of an op; one that is missing refuses the edit."""

    def __missing__(self, name: str) -> Any:
        raise Refused(f"the argument {name} is missing")


@dataclass(frozen=True, slots=True)
class Hook:
    """A plugin event: its type, the row's id, and the mutation's input (null from a scan and for a new scene).

    Only updates by a mutation say which fields of the input were given.
    """

    type: str
    id: int
    input: Any = None
    input_fields: tuple[str, ...] = ()


@dataclass(slots=True)
class Edit:
    """A transaction: `now` is taken when it begins, as Stash does, which may be well before it commits."""

    db: Database
    clock: Clock
    began_s_ago: float = 0.0
    partial_dates: bool = True
    now: str = ""
    hooks: list[Hook] = field(default_factory=list)
    later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.clock.now(self.began_s_ago)

    def fire(self, kind: str, row_id: int, given: Any = None, shape: tuple[str, ...] = ()) -> None:
        """Note an event, as `Scene.Update`, with the mutation's input; of `shape`, what was not given is null."""
        fields = tuple(given or ()) if kind.endswith(".Update") else ()
        whole = {**dict.fromkeys(shape), **given} if shape else given
        self.hooks.append(Hook(f"{kind}.Post", row_id, whole, fields))

    def after(self, seconds: float, change: Callable[[], None]) -> None:
        """Let something change behind this transaction's back, so long after its hooks have run."""
        self.later.append((seconds, change))

    def fire_entity(self, kind: str, verb: str, row_id: int, given: dict[str, Any] | None = None) -> None:
        """Note an event of a tag, performer, studio or group; a group's has a Movie twin."""
        for name in ("Group", "Movie") if kind == "group" else (kind.capitalize(),):
            self.fire(f"{name}.{verb}", row_id, given or {"id": str(row_id)})

    def touch(self, row: Row) -> None:
        """Stamp a row with the time of this transaction."""
        row.updated_at = self.now

    def times(self) -> dict[str, Any]:
        """Return the times of a new row."""
        return {"created_at": self.now, "updated_at": self.now}

    def scene(self, row_id: Any) -> Scene:
        """Return a scene, or refuse."""
        found: Scene = self.row(self.db.scenes, row_id, "scene")
        return found

    def row(self, table: Table[Any], row_id: Any, noun: str) -> Any:
        """Return a row by its id, or refuse."""
        try:
            return table.rows[int(row_id)]
        except (KeyError, TypeError, ValueError):
            raise Refused(f"{noun} with id {row_id} not found") from None

    def entity(self, kind: str, ref: Any) -> Any:
        """Return a tag, performer, studio or group by id or by name, or refuse."""
        table: Table[Any] = getattr(self.db, NAMED[kind][0])
        if isinstance(ref, str):
            for row in table.rows.values():
                if row.name == ref:
                    return row
        return self.row(table, ref, kind)

    def ensure(self, kind: str, name: str) -> int:
        """Return the id of the entity of this name, creating it first as the UI does: with a Create event."""
        table_name, make = NAMED[kind]
        table: Table[Any] = getattr(self.db, table_name)
        for row in table.rows.values():
            if row.name == name:
                return int(row.id)
        made = table.add(make(name=name, **self.times()))
        self.fire_entity(kind, "Create", made.id, {"name": name})
        return int(made.id)

    def folder(self, path: str) -> Folder:
        """Return the folder at `path`, new ones with all their parents where a scan has not seen them."""
        for folder in self.db.folders.rows.values():
            if folder.path == path:
                return folder
        parent = path.rpartition(self.db.sep)[0]
        parent_id = self.folder(parent).id if parent else None
        return self.db.folders.add(Folder(path=path, parent_folder_id=parent_id, mod_time=self.now, **self.times()))


def picture(args: dict[str, Any], before: Picture | None) -> Picture | None:
    """Return the picture that `data` (base64), `seed` or `none` asks for; with none of them another one than before."""
    if args.get("none"):
        return None
    legacy = bool(args.get("legacy"))
    if "data" in args:
        try:
            return Picture(data=base64.b64decode(args["data"], validate=True), legacy=legacy)
        except (binascii.Error, TypeError) as error:
            raise Refused(f"illegal base64 data: {error}") from error
    return Picture(seed=args.get("seed", (before.seed if before else 0) + 1), legacy=legacy)
