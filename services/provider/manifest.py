"""What the provider says of itself at its root, in the words of Plex's provider documents. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from common.guids import IDENTIFIER

TITLE: Final = "Stash2Plex"
API_VERSION: Final = "1.0.0"
MOVIE: Final = 1
METADATA: Final = "/library/metadata"
MATCHES: Final = "/library/metadata/matches"
COLLECTIONS: Final = "/library/collections"


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
    features: tuple[Feature, ...] = (
        Feature("metadata", METADATA),
        Feature("match", MATCHES),
        Feature("collection", COLLECTIONS),
    )


class Manifest(msgspec.Struct, frozen=True, rename={"provider": "MediaProvider"}):
    """The answer to the provider's root."""

    provider: MediaProvider = MediaProvider()
