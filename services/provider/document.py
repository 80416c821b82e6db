"""What Plex gets to read: the manifest, and scenes as movies, in the words of Plex's metadata provider documents. Pure.

What a movie shows comes from `common/item.py`, like what the writer writes, so both show the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from common.item import item_of

if TYPE_CHECKING:
    from common.item import Item
    from common.messages import Scene
    from common.options import Options

IDENTIFIER: Final = "tv.plex.agents.custom.stash2plex"
TITLE: Final = "Stash2Plex"
API_VERSION: Final = "1.0.0"
MOVIE: Final = 1
METADATA: Final = "/library/metadata"
MATCHES: Final = "/library/metadata/matches"

_GUID: Final = f"{IDENTIFIER}://movie/"
_LONGEST_ID: Final = 18
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")


class Scheme(msgspec.Struct, frozen=True):
    """A scheme of the GUIDs of a type; the provider's identifier."""

    scheme: str = IDENTIFIER


class Type(msgspec.Struct, frozen=True, rename={"schemes": "Scheme"}):
    """A type of metadata that the provider has: movies."""

    type: int = MOVIE
    schemes: tuple[Scheme, ...] = (Scheme(),)


class Feature(msgspec.Struct, frozen=True):
    """Something that the provider can do; `key` is appended to the address that it is registered with."""

    type: str
    key: str


class MediaProvider(msgspec.Struct, frozen=True, rename={"types": "Types", "features": "Feature"}):
    """The manifest. Without the feature `images`, which keeps Plex from local posters (seen with other providers)."""

    identifier: str = IDENTIFIER
    title: str = TITLE
    version: str = API_VERSION
    types: tuple[Type, ...] = (Type(),)
    features: tuple[Feature, ...] = (Feature("metadata", METADATA), Feature("match", MATCHES))


class Manifest(msgspec.Struct, frozen=True, rename={"provider": "MediaProvider"}):
    """The answer to the provider's root."""

    provider: MediaProvider = MediaProvider()


class Tag(msgspec.Struct, frozen=True):
    """A genre or a person."""

    tag: str


class Role(msgspec.Struct, frozen=True):
    """A performer; `order` counts from 0."""

    tag: str
    order: int


class Metadata(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "rating_key": "ratingKey",
        "available": "originallyAvailableAt",
        "genres": "Genre",
        "roles": "Role",
    },
):
    """A movie; what is empty is left out. `available` is YYYY-MM-DD, `score` is 0 to 100 and of a match only."""

    rating_key: str
    key: str
    guid: str
    type: str
    title: str
    available: str = ""
    year: int | None = None
    summary: str = ""
    studio: str = ""
    genres: tuple[Tag, ...] = ()
    roles: tuple[Role, ...] = ()
    score: int | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True, rename={"total": "totalSize", "metadata": "Metadata"}):
    """A container of movies: `total` of them there are, `size` of them are here, from `offset` on."""

    offset: int = 0
    total: int = 0
    identifier: str = IDENTIFIER
    size: int = 0
    metadata: tuple[Metadata, ...] = ()


class Images(msgspec.Struct, frozen=True, kw_only=True, rename={"total": "totalSize", "images": "Image"}):
    """A container of images, of which there are none yet."""

    offset: int = 0
    total: int = 0
    identifier: str = IDENTIFIER
    size: int = 0
    images: tuple[str, ...] = ()


class Container(msgspec.Struct, frozen=True, rename={"content": "MediaContainer"}):
    """What every answer but the manifest is wrapped in."""

    content: Page | Images


def guid_of(scene_id: int) -> str:
    """Return the GUID that Plex keeps of a matched scene.

    Anything but `{identifier}://{type}/{ratingKey}` makes PMS drop the match without asking (log of PMS 1.43.0).
    """
    return f"{_GUID}{scene_id}"


def id_of_guid(guid: str) -> int | None:
    """Return the scene's id in a GUID of ours, or None."""
    return id_of_key(guid.removeprefix(_GUID)) if guid.startswith(_GUID) else None


def id_of_key(key: str) -> int | None:
    """Return the scene's id in a rating key as we write it, or None."""
    canonical = key.isascii() and key.isdecimal() and len(key) <= _LONGEST_ID and (key == "0" or key[0] != "0")
    return int(key) if canonical else None


def page(movies: tuple[Metadata, ...], *, offset: int = 0, total: int | None = None) -> Container:
    """Return the container of `movies`, which begin at `offset` of a list of `total`, or are all there is."""
    return Container(
        Page(offset=offset, total=len(movies) if total is None else total, size=len(movies), metadata=movies)
    )


def movie(scene: Scene, options: Options) -> Metadata:
    """Return a scene with everything that Plex is to show of it."""
    item = item_of(scene, options)
    wanted = {name for name, field in options.fields.items() if field.policy != "off"}
    return msgspec.structs.replace(
        _brief(scene, item),
        summary=item.summary if "summary" in wanted else "",
        studio=item.studio if "studio" in wanted else "",
        genres=tuple(Tag(name) for name in item.tags) if "tags" in wanted else (),
        roles=tuple(Role(name, order) for order, name in enumerate(item.performers)) if "performers" in wanted else (),
    )


def match(scene: Scene, options: Options, score: int) -> Metadata:
    """Return a scene as the answer to a match: what identifies it, since Plex asks for the rest by its key."""
    return msgspec.structs.replace(_brief(scene, item_of(scene, options)), score=score)


def _brief(scene: Scene, item: Item) -> Metadata:
    """Return the attributes that Plex requires, whatever the settings say of them, and the year."""
    return Metadata(
        rating_key=str(scene.id),
        key=f"{METADATA}/{scene.id}",
        guid=guid_of(scene.id),
        type="movie",
        title=item.title or f"Scene {scene.id}",
        available=item.date or _day(scene.born),
        year=int(item.date[:4]) if item.date else None,
    )


def _day(born: str) -> str:
    """Return the day that a scene came into Stash, for one without a date of its own.

    Plex requires a day (provider documents), and gives undated files one itself: the day it first saw them. There is
    no year then, since a year would be taken for the scene's own.
    """
    day = _DAY.match(born)
    return day[0] if day else ""
