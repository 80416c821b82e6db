"""The last word: what Stash holds against what Plex shows, field by field, from both servers' contents alone.

Written apart from the product's own mapping, so that a mistake there cannot hide here. Pure. The rules:
a scene that nobody has described stays out; one without a title keeps the name that Plex made of its file; a year or
month alone stands for its first day; lists have no order; every file of a scene has to be in Plex.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Row = Mapping[str, Any]

FIELDS = ("title", "summary", "date", "studio", "performers", "tags")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one scene that Plex shows otherwise."""

    scene: int
    field: str
    stash: object
    plex: object


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many scenes and Plex items were compared, how many scenes stayed out, and what differs."""

    scenes: int
    items: int
    left_out: int
    differences: tuple[Difference, ...]


def described(scene: Row) -> bool:
    """Tell whether anybody has said anything about a scene."""
    return any(scene[name] for name in ("studio", "performers", "tags", "details", "date"))


def in_plex(path: str, folders: tuple[str, str]) -> str:
    """Return where Plex sees a file of Stash's; `folders` are the same folder as each of them sees it."""
    ours, theirs = folders
    return theirs + path.removeprefix(ours)


def compare(scenes: Iterable[Row], items: Iterable[Row], folders: tuple[str, str]) -> Comparison:
    """Compare every described scene with the Plex item of each of its files."""
    by_path = {path: item for item in items for path in item["files"]}
    everything = list(scenes)
    chosen = [scene for scene in everything if described(scene)]
    pairs = [(scene, by_path.get(in_plex(path, folders))) for scene in chosen for path in scene["files"]]
    differences = [difference for scene, item in pairs for difference in _differences(scene, item)]
    found = {item["ratingKey"] for _, item in pairs if item is not None}
    return Comparison(len(chosen), len(found), len(everything) - len(chosen), tuple(differences))


def _differences(scene: Row, item: Row | None) -> list[Difference]:
    if item is None:
        return [Difference(scene["id"], "item", scene["files"], "no item with this file")]
    stash, plex = _wanted(scene), _shown(item)
    stash["title"] = stash["title"] or plex["title"] or "any name"
    return [Difference(scene["id"], name, stash[name], plex[name]) for name in FIELDS if stash[name] != plex[name]]


def _wanted(scene: Row) -> dict[str, object]:
    return {
        "title": scene["title"],
        "summary": scene["details"] or "",
        "date": _whole(scene["date"] or ""),
        "studio": scene["studio"] or "",
        "performers": sorted(set(scene["performers"])),
        "tags": sorted(set(scene["tags"])),
    }


def _whole(date: str) -> str:
    """Return a date of Stash's, which may be a year or a month, as the day that Plex needs."""
    return date and (date + "-01-01")[:10]


def _shown(item: Row) -> dict[str, object]:
    return {
        "title": item["title"],
        "summary": item["summary"],
        "date": item["originallyAvailableAt"],
        "studio": item["studio"],
        "performers": sorted(actor["tag"] for actor in item["actors"]),
        "tags": sorted(item["genres"]),
    }
