"""The library that was recorded from PMS 1.43.1, to hold the simulator's answers against the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.plex import disk
from simulators.plex.model import Image, ImageKind, Item, Tagging
from simulators.plex.scan import created

if TYPE_CHECKING:
    from simulators.plex.server import Plex

FILE = "/media/Movies/Test Movie H264 (2024)/Test Movie H264 (2024).mkv"
_TAGS = {
    "genre": ("Action",),
    "country": ("United Kingdom",),
    "director": ("James P Savage",),
    "writer": ("James P Savage",),
    "actor": ("Sushma H", "Steven Morrison", "James P Savage"),
}


def fill(plex: Plex) -> Item:
    """Make the recorded library as the next section of `plex`; returns its one movie."""
    section = plex.library.add_section("Movies", ["/media/Movies"], "tv.plex.agents.movie")
    section.group = 1
    file = disk.put(section, [{"path": FILE, "oshash": "6e20a8b5f3b245bb", "size": 12213299, "duration": 30023}])[0]
    item = created(plex, section, file)
    item.guid = "plex://movie/68e62cc50d1f89b18a4e533d"
    item.fields |= {"title": "Test Movie: G-BOAF", "year": 2025, "originallyAvailableAt": "2025-01-01"}
    for kind, names in _TAGS.items():
        tags = [plex.library.tags.get(kind, name, fold=False) for name in names]
        plex.library.set_tags(item, kind, [Tagging(tag) for tag in tags])
    pictures: dict[ImageKind, str] = {"thumb": "metadata://posters/poster", "art": "metadata://art/art"}
    for shown, key in pictures.items():
        item.image(shown).images.append(Image(key, "tmdb"))
        item.image(shown).selected = key
    return item
