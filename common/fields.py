"""Single fields of an item, made of a scene: clean, whole, and as Plex takes them. Pure."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from common import text
from common.paths import key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from common.messages import Performer, Scene
    from common.options import MappingOptions

LINE: Final = 255
SUMMARY: Final = 10_000

_DATE: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_VERSION: Final = re.compile(r"[?&]t=([0-9]+)")


def file_name(scene: Scene) -> str:
    """Return the name of the scene's first file without its extension; empty without a file."""
    if not scene.files:
        return ""
    name = key(scene.files[0].path).rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    return text.line(stem, LINE)


def sort_title(scene: Scene, title: str, date: str, template: str) -> str:
    """Return the template with the scene's facts in it; empty without a title, and where it says just the title.

    Plex sorts by a title of its own making then. A group's index has three digits, so that it sorts as a number.
    """
    if not title:
        return ""
    group = min(scene.groups, key=lambda one: (one.index is None, one.id)) if scene.groups else None
    facts = {
        "title": title,
        "date": date,
        "year": date[:4],
        "studio": scene.studio.name if scene.studio else "",
        "code": scene.code,
        "group": group.name if group else "",
        "index": f"{group.index:03}" if group and group.index is not None else "",
    }
    made = text.line(template.format_map(facts), LINE)
    return "" if made == title else made


def date_of(raw: str, notes: list[str]) -> str:
    """Return a whole date that exists, or nothing; Stash has partial dates since 0.30, of which `notes` tell."""
    given = raw.strip()
    if not given:
        return ""
    match = _DATE.fullmatch(given)
    whole = f"{match[1]}-{match[2] or '01'}-{match[3] or '01'}" if match else ""
    try:
        dt.date.fromisoformat(whole)
    except ValueError:
        notes.append(f"the date {given!r} is no date, so none is set")
        return ""
    if whole != given:
        notes.append(f"Stash's date is {given}, so Plex shows {whole}")
    return whole


def studio_of(scene: Scene, *, with_parent: bool) -> str:
    """Return the studio's name, if wanted with its parent behind it in brackets."""
    if scene.studio is None:
        return ""
    parent = scene.studio.parent
    if with_parent and parent and text.line(parent.name, LINE):
        return text.line(f"{scene.studio.name} ({parent.name})", LINE)
    return text.line(scene.studio.name, LINE)


def stars(rating100: int | None) -> str:
    """Return a rating of 0 to 100 on Plex's scale of 0 to 10, as `8.5`; empty for none."""
    return "" if rating100 is None else f"{max(0, min(100, rating100)) / 10:g}"


def genres_of(scene: Scene, options: MappingOptions, notes: list[str]) -> tuple[str, ...]:
    """Return the names of tags that are to be genres; which ones a limit leaves out does not depend on their order."""
    above = [parent.name for tag in scene.tags for parent in tag.parents] if options.genres_parents else []
    found = names([*(tag.name for tag in scene.tags), *above])
    chosen = _chosen(found, options) if options.genres_in or options.genres_out else found
    if len(chosen) <= options.genres_limit:
        return chosen
    first = set(sorted(chosen, key=str.casefold)[: options.genres_limit])
    notes.append(f"Plex shows {options.genres_limit} of {len(chosen)} tags (mapping.genres.limit)")
    return tuple(name for name in chosen if name in first)


def _chosen(found: tuple[str, ...], options: MappingOptions) -> tuple[str, ...]:
    """Return the names that are among the wanted ones, if there are such, and not among the unwanted."""
    wanted, unwanted = ({folded(name) for name in names_} for names_ in (options.genres_in, options.genres_out))
    return tuple(name for name in found if (not wanted or folded(name) in wanted) and folded(name) not in unwanted)


def collections_of(scene: Scene, options: MappingOptions) -> tuple[str, ...]:
    """Return the names of the collections that the scene is part of."""
    studio = scene.studio
    found: list[str] = []
    for source in options.collections:
        if source == "groups":
            found += [group.name for group in scene.groups]
        elif studio and source == "studio":
            found.append(studio.name)
        elif studio and studio.parent:
            found.append(studio.parent.name)
    return names(found)


def photos_of(performers: Iterable[Performer], provider_url: str) -> dict[str, str]:
    """Return where Plex gets each performer's photo, by name: from the provider, never from Stash with its key.

    The version of the photo is part of the address, so that another photo has another address.
    """
    photos: dict[str, str] = {}
    for performer in performers:
        name = cleaned_name(performer.name)[0] if performer.image and provider_url else ""
        if name:
            version = _VERSION.search(performer.image)
            address = f"{provider_url}/images/performer/{performer.id}"
            photos.setdefault(name, f"{address}?t={version[1]}" if version else address)
    return photos


def names(given: Iterable[str]) -> tuple[str, ...]:
    """Return clean names, each once as first written; Plex takes names that differ only in case for the same."""
    clean: dict[str, str] = {}
    for name in given:
        cleaned, fold = cleaned_name(name)
        if cleaned:
            clean.setdefault(fold, cleaned)
    return tuple(clean.values())


@lru_cache(maxsize=8_192)
def cleaned_name(name: str) -> tuple[str, str]:
    """Return a clean name and the same without case; the same few thousand names come again and again."""
    cleaned = text.line(name, LINE)
    return cleaned, cleaned.casefold()


def folded(name: str) -> str:
    """Return a name as names are compared: clean and without case."""
    return cleaned_name(name)[1]
