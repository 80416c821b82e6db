"""A scene, a studio or a group as Plex gets to read it. Pure.

What a movie shows comes from `common/item.py`, like what the writer writes, so both show the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from common import text
from common.fields import LINE, cleaned_name, date_of, file_name, names
from common.guids import IDENTIFIER, guid_of, id_of_key
from common.item import cover_version, item_of
from services.provider.manifest import COLLECTIONS, METADATA
from services.provider.metadata import Guid, Image, Member, Metadata, Person, Rating, Tag
from services.provider.targets import IMAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.item import Item
    from common.messages import Named, Scene
    from common.options import Options

Kind = Literal["studio", "group"]

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_BOX: Final = re.compile(r"https?://(?:www\.)?([a-z0-9-]+)\.[a-z0-9.-]+(?::[0-9]+)?/", re.IGNORECASE)
_BOX_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# the databases that Plex knows by itself, and where in an address their ids are
_KNOWN: Final = (
    ("imdb", re.compile(r"https?://(?:www\.|m\.)?imdb\.com/title/(tt[0-9]+)")),
    ("tmdb", re.compile(r"https?://(?:www\.)?themoviedb\.org/movie/([0-9]+)")),
)
# an image is required and has to be one of four; this one is the least prominent
_BADGE: Final = "themoviedb://image.rating"
_KINDS: Final = (("coverPoster", "poster"), ("background", "art"))


class Style(NamedTuple):
    """How answers are dressed besides the options that the writer shares.

    `fields` are those whose policy is not off. `pictures` when there is a Stash to fetch them from; `adult` marks every
    movie as such; `one_genre` joins all genres into one, for a Plex that imports only the first.
    """

    fields: frozenset[str]
    pictures: bool = True
    adult: bool = True
    one_genre: bool = False


class Collection(NamedTuple):
    """A studio or group as a collection, by what it is in Stash."""

    kind: Kind
    id: int
    name: str

    @property
    def key(self) -> str:
        """Its rating key."""
        return f"{self.kind}-{self.id}"


def shown_fields(options: Options) -> frozenset[str]:
    """Return the fields that Plex is to show at all."""
    return frozenset(name for name, field in options.fields.items() if field.policy != "off")


def collection_of_key(key: str) -> tuple[Kind, int] | None:
    """Return kind and id in a collection's rating key as we write it, or None."""
    kind, _, digits = key.partition("-")
    entity = id_of_key(digits)
    if entity is None:
        return None
    return ("studio", entity) if kind == "studio" else ("group", entity) if kind == "group" else None


def movie(scene: Scene, options: Options, style: Style) -> Metadata:
    """Return a scene with everything that Plex is to show of it."""
    item = item_of(scene, options)
    wanted = style.fields
    pictures = images(scene, options, style)
    return Metadata(
        rating_key=str(scene.id),
        key=f"{METADATA}/{scene.id}",
        guid=guid_of(scene.id),
        type="movie",
        title=item.title or f"Scene {scene.id}",
        available=item.date or _born(scene),
        year=int(item.date[:4]) if item.date else None,
        title_sort=item.sort_title if "sort_title" in wanted else "",
        summary=item.summary if "summary" in wanted else "",
        tagline=item.tagline if "tagline" in wanted else "",
        studio=item.studio if "studio" in wanted else "",
        content_rating=item.content_rating if "content_rating" in wanted else "",
        is_adult=style.adult,
        duration=round(scene.files[0].duration * 1_000) if scene.files else 0,
        thumb=_address(pictures, "coverPoster"),
        art=_address(pictures, "background"),
        images=pictures,
        genres=_genres(item, style) if "tags" in wanted else (),
        roles=_roles(item, style) if "performers" in wanted else (),
        directors=tuple(map(Person, item.director)) if "director" in wanted else (),
        collections=tuple(_members(scene, options, style)) if "collections" in wanted else (),
        studios=_studios(scene) if "studio" in wanted else (),
        guids=tuple(map(Guid, _elsewhere(scene))),
        ratings=(Rating(_BADGE, "audience", float(item.rating)),) if item.rating and "rating" in wanted else (),
    )


def match(scene: Scene, options: Options, score: int | None, style: Style) -> Metadata:
    """Return a scene as the answer to a match: what identifies it, since Plex asks for the rest by its key.

    A proposal has no score: PMS is said to drop all below 80 without a word (Plex2Stash), and shows those without one
    (log of PMS 1.43.0). Its place among the others is its rank.
    """
    day = date_of(scene.date, [])
    return Metadata(
        rating_key=str(scene.id),
        key=f"{METADATA}/{scene.id}",
        guid=guid_of(scene.id),
        type="movie",
        title=text.line(scene.title, LINE) or file_name(scene) or f"Scene {scene.id}",
        available=day or _born(scene),
        year=int(day[:4]) if day else None,
        is_adult=style.adult,
        thumb=_address(images(scene, options, style), "coverPoster"),
        score=score,
    )


