"""Scene and options in, what Plex should show out; the one mapping that writer and provider share.

Bump MAPPING when the same scene should look different in Plex than before: every scene is planned again then.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import msgspec

from common import fields, text
from common.fields import LINE, SUMMARY
from common.filters import excluded

if TYPE_CHECKING:
    from common.messages import Scene
    from common.options import Options

MAPPING = 2


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A movie as Plex should show it; an empty value is one that Stash does not have.

    `rating` is in Plex's stars, 0 to 10, as `8.5`. `director` has one name at most. `photos` are addresses by the names
    of performers. `paths` are the scene's files as Plex sees them. `named_after_file` when the title is only the file's
    name. `unknown` names the fields whose value did not reach us, which are to stay as they are. `notes` are plain
    sentences on what could not be shown as Stash has it. `skipped` says which filter keeps the scene from Plex, if one
    does.
    """

    title: str = ""
    named_after_file: bool = False
    sort_title: str = ""
    summary: str = ""
    date: str = ""
    studio: str = ""
    tagline: str = ""
    content_rating: str = ""
    rating: str = ""
    director: tuple[str, ...] = ()
    performers: tuple[str, ...] = ()
    photos: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str = ""


def item_of(scene: Scene, options: Options) -> Item:
    """Return what Plex should show for a scene."""
    notes: list[str] = []
    title = text.line(scene.title, LINE)
    date = fields.date_of(scene.date, notes)
    mapped = [options.paths.to_plex(file.path) for file in scene.files]
    unknown = ("summary",) if "details" in scene.cut else ()
    if unknown:
        notes.append("the details are too long for the broker's largest packet, so the summary stays as it is")
    return Item(
        title=title or fields.file_name(scene),
        named_after_file=not title,
        sort_title=fields.sort_title(scene, title, date, options.mapping.sort_title),
        summary=text.paragraphs(scene.details, SUMMARY),
        date=date,
        studio=fields.studio_of(scene, with_parent=options.mapping.parent_studio),
        tagline=text.line(scene.code, LINE),
        content_rating=options.mapping.content_rating,
        rating=fields.stars(scene.rating100),
        director=fields.names([scene.director]) if scene.director else (),
        performers=fields.names(performer.name for performer in scene.performers),
        photos=fields.photos_of(scene.performers, options.mapping.provider_url),
        tags=fields.genres_of(scene, options.mapping, notes),
        collections=fields.collections_of(scene, options.mapping),
        paths=tuple(path for path in mapped if path is not None),
        unknown=unknown,
        notes=tuple(notes),
        skipped=excluded(scene, options.filters) or "",
    )


def want(item: Item, fingerprint: str) -> str:
    """Return the short hash of an item as wanted under options with this fingerprint; equal hashes need no planning."""
    return short_hash(msgspec.json.encode([MAPPING, fingerprint, item]))


def cover_version(scene: Scene) -> str:
    """Return what is another text whenever the scene's cover may be another, to whoever reads the same scene."""
    return short_hash(f"{_moment(scene.born)} {_moment(scene.updated_at)}".encode())


def is_same_moment(one: str, other: str) -> bool:
    """Tell whether two times of Stash are the same: it writes all of them in its server's zone, which may change."""
    return one == other or _moment(one) == _moment(other)


def _moment(text: str) -> str:
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC).isoformat()
    except ValueError:
        return text


def short_hash(content: bytes) -> str:
    """Return 12 hex digits; enough to tell one value from another within one field of one item."""
    return hashlib.blake2b(content, digest_size=6).hexdigest()
