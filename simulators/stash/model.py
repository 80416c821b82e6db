"""The rows of a Stash database.

Collections inside a row are tuples, or replaced and never changed: a shallow copy of a row is a whole copy, which makes
a snapshot of a database cheap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Picture:
    """An image: either drawn from `seed`, or `data`; `legacy` is a cover that lies as a file beside the database."""

    seed: int = 0
    data: bytes | None = None
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class StashId:
    """An id at a stash-box."""

    endpoint: str
    stash_id: str
    updated_at: str


@dataclass(slots=True, kw_only=True)
class Row:
    """What every row has; times are raw text."""

    id: int = 0
    created_at: str = ""
    updated_at: str = ""


@dataclass(slots=True, kw_only=True)
class Folder(Row):
    """A folder that a scan has seen."""

    path: str
    parent_folder_id: int | None = None
    mod_time: str = ""


@dataclass(slots=True, kw_only=True)
class File(Row):
    """A video file; its path is its folder's path and `basename`."""

    folder_id: int
    basename: str
    mod_time: str = ""
    size: int = 0
    format: str = "mp4"
    width: int = 1920
    height: int = 1080
    duration: float = 0.0
    video_codec: str = "h264"
    audio_codec: str = "aac"
    frame_rate: float = 25.0
    bit_rate: int = 0
    oshash: str = ""
    md5: str = ""
    phash: str = ""
    captions: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class Named(Row):
    """What tags, performers, studios and groups have in common."""

    name: str
    image: Picture | None = None
    urls: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    tag_ids: tuple[int, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    favorite: bool = False
    ignore_auto_tag: bool = False
    rating100: int | None = None
    details: str = ""
    custom_fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Tag(Named):
    """A tag; only parents are stored, the children follow."""

    sort_name: str = ""
    description: str = ""
    parent_ids: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Performer(Named):
    """A performer; names are unique only together with `disambiguation`."""

    disambiguation: str = ""
    gender: str | None = None
    birthdate: str | None = None
    death_date: str | None = None
    country: str = ""
    ethnicity: str = ""
    eye_color: str = ""
    hair_color: str = ""
    height_cm: int | None = None


@dataclass(slots=True, kw_only=True)
class Studio(Named):
    """A studio, possibly below another."""

    parent_id: int | None = None


@dataclass(slots=True, kw_only=True)
class Group(Named):
    """A group, called movie before v0.27; `image` is the front."""

    duration: int | None = None
    date: str | None = None
    studio_id: int | None = None
    director: str = ""
    synopsis: str = ""
    back_image: Picture | None = None
    sub_group_ids: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Gallery(Row):
    """A gallery; only what a scene needs of it."""

    title: str
    code: str = ""
    date: str | None = None
    details: str = ""
    urls: tuple[str, ...] = ()
    rating100: int | None = None
    organized: bool = False
    studio_id: int | None = None
    tag_ids: tuple[int, ...] = ()
    performer_ids: tuple[int, ...] = ()
    custom_fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Marker(Row):
    """A marker of a scene; `title` may be empty."""

    scene_id: int
    title: str = ""
    seconds: float = 0.0
    end_seconds: float | None = None
    primary_tag_id: int = 0
    tag_ids: tuple[int, ...] = ()


@dataclass(slots=True, kw_only=True)
class Scene(Row):
    """A scene; `file_ids[0]` is the primary file, `group_ids` pairs a group with an index."""

    title: str = ""
    details: str = ""
    date: str | None = None
    code: str = ""
    director: str = ""
    rating100: int | None = None
    organized: bool = False
    urls: tuple[str, ...] = ()
    studio_id: int | None = None
    performer_ids: tuple[int, ...] = ()
    tag_ids: tuple[int, ...] = ()
    group_ids: tuple[tuple[int, int | None], ...] = ()
    gallery_ids: tuple[int, ...] = ()
    file_ids: tuple[int, ...] = ()
    marker_ids: tuple[int, ...] = ()
    stash_ids: tuple[StashId, ...] = ()
    cover: Picture | None = None
    resume_time: float = 0.0
    play_duration: float = 0.0
    play_dates: tuple[str, ...] = ()
    o_dates: tuple[str, ...] = ()
    custom_fields: dict[str, Any] = field(default_factory=dict)
