"""What Stash's answers look like, one struct a query; a field that an answer lacks makes it undecodable, never empty.

Scenes stay raw here, so that one that is garbled does not take the others of its page with it.
"""

from __future__ import annotations

from msgspec import Raw, Struct


class StatusOnly(Struct, frozen=True):
    """`systemStatus{status}`: OK, SETUP or NEEDS_MIGRATION."""

    status: str


class RawScenes(Struct, frozen=True):
    """`findScenes{scenes}`, each scene still to be decoded."""

    scenes: list[Raw]


class Page(Struct, frozen=True, rename="camel"):
    """Answer to `scenes/Page` and `scenes/Batch`."""

    find_scenes: RawScenes


class One(Struct, frozen=True, rename="camel"):
    """Answer to `scenes/One`; null when there is no such scene."""

    find_scene: Raw


class Path(Struct, frozen=True):
    """A file of the light listing."""

    path: str
    size: int


class Row(Struct, frozen=True):
    """A scene of the light listing."""

    id: str
    created_at: str
    updated_at: str
    files: list[Path]


class Rows(Struct, frozen=True):
    """`findScenes{scenes}` of the light listing."""

    scenes: list[Row]


class Ids(Struct, frozen=True, rename="camel"):
    """Answer to `ids/Ids`."""

    system_status: StatusOnly
    find_scenes: Rows


class Oldest(Struct, frozen=True):
    """The scene with the smallest id."""

    id: str
    created_at: str


class All(Struct, frozen=True):
    """How many scenes there are, and the oldest, if any."""

    count: int
    scenes: list[Oldest]


class Look(Struct, frozen=True, rename={"system_status": "systemStatus"}):
    """Answer to `look/Look`."""

    system_status: StatusOnly
    all: All
    changed: Rows


class Version(Struct, frozen=True):
    """Stash's release, such as v0.30.1."""

    version: str | None


class SystemStatus(Struct, frozen=True, rename={"database_path": "databasePath"}):
    """Whether Stash is ready, and where its database is on its own disk."""

    status: str
    database_path: str | None


class Field(Struct, frozen=True):
    """One field of a type of the schema."""

    name: str


class Fields(Struct, frozen=True):
    """The fields of a type of the schema."""

    fields: list[Field]


class Status(Struct, frozen=True, rename={"system_status": "systemStatus"}):
    """Answer to `status/Status`."""

    version: Version
    system_status: SystemStatus
    scene: Fields
