"""The tables that the rows live in, as much of SQLite as a Stash shows of it."""

from __future__ import annotations

import copy
from bisect import bisect_right
from typing import TYPE_CHECKING, Generic, TypeVar

from simulators.stash.model import File, Folder, Gallery, Group, Marker, Performer, Row, Scene, Studio, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

R = TypeVar("R", bound=Row)


class Table(Generic[R]):
    """Rows by id; ids only grow and are never used again, as with SQLite's AUTOINCREMENT."""

    def __init__(self) -> None:
        self.rows: dict[int, R] = {}
        self.last_id = 0
        self._ids: list[int] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, row: R) -> R:
        """Insert a row under the next id."""
        self.last_id = row.id = self.last_id + 1
        self.rows[row.id] = row
        self._ids = None
        return row

    def remove(self, row_id: int) -> R:
        """Delete a row for good."""
        self._ids = None
        return self.rows.pop(row_id)

    def after(self, row_id: int) -> Iterator[R]:
        """Yield the rows above `row_id` in the order of their ids, without looking at the others."""
        if self._ids is None:
            self._ids = list(self.rows)
        ids = self._ids
        return (self.rows[ids[place]] for place in range(bisect_right(ids, row_id), len(ids)))

    def copy(self) -> Table[R]:
        """Return a copy whose rows can change without these."""
        twin: Table[R] = Table()
        twin.rows = {row_id: copy.copy(row) for row_id, row in self.rows.items()}
        twin.last_id = self.last_id
        return twin


class Database:
    """All tables; `sep` parts folders in paths, `generation` grows with every change to the rows."""

    def __init__(self) -> None:
        self.scenes: Table[Scene] = Table()
        self.files: Table[File] = Table()
        self.folders: Table[Folder] = Table()
        self.tags: Table[Tag] = Table()
        self.performers: Table[Performer] = Table()
        self.studios: Table[Studio] = Table()
        self.groups: Table[Group] = Table()
        self.galleries: Table[Gallery] = Table()
        self.markers: Table[Marker] = Table()
        self.sep = "/"
        self.generation = 0

    def path(self, file: File) -> str:
        """Return a file's whole path."""
        return f"{self.folders.rows[file.folder_id].path}{self.sep}{file.basename}"

    def files_of(self, scene: Scene) -> list[File]:
        """Return a scene's files, the primary one first."""
        return [self.files.rows[file_id] for file_id in scene.file_ids]

    def copy(self) -> Database:
        """Return a copy that does not follow later changes."""
        twin = Database()
        twin.sep = self.sep
        for name, table in vars(self).items():
            if isinstance(table, Table):
                setattr(twin, name, table.copy())
        return twin
