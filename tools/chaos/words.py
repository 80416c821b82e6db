"""What people write into Stash and Plex, drawn from one source of chance: awkward, and easy to tell apart."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

TITLES = (
    "The Quiet Harbour",
    "Salt, Bread & Wine",
    "  Two   Spaces  ",
    "L'été à Trieste",
    "L\u2019e\u0301te\u0301 décomposé",
    "日本の夏",
    "100% Sure? #1 + 2=3",
    'Quote "inside" <b>bold</b>',
    "🎬 Clapper; semicolon/slash\\backslash",
)
DETAILS = (
    "A retired cartographer finds a map of a street that does not exist.",
    "First line.\nSecond line.\n\nNew paragraph, with ünïcode & ampersands.",
    "  Indented   and   spaced  \n  twice  ",
    "Percent %20, plus +, equals =, semicolon; and a very " + "long " * 60 + "sentence.",
)
STUDIOS = ("Northlight Pictures", "Blue Door, Ltd.", "Atelier Martín", "Tom & Jerry's", "Green  Room")
PERFORMERS = ("Ada, the First", "Björn Bergström", "Chloé O'Leary", "Hiro Tanaka", "Søren & Co", "Zoë Novák", "Uma")
TAGS = (
    "Drama",
    "Sci-Fi & Fantasy",
    "Black, White",
    "Début",
    "日本",
    "Road Movie",
    "Night",
    "Restored",
    "Sea",
    "Silent",
)
GROUPS = ("The Harbour, complete", "Früher & später", "Part of It", "\u00c9toiles")
DATES = ("2021-03-04", "1999-12-31", "2000-02-29", "2015", "2018-07")
FOREIGN = ("A Person's", "Seen Twice", "Kids, allowed", "Favourite & Best")
ROLES = ("", "Herself", "The Captain, retired")
FOLDERS = ("films", "archive 1990s", "Größe & Güte", "new arrivals")

SCENE_FIELDS = ("title", "details", "date", "studio", "performers", "tags", "groups", "director", "code", "rating100")
PERSON_FIELDS = (
    *("title", "summary", "studio", "originallyAvailableAt", "tagline", "contentRating", "titleSort"),
    *("directors", "userRating", "poster"),
)
LISTS = ("genres", "actors", "collections")


def scene_fields(chance: random.Random) -> dict[str, Any]:
    """Return one to three fields of a scene with new values, some of them empty."""
    makers: dict[str, Callable[[], Any]] = {
        "title": lambda: _numbered(chance, TITLES),
        "details": lambda: _numbered(chance, DETAILS),
        "date": lambda: chance.choice(DATES),
        "studio": lambda: chance.choice(STUDIOS),
        "performers": lambda: chance.sample(PERFORMERS, chance.randint(0, 4)),
        "tags": lambda: chance.sample(TAGS, chance.randint(0, 5)),
        "groups": lambda: [{"name": name, "index": chance.randint(1, 9)} for name in chance.sample(GROUPS, 2)],
        "director": lambda: chance.choice(PERFORMERS),
        "code": lambda: f"Code {chance.getrandbits(20):05x}",
        "rating100": lambda: chance.randint(1, 100),
    }
    empties: dict[str, Any] = dict.fromkeys(("date", "studio", "rating100")) | {
        "title": "",
        "details": "",
        "director": "",
        "code": "",
    }
    empties |= {"performers": [], "tags": [], "groups": []}
    names = chance.sample(SCENE_FIELDS, chance.choice((1, 1, 1, 2, 3)))
    return {name: empties[name] if chance.random() < 0.12 else makers[name]() for name in names}


def described(chance: random.Random) -> dict[str, Any]:
    """Return fields that make a scene one that is written to Plex."""
    return {
        "title": _numbered(chance, TITLES),
        "details": _numbered(chance, DETAILS),
        "tags": chance.sample(TAGS, 3),
        "performers": chance.sample(PERFORMERS, 2),
    }


def persons_value(chance: random.Random, field: str) -> Any:
    """Return what a person sets a field of Plex to; nobody in Stash writes the same, stars aside."""
    if field == "userRating":
        return chance.randint(1, 10)
    if field == "poster":
        return base64.b64encode(f"A person's poster {chance.getrandbits(32):08x}".encode()).decode()
    if field == "directors":
        return [f"A person's director {chance.getrandbits(16):04x}"]
    if field == "originallyAvailableAt":
        return f"19{chance.randint(60, 89)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}"
    return f"A person's {field} {chance.getrandbits(16):04x}"


def path(chance: random.Random, root: str) -> str:
    """Return a path below `root` that no file has."""
    return f"{root}/{chance.choice(FOLDERS)}/{chance.choice(PERFORMERS)} {chance.getrandbits(40):010x}.mp4"


def _numbered(chance: random.Random, texts: tuple[str, ...]) -> str:
    """Return one of some texts, made unique by a number, so that an older value can be told from a newer."""
    return f"{chance.choice(texts)} {chance.getrandbits(20):05x}"
