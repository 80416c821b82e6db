"""The shapes of Plex's metadata documents: what a movie, a collection and their containers look like in JSON. Pure."""

from __future__ import annotations

import msgspec

from common.guids import IDENTIFIER


class Tag(msgspec.Struct, frozen=True):
    """A genre or a company."""

    tag: str


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """A performer or director; `order` counts from 0 and is of performers only, `thumb` is the photo's address."""

    tag: str
    order: int | None = None
    thumb: str = ""


class Image(msgspec.Struct, frozen=True):
    """A picture; `type` is `coverPoster` or `background`, `alt` what it shows."""

    type: str
    url: str
    alt: str


class Guid(msgspec.Struct, frozen=True):
    """The same movie elsewhere, as `provider://id`."""

    id: str


class Rating(msgspec.Struct, frozen=True):
    """A rating of 0 to 10; `image` is one of four badges that Plex knows, none of which is ours."""

    image: str
    type: str
    value: float


class Member(msgspec.Struct, frozen=True, omit_defaults=True):
    """A collection that a movie is in; `key` is the path of its items."""

    guid: str
    key: str
    tag: str
    thumb: str = ""


class Metadata(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "rating_key": "ratingKey",
        "available": "originallyAvailableAt",
        "content_rating": "contentRating",
        "title_sort": "titleSort",
        "is_adult": "isAdult",
        "images": "Image",
        "genres": "Genre",
        "roles": "Role",
        "directors": "Director",
        "collections": "Collection",
        "studios": "Studio",
        "guids": "Guid",
        "ratings": "Rating",
    },
):
    """A movie or collection; what is empty is left out.

    `available` is YYYY-MM-DD, `duration` in milliseconds, `score` 0 to 100 and of a match only.
    """

    rating_key: str
    key: str
    guid: str
    type: str
    title: str
    available: str = ""
    year: int | None = None
    title_sort: str = ""
    summary: str = ""
    tagline: str = ""
    studio: str = ""
    content_rating: str = ""
    is_adult: bool = False
    duration: int = 0
    thumb: str = ""
    art: str = ""
    images: tuple[Image, ...] = ()
    genres: tuple[Tag, ...] = ()
    roles: tuple[Person, ...] = ()
    directors: tuple[Person, ...] = ()
    collections: tuple[Member, ...] = ()
    studios: tuple[Tag, ...] = ()
    guids: tuple[Guid, ...] = ()
    ratings: tuple[Rating, ...] = ()
    score: int | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True, rename={"total": "totalSize", "metadata": "Metadata"}):
    """A container of movies: `total` of them there are, `size` of them are here, from `offset` on."""

    offset: int = 0
    total: int = 0
    identifier: str = IDENTIFIER
    size: int = 0
    metadata: tuple[Metadata, ...] = ()


class Images(msgspec.Struct, frozen=True, kw_only=True, rename={"total": "totalSize", "images": "Image"}):
    """A container of images."""

    offset: int = 0
    total: int = 0
    identifier: str = IDENTIFIER
    size: int = 0
    images: tuple[Image, ...] = ()


class Container(msgspec.Struct, frozen=True, rename={"content": "MediaContainer"}):
    """What every answer but the manifest is wrapped in."""

    content: Page | Images


def page(movies: tuple[Metadata, ...], *, offset: int = 0, total: int | None = None) -> Container:
    """Return the container of `movies`, which begin at `offset` of a list of `total`, or are all there is."""
    return Container(
        Page(offset=offset, total=len(movies) if total is None else total, size=len(movies), metadata=movies)
    )


def gallery(images: tuple[Image, ...]) -> Container:
    """Return the container of `images`, which are all there is."""
    return Container(Images(total=len(images), size=len(images), images=images))
