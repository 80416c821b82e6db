"""What the scanner makes of a file name, pure: separators, a year in brackets, technical words."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_YEAR = re.compile(r"[\[(]((?:19|20)\d{2})[\])]")
_TECHNICAL = re.compile(r"\b(?:480p|576p|720p|1080p|2160p|4k|x264|x265|hevc|web-?dl|bluray|xxx)\b.*", re.IGNORECASE)


def scanned(path: str) -> tuple[str, int | None]:
    """Return the title and year that the scanner takes from a file's name."""
    stem = PurePosixPath(path).stem
    found = _YEAR.search(stem)
    name = stem[: found.start()] if found and found.start() else stem
    name = re.sub(r"[._]+", " ", name)
    name = _TECHNICAL.sub("", re.sub(r"\[[^\]]*\]", " ", name))
    return " ".join(name.split()) or stem, int(found[1]) if found else None
