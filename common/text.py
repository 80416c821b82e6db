"""Clean text for Plex: one Unicode form, no control characters, whole words, nothing glued together."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
_SPACES = re.compile(r"[^\S\n]+")
_LINE_ENDS = re.compile(r"\r\n?|[\u0085\u2028\u2029\v\f]")
_BLANK_LINES = re.compile(r" *\n *")


def line(text: str, limit: int) -> str:
    """Return `text` as one line of at most `limit` characters; any run of white space becomes one space."""
    return shorten(" ".join(_printable(_LINE_ENDS.sub("\n", text)).split()), limit)


def paragraphs(text: str, limit: int) -> str:
    """Return `text` with its line breaks kept, of at most `limit` characters."""
    kept = _SPACES.sub(" ", _printable(_LINE_ENDS.sub("\n", text)))
    return shorten(_BLANK_LINES.sub("\n", kept).strip(), limit)


def shorten(text: str, limit: int) -> str:
    """Cut at the end of a word and put an ellipsis, so that the result has at most `limit` characters."""
    if len(text) <= limit:
        return text
    room = text[: limit - 1]
    words = re.match(r"(?s).*\S(?=\s)", text[:limit])
    cut = words[0] if words and len(words[0]) > limit // 2 else room
    return cut[: limit - 1].rstrip() + ELLIPSIS


def _printable(text: str) -> str:
    """NFC without control characters; format characters stay, since emoji are joined by them."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(c for c in composed if c in "\n\t" or unicodedata.category(c) != "Cc")
