"""What Stash's answers look like, one struct a query; a field that an answer lacks makes it undecodable, never empty.

Scenes stay raw here, so that one that is garbled does not take the others of its page with it.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Raw, Struct

T = TypeVar("T")


class StatusOnly(Struct, frozen=True, gc=False):
    """`systemStatus{status}`: OK, SETUP or NEEDS_MIGRATION."""

    status: str


class RawScenes(Struct, frozen=True, gc=False):
    """`findScenes{scenes}`, each scene still to be decoded."""

    scenes: list[Raw]


class Page(Struct, frozen=True, gc=False, rename="camel"):
    """Answer to `scenes/Page` and `scenes/Batch`."""

    find_scenes: RawScenes


class One(Struct, frozen=True, gc=False, rename="camel"):
    """Answer to `scenes/One`; null when there is no such scene."""

    find_scene: Raw


class Fingerprint(Struct, frozen=True, gc=False):
    """A hash of a file; `type` is oshash, phash or md5."""

    type: str
    value: str


class Path(Struct, frozen=True, gc=False):
    """A file of the light listing; only the heartbeat has its `updated_at`."""

    path: str
    size: int
    duration: float
    width: int
    height: int
    fingerprints: list[Fingerprint]
    updated_at: str = ""


class Row(Struct, frozen=True, gc=False):
    """A scene of the light listing."""

    id: str
    created_at: str
    updated_at: str
    files: list[Path]


class Rows(Struct, frozen=True, gc=False):
    """`findScenes{scenes}` of the light listing."""

    scenes: list[Row]


class Ids(Struct, frozen=True, gc=False, rename="camel"):
    """Answer to `ids/Ids` and `ids/Changed`."""

    system_status: StatusOnly
    find_scenes: Rows


class Oldest(Struct, frozen=True, gc=False):
    """The scene with the smallest id."""

    id: str
    created_at: str


class All(Struct, frozen=True, gc=False):
    """How many scenes there are, and the oldest, if any."""

    count: int
    scenes: list[Oldest]


class Count(Struct, frozen=True, gc=False, rename={"system_status": "systemStatus"}):
    """Answer to `ids/Count`."""

    system_status: StatusOnly
    all: All


class Id(Struct, frozen=True, gc=False):
    """What is only referred to."""

    id: str


class Tag(Struct, frozen=True, gc=False):
    """A tag or a group; those above and below a tag where they were asked for."""

    id: str
    name: str
    updated_at: str
    parents: list[Id] = []
    children: list[Id] | None = None


class Performer(Struct, frozen=True, gc=False):
    """A performer."""

    id: str
    name: str
    disambiguation: str | None
    gender: str | None
    image_path: str | None
    updated_at: str


class Studio(Struct, frozen=True, gc=False):
    """A studio."""

    id: str
    name: str
    parent_studio: Id | None
    updated_at: str


class Marker(Struct, frozen=True, gc=False):
    """A marker, with the scene that has it."""

    id: str
    title: str
    seconds: float
    primary_tag: Id
    scene: Id
    updated_at: str


class Found(Struct, Generic[T], frozen=True, gc=False):
    """Rows of a kind, and how many there are in all where that was asked for."""

    rows: list[T]
    count: int = 0


class Listing(Struct, Generic[T], frozen=True, gc=False):
    """Answer to a question for a page of entities or markers, or for some of them."""

    found: Found[T]


class OneOf(Struct, Generic[T], frozen=True, gc=False):
    """Answer to a question for one entity; null when there is none."""

    found: T | None


class Moment(Struct, frozen=True, gc=False):
    """When a row changed last."""

    updated_at: str


class Entry(Struct, frozen=True, gc=False):
    """When Stash wrote a line of its log."""

    time: str


class Look(Struct, frozen=True, gc=False, rename={"system_status": "systemStatus"}):
    """Answer to `look/Look`; `moved` has scenes whose files changed, where Stash can tell."""

    system_status: StatusOnly
    logs: list[Entry]
    all: All
    newest: Found[Moment]
    changed: Rows
    tags: Found[Moment]
    changed_tags: Found[Tag]
    performers: Found[Moment]
    changed_performers: Found[Performer]
    studios: Found[Moment]
    changed_studios: Found[Studio]
    groups: Found[Moment]
    changed_groups: Found[Tag]
    markers: Found[Moment]
    changed_markers: Found[Marker]
    moved: Rows = Rows([])


class Version(Struct, frozen=True, gc=False):
    """Stash's release, such as v0.30.1."""

    version: str | None


class SystemStatus(Struct, frozen=True, gc=False, rename={"database_path": "databasePath"}):
    """Whether Stash is ready, and where its database is on its own disk."""

    status: str
    database_path: str | None


class Field(Struct, frozen=True, gc=False):
    """One field of a type of the schema."""

    name: str


class Fields(Struct, frozen=True, gc=False):
    """The fields of a type of the schema."""

    fields: list[Field]


class Inputs(Struct, frozen=True, gc=False, rename="camel"):
    """The fields of an input type of the schema."""

    input_fields: list[Field]


class Status(Struct, frozen=True, gc=False, rename={"system_status": "systemStatus"}):
    """Answer to `status/Status`."""

    version: Version
    system_status: SystemStatus
    scene: Fields
    filter: Inputs
