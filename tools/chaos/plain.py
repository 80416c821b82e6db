"""The checker's own small model of how Stash's words look in Plex; it shares nothing with the product's mapping."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

STASH_ROOT = "/data"
PLEX_ROOT = "/media"


class Version(NamedTuple):
    """A scene as it was from `at` (Unix time) on, in the words and paths that Plex has to show; `gone`: destroyed.

    `poster` is the key under which Plex keeps an upload of the cover's bytes; `stars` are 0 to 10, as `8.5`.
    """

    at: float
    title: str = ""
    summary: str = ""
    date: str = ""
    studio: str = ""
    performers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    tagline: str = ""
    director: str = ""
    stars: str = ""
    collections: tuple[str, ...] = ()
    poster: str = ""
    gone: bool = False

    @property
    def content(self) -> tuple[object, ...]:
        """All but the time: equal contents are the same to the product."""
        return self[1:]

    @property
    def bare(self) -> bool:
        """Whether the default filter keeps it from Plex."""
        return not (self.studio or self.performers or self.tags or self.summary or self.date)

    @property
    def file_title(self) -> str:
        """The title that a scene without one gets: its primary file's name without the ending."""
        return line(self.paths[0].rpartition("/")[2].rpartition(".")[0]) if self.paths else ""


def version_of(row: dict[str, Any], at: float) -> Version:
    """Return a scene as the simulated Stash tells of it."""
    return Version(
        at,
        title=line(row["title"] or ""),
        summary="\n".join(line(part) for part in (row["details"] or "").splitlines()).strip(),
        date=whole_date(row["date"] or ""),
        studio=line(row["studio"] or ""),
        performers=tuple(row["performers"]),
        tags=tuple(row["tags"]),
        paths=tuple(in_plex(path) for path in row["files"]),
        tagline=line(row["code"] or ""),
        director=line(row["director"] or ""),
        stars="" if row["rating100"] is None else number(row["rating100"] / 10),
        collections=tuple(name for name in (row["studio"], *(one["name"] for one in row["groups"])) if name),
        poster=f"upload://posters/{row['cover_sha1']}" if row["cover_sha1"] else "",
    )


def number(value: float) -> str:
    """Return a number without zeros behind the point."""
    return f"{value:g}"


def text_of(value: object) -> str:
    """Return a value of Plex as text: numbers as `number` has them, of a list its first entry, nothing as empty."""
    if isinstance(value, list):
        return text_of(value[0]) if value else ""
    if isinstance(value, int | float):
        return number(value)
    return str(value or "")


def in_plex(path: str) -> str:
    """Return a path of Stash as Plex has it."""
    return PLEX_ROOT + path.removeprefix(STASH_ROOT)


def line(text: str) -> str:
    """Return a text in one line, in Unicode's composed form, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def whole_date(text: str) -> str:
    """Return a date with month and day: the first ones where Stash has none."""
    return f"{text}-01-01"[:10] if text else ""


def fold(name: str) -> str:
    """Return the form in which Plex takes two names for the same."""
    return line(name).casefold()


def names(entries: Iterable[str | dict[str, Any]]) -> frozenset[str]:
    """Return the folded names of a list as Plex tells it: genres as texts, actors as objects."""
    return frozenset(fold(entry if isinstance(entry, str) else entry["tag"]) for entry in entries)
