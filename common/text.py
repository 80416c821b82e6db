"""Clean text for Plex: one Unicode form, no control characters, whole words, nothing glued together."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ELLIPSIS: Final = "…"

_SPACES: Final = re.compile(r"[^\S\n]+")
_ZWJ: Final = "\u200d"
_FLAG_LETTERS: Final = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_PLAIN: Final = bytes(range(0x20, 0x7F)) + b"\n"
# U+FFFE and U+FFFF can't stand in XML, which is what Plex answers with
_SIGNS: Final[dict[int, str | None]] = {
    **dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF]),
    **dict.fromkeys(map(ord, "\t\x1c\x1d\x1e\x1f"), " "),
    **dict.fromkeys(map(ord, "\n\r\v\f\x85\u2028\u2029"), "\n"),
}


def line(text: str, limit: int) -> str:
    """Return `text` as one line of at most `limit` characters; any run of white space becomes one space."""
    if text.isascii() and text.isprintable() and len(text) <= limit and "  " not in text:
        return text.strip()
    return shorten(" ".join(_printable(text).split()), limit)


def paragraphs(text: str, limit: int) -> str:
    """Return `text` with its line breaks kept, of at most `limit` characters."""
    kept = _printable(text)
    # the search is a hundred times as fast as the substitution, which little needs
    if "  " in kept or not kept.isascii():
        kept = _SPACES.sub(" ", kept)
    lines = "\n".join([each.strip(" ") for each in kept.split("\n")])
    return shorten(lines.strip(), limit)


def shorten(text: str, limit: int) -> str:
    """Cut at the end of a word and put an ellipsis, so that the result has at most `limit` characters."""
    if len(text) <= limit:
        return text
    words = re.match(r"(?s).*\S(?=\s)", text[:limit])
    end = len(words[0]) if words and len(words[0]) >= limit // 2 else _whole(text, limit - 1)
    return text[:end].rstrip() + ELLIPSIS


def _printable(text: str) -> str:
    """NFC without control characters; format characters stay, since emoji are joined by them."""
    if text.isascii() and not text.encode().translate(None, delete=_PLAIN):
        return text
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_SIGNS))


def _whole(text: str, end: int) -> int:
    """Return the last place up to `end` that takes no sign of several characters apart, as emoji are."""
    place = end
    while place and _is_joined(text, place):
        place -= 1
    return place or end


def _is_joined(text: str, place: int) -> bool:
    """Tell whether the characters on both sides of a place make one sign: accents, skin tones, joiners, flags."""
    following = text[place]
    if unicodedata.category(following)[0] == "M" or following == _ZWJ or "\U0001f3fb" <= following <= "\U0001f3ff":
        return True
    before = text[:place]
    letters = len(before) - len(before.rstrip(_FLAG_LETTERS))
    return before.endswith(_ZWJ) or (following in _FLAG_LETTERS and letters % 2 == 1)