def images(scene: Scene, options: Options, style: Style) -> tuple[Image, ...]:
    """Return the pictures of a scene, one a type, since PMS shows alternates of a private address through its cloud.

    Each has another address whenever it may show another cover, since PMS keeps what it has.
    """
    base = options.mapping.provider_url
    if not (scene.cover and style.pictures and base):
        return ()
    version = cover_version(scene)
    return tuple(
        Image(kind, f"{base}{IMAGES}/scene/{scene.id}/{leaf}?v={version}", scene.title)
        for kind, leaf in _KINDS
        if leaf in style.fields
    )


def collections(scene: Scene, options: Options) -> dict[str, Collection]:
    """Return the studios and groups that give collections their names, by those names as `common/item.py` has them."""
    studio = scene.studio
    studios: dict[str, Named | None] = {"studio": studio, "parent_studio": studio.parent if studio else None}
    found: dict[str, Collection] = {}
    for source in options.mapping.collections:
        kind: Kind = "group" if source == "groups" else "studio"
        entities = scene.groups if kind == "group" else (studios[source],)
        for entity in filter(None, entities):
            name, folded = cleaned_name(entity.name)
            if name:
                found.setdefault(folded, Collection(kind, entity.id, name))
    return found


def collection(found: Collection, first: Scene, options: Options, style: Style) -> Metadata:
    """Return a studio or group as a collection; Plex requires a day of everything, which is its first movie's."""
    thumb = _cover(found, options, style)
    return Metadata(
        rating_key=found.key,
        key=_items(found),
        guid=_collection_guid(found),
        type="collection",
        title=found.name,
        available=day_of(first),
        is_adult=style.adult,
        thumb=thumb,
        images=(Image("coverPoster", thumb, found.name),) if thumb else (),
    )


def _address(pictures: tuple[Image, ...], kind: str) -> str:
    for picture in pictures:
        if picture.type == kind:
            return picture.url
    return ""


def _genres(item: Item, style: Style) -> tuple[Tag, ...]:
    if style.one_genre and item.tags:
        return (Tag(", ".join(item.tags)),)
    return tuple(map(Tag, item.tags))


def _roles(item: Item, style: Style) -> tuple[Person, ...]:
    photos = item.photos if style.pictures else {}
    return tuple(Person(name, order, photos.get(name, "")) for order, name in enumerate(item.performers))


def _members(scene: Scene, options: Options, style: Style) -> Iterator[Member]:
    for found in collections(scene, options).values():
        yield Member(_collection_guid(found), _items(found), found.name, _cover(found, options, style))


def _studios(scene: Scene) -> tuple[Tag, ...]:
    if scene.studio is None:
        return ()
    given = (scene.studio.name, scene.studio.parent.name if scene.studio.parent else "")
    return tuple(map(Tag, names(given)))


def _elsewhere(scene: Scene) -> Iterator[str]:
    """Yield the movie's ids in stash-boxes and in the databases that its addresses lead to, each once."""
    found: dict[str, None] = {}
    for there in scene.stash_ids:
        box = _BOX.match(there.endpoint)
        if box and _BOX_ID.fullmatch(there.stash_id):
            found[f"{box[1].lower()}://{there.stash_id}"] = None
    for url in scene.urls:
        for name, pattern in _KNOWN:
            if known := pattern.match(url):
                found[f"{name}://{known[1]}"] = None
    yield from found


def _collection_guid(found: Collection) -> str:
    return f"{IDENTIFIER}://collection/{found.key}"


def _items(found: Collection) -> str:
    return f"{COLLECTIONS}/{found.key}/children"


def _cover(found: Collection, options: Options, style: Style) -> str:
    base = options.mapping.provider_url
    return f"{base}{IMAGES}/{found.kind}/{found.id}" if base and style.pictures else ""


def day_of(scene: Scene) -> str:
    """Return a scene's date or, for one without, the day that it came into Stash."""
    return date_of(scene.date, []) or _born(scene)


def _born(scene: Scene) -> str:
    """Return the day that a scene came into Stash, for one without a date of its own.

    Plex requires a day (provider documents), and gives undated files one itself: the day it first saw them. There is
    no year then, since a year would be taken for the scene's own.
    """
    day = _DAY.match(scene.born)
    return day[0] if day else ""
