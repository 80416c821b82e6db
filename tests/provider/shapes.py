"""The shapes of Plex's provider documents (API 1.2.2), written out; what is not in them is an error.

`score` is the one addition: no document has it, yet providers send it with a match, and PMS is said to read it.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(min_length=1)]
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+/\S+$")]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Key = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$")]
Path = Annotated[str, Meta(pattern=r"^/library/(metadata|collections)/[A-Za-z0-9_-]+(/children)?$")]
ExternalId = Annotated[str, Meta(pattern=r"^[a-z0-9-]+://\S+$")]
GUID = re.compile(r"(tv\.plex\.agents\.custom\.[a-zA-Z0-9.]+)://(movie|collection)/([A-Za-z0-9_-]+)")


_ARRAYS = {
    "metadata": "Metadata",
    "images": "Image",
    "genres": "Genre",
    "roles": "Role",
    "directors": "Director",
    "collections": "Collection",
    "studios": "Studio",
    "guids": "Guid",
    "ratings": "Rating",
    "container": "MediaContainer",
    "provider": "MediaProvider",
    "types": "Types",
    "schemes": "Scheme",
    "features": "Feature",
}


def documented(name: str) -> str:
    """Return an attribute's name in the documents."""
    first, *rest = name.split("_")
    return _ARRAYS.get(name) or first + "".join(part.capitalize() for part in rest)


class Shape(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, rename=documented):
    """Nothing but what is written."""


class Image(Shape, kw_only=True):
    """An entry of `Image`."""

    type: Literal["background", "backgroundSquare", "clearLogo", "coverPoster", "snapshot"]
    url: Url
    alt: str | None = None


class Tag(Shape, kw_only=True):
    """An entry of `Genre` or `Studio`."""

    tag: Text
    original_tag: Text | None = None


class Person(Shape, kw_only=True):
    """An entry of `Role` or `Director`."""

    tag: Text
    thumb: Url | None = None
    role: Text | None = None
    order: Annotated[int, Meta(ge=0)] | None = None


class Guid(Shape, kw_only=True):
    """An entry of `Guid`."""

    id: ExternalId


class Rating(Shape, kw_only=True):
    """An entry of `Rating`."""

    image: Literal[
        "imdb://image.rating",
        "themoviedb://image.rating",
        "rottentomatoes://image.rating.ripe",
        "rottentomatoes://image.rating.upright",
    ]
    type: Literal["audience", "critic"]
    value: Annotated[float, Meta(ge=0, le=10)]


class Collection(Shape, kw_only=True):
    """An entry of `Collection`."""

    guid: Text
    key: Path
    tag: Text
    summary: Text | None = None
    art: Url | None = None
    thumb: Url | None = None


class Metadata(Shape, kw_only=True):
    """A movie."""

    rating_key: Key
    key: Path
    guid: Text
    type: Literal["movie", "collection"]
    title: Text
    originally_available_at: Day
    thumb: Url | None = None
    art: Url | None = None
    content_rating: Text | None = None
    original_title: Text | None = None
    title_sort: Text | None = None
    year: int | None = None
    summary: Text | None = None
    is_adult: bool | None = None
    duration: int | None = None
    tagline: Text | None = None
    studio: Text | None = None
    theme: Url | None = None
    images: list[Image] | None = None
    genres: list[Tag] | None = None
    roles: list[Person] | None = None
    directors: list[Person] | None = None
    collections: list[Collection] | None = None
    studios: list[Tag] | None = None
    guids: list[Guid] | None = None
    ratings: list[Rating] | None = None
    score: Annotated[int, Meta(ge=0, le=100)] | None = None


class Container(Shape, kw_only=True):
    """A `MediaContainer`, of movies or of images."""

    offset: Annotated[int, Meta(ge=0)]
    total_size: Annotated[int, Meta(ge=0)]
    identifier: Text
    size: Annotated[int, Meta(ge=0)]
    metadata: list[Metadata] | None = None
    images: list[Image] | None = None


class Answer(Shape, kw_only=True):
    """Every answer but the manifest and a refusal."""

    container: Container


class Scheme(Shape, kw_only=True):
    """An entry of `Scheme`."""

    scheme: Annotated[str, Meta(pattern=r"^tv\.plex\.agents\.custom\.[a-zA-Z0-9.]+$")]


class Type(Shape, kw_only=True):
    """An entry of `Types`."""

    type: Literal[1, 2, 3, 4, 18]
    schemes: Annotated[list[Scheme], Meta(min_length=1)]


class Feature(Shape, kw_only=True):
    """An entry of `Feature`."""

    type: Literal["metadata", "match", "collection"]
    key: Annotated[str, Meta(pattern=r"^/\S+[^/]$")]


class MediaProvider(Shape, kw_only=True):
    """The manifest."""

    identifier: Annotated[str, Meta(pattern=r"^tv\.plex\.agents\.custom\.[a-zA-Z0-9.]+$")]
    title: Text
    version: Text | None = None
    types: Annotated[list[Type], Meta(min_length=1)]
    features: Annotated[list[Feature], Meta(min_length=2)]


class Manifest(Shape, kw_only=True):
    """The answer to the root."""

    provider: MediaProvider


class Problem(Shape, kw_only=True):
    """What comes with a status that is no success; ours, since the documents have none."""

    status: int
    error: Text


T = TypeVar("T", bound=Shape)


def strict(content: bytes, kind: type[T]) -> T:
    """Return an answer as exactly this shape, or fail with what is wrong."""
    return msgspec.json.decode(content, type=kind)


def movies(content: bytes) -> list[Metadata]:
    """Return the movies or collections of an answer, after looking at what no type can say."""
    found = strict(content, Answer).container
    assert found.metadata is not None
    assert found.images is None
    assert found.size == len(found.metadata) <= found.total_size
    for one in found.metadata:
        guid = GUID.fullmatch(one.guid)
        assert guid is not None
        assert (guid[1], guid[2], guid[3]) == (found.identifier, one.type, one.rating_key)
        assert one.year is None or one.originally_available_at.startswith(f"{one.year:04}")
        kinds = [image.type for image in one.images or []]
        assert len(kinds) == len(set(kinds)), "alternates of a private address go through Plex's cloud"
    return found.metadata


def images(content: bytes) -> list[Image]:
    """Return the pictures of an answer."""
    found = strict(content, Answer).container
    assert found.images is not None
    assert found.metadata is None
    assert found.size == found.total_size == len(found.images)
    return found.images
