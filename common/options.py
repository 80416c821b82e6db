"""What decides, besides the scene itself, what Plex should show: field policies, filters and path rules.

Plain frozen data for the pure modules; `common/settings.py` builds it from what people write.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from common.paths import PathRules

if TYPE_CHECKING:
    from collections.abc import Mapping

Policy = Literal["sync", "fill", "off", "merge"]


@dataclass(frozen=True, slots=True)
class FieldPolicy:
    """How one field of a Plex item follows Stash, and whether Plex may change it afterwards.

    `sync`: Stash wins. `fill`: only where Plex is empty or holds what we wrote. `off`: never. `merge`, for lists: ours
    are added and only ours are removed. `lock` keeps what we write from Plex's own refresh.
    """

    policy: Policy
    lock: bool = True


SCALARS: Final = (
    "title",
    "sort_title",
    "summary",
    "date",
    "studio",
    "director",
    "tagline",
    "content_rating",
    "rating",
)
LISTS: Final = ("performers", "tags", "collections")
IMAGES: Final = ("poster", "art")
SORT_TITLE_PARTS: Final = ("title", "date", "year", "studio", "code", "group", "index")

DEFAULT_FIELDS: Final[Mapping[str, FieldPolicy]] = MappingProxyType(
    {
        **{name: FieldPolicy("fill") for name in SCALARS},
        **{name: FieldPolicy("sync") for name in ("title", "summary", "date", "studio")},
        "sort_title": FieldPolicy("off"),
        **{name: FieldPolicy("merge") for name in LISTS},
        "poster": FieldPolicy("fill"),
        "art": FieldPolicy("off"),
    }
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which scenes are written to Plex at all; an empty tuple filters nothing.

    `bare` is about scenes without studio, performers, tags, details and date. `organized` and `stash_id`, when true,
    ask for that mark. A scene needs one of each `…_in` and none of `…_out`: names of tags and studios as Stash has
    them, folders as Stash sees them.
    """

    bare: Literal["skip", "write"] = "skip"
    organized: bool = False
    stash_id: bool = False
    tags_in: tuple[str, ...] = ()
    tags_out: tuple[str, ...] = ()
    studios_in: tuple[str, ...] = ()
    studios_out: tuple[str, ...] = ()
    paths_in: tuple[str, ...] = ()
    paths_out: tuple[str, ...] = ()


CollectionSource = Literal["studio", "parent_studio", "groups"]
PosterShape = Literal["raw", "crop", "fit"]


@dataclass(frozen=True, slots=True)
class MappingOptions:
    """How the fields of an item are made of a scene.

    `sort_title` is a template of `SORT_TITLE_PARTS`. `parent_studio` shows a studio with its parent behind it.
    `content_rating` is every scene's; empty for none. Of the tags, with `genres_parents` those directly above them too,
    those in `genres_in` (all, when empty) and not in `genres_out` become genres, `genres_limit` at most. `collections`
    says what gives its name to collections. `poster` is the cover as it is, cut to 2:3, or whole in 2:3. `provider_url`
    is where Plex reaches the provider, which serves the performers' photos; empty for no photos.
    """

    sort_title: str = "{group} {index} {title}"
    parent_studio: bool = False
    content_rating: str = ""
    genres_in: tuple[str, ...] = ()
    genres_out: tuple[str, ...] = ()
    genres_parents: bool = False
    genres_limit: int = 100
    collections: tuple[CollectionSource, ...] = ("studio", "groups")
    poster: PosterShape = "fit"
    provider_url: str = ""


DEFAULT_MAPPING: Final = MappingOptions()


@dataclass(frozen=True, slots=True)
class Options:
    """Everything of the settings that decides what Plex should show; `fields` has every field's policy.

    `libraries` are the titles or ids of the Plex libraries that take part; empty means all movie libraries.
    """

    fields: Mapping[str, FieldPolicy] = field(default_factory=lambda: DEFAULT_FIELDS)
    filters: Filters = Filters()
    paths: PathRules = field(default_factory=PathRules)
    libraries: tuple[str, ...] = ()
    mapping: MappingOptions = MappingOptions()

    def fingerprint(self) -> str:
        """Return 16 hex digits that differ when any of it differs; the same in every process and on every machine."""
        mapping = asdict(self.mapping)
        if not self.mapping.genres_parents:
            # younger than fingerprints that are retained: unless it is used, all is as it was
            del mapping["genres_parents"]
        facts = {
            "fields": {name: [policy.policy, policy.lock] for name, policy in self.fields.items()},
            "filters": asdict(self.filters),
            "mapping": mapping,
            "paths": self.paths.fingerprint(),
            "libraries": self.libraries,
        }
        return hashlib.sha256(msgspec.json.encode(facts, order="deterministic")).hexdigest()[:16]
