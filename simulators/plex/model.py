"""What the simulated server keeps: libraries, items with their tags, locks, files and pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

MOVIE, COLLECTION = 1, 18
TAG_KINDS = ("genre", "collection", "director", "writer", "producer", "country", "actor", "label")
ImageKind = Literal["thumb", "art", "clearLogo", "squareArt"]
# path segments of the picture lists, as plexapi spells them
IMAGE_LISTS: dict[str, ImageKind] = {
    "posters": "thumb",
    "arts": "art",
    "clearLogos": "clearLogo",
    "squareArts": "squareArt",
}
IMAGE_ELEMENTS: dict[str, ImageKind] = {
    "poster": "thumb",
    "thumb": "thumb",
    "art": "art",
    "clearLogo": "clearLogo",
    "squareArt": "squareArt",
}

# where the key of a picture has it: upload://posters/…
IMAGE_FOLDERS: dict[ImageKind, str] = {
    "thumb": "posters",
    "art": "art",
    "clearLogo": "clearLogos",
    "squareArt": "squareArts",
}


@dataclass(slots=True)
class Tag:
    """A tag is one row for the whole server: all items that carry it share its name and picture."""

    id: int
    kind: str
    name: str
    thumb: str = ""


@dataclass(slots=True)
class Tagging:
    """A tag on one item; `text` is the role an actor plays."""

    tag: Tag
    text: str = ""


@dataclass(slots=True)
class Part:
    """One file; `duration` in ms, `oshash` 16 hex digits (OpenSubtitles), `hash` 40 (Plex's own)."""

    id: int
    file: str
    size: int
    duration: int
    oshash: str
    hash: str
    missing: bool = False


@dataclass(slots=True)
class Image:
    """One picture offered for an item: `upload://posters/<sha1>`, `metadata://posters/<agent>_<sha1>`."""

    key: str
    provider: str = ""


@dataclass(slots=True)
class ImageSet:
    """The pictures of one kind; `selected` is the key of one of them, or empty."""

    images: list[Image] = field(default_factory=list)
    selected: str = ""


@dataclass(slots=True)
class Item:
    """A movie or a collection. `fields` holds what is set of the scalar fields, under Plex's names."""

    key: int
    section: str
    kind: int
    guid: str
    fields: dict[str, str | int | float]
    added_at: int
    updated_at: int
    refreshed_at: int = 0
    external: list[str] = field(default_factory=list)
    tags: dict[str, list[Tagging]] = field(default_factory=dict)
    locks: set[str] = field(default_factory=set)
    parts: list[Part] = field(default_factory=list)
    images: dict[ImageKind, ImageSet] = field(default_factory=dict)
    members: dict[int, None] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title as shown."""
        return str(self.fields.get("title", ""))

    @property
    def title_sort(self) -> str:
        """The title as sorted: PMS makes its own where none is given."""
        return str(self.fields.get("titleSort") or sort_title(self.title))

    def image(self, kind: ImageKind) -> ImageSet:
        """Return the pictures of `kind`, making room for them."""
        return self.images.setdefault(kind, ImageSet())

    def selected(self, kind: ImageKind) -> str:
        """Return the key of the picture shown, or an empty string."""
        found = self.images.get(kind)
        return found.selected if found else ""


@dataclass(slots=True)
class DiskFile:
    """A file as it lies on Plex's disk, scanned or not."""

    path: str
    title: str
    oshash: str
    hash: str
    size: int
    duration: int


@dataclass(slots=True)
class Location:
    """A folder of a library."""

    id: int
    path: str


@dataclass(slots=True)
class Section:
    """A movie library. `content_changed_at` is a counter, `scanned_at` a time in seconds (recorded, 1.43.1)."""

    key: str
    title: str
    locations: list[Location]
    agent: str
    uuid: str
    created_at: int
    scanned_at: int
    type: str = "movie"
    scanner: str = "Plex Movie"
    language: str = "en-US"
    group: int = 0
    content_changed_at: int = 1
    refreshing: bool = False
    prefs: dict[str, str] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    collections: dict[str, Item] = field(default_factory=dict)
    disk: dict[str, DiskFile] = field(default_factory=dict)
    order: list[Item] | None = None

    def holds(self, path: str) -> bool:
        """Return whether `path` is one of the library's folders or lies below one."""
        return any(path == at.path or path.startswith(at.path.rstrip("/") + "/") for at in self.locations)


def sort_title(title: str) -> str:
    """Return `title` without its leading English article, as PMS sorts it."""
    first, _, rest = title.partition(" ")
    return rest if rest and first.lower() in {"a", "an", "the"} else title
