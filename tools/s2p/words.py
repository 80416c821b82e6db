"""Times, counts and shares as people read them. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Final

_UNITS: Final = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0))


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: `3 d 4 h`, `12 s`, `0.4 s` below ten seconds."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    left, parts = round(seconds), []
    for unit, size in _UNITS:
        whole, left = divmod(left, int(size))
        if whole:
            parts.append(f"{whole} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def moment(text: str) -> dt.datetime | None:
    """Return a time of a payload, or None where there is none that can be read."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def ago(text: str, now: dt.datetime) -> str:
    """Return how long ago a time of a payload is; `never` where there is none."""
    then = moment(text)
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    return f"in {duration(-seconds)}" if seconds < -1 else f"{duration(max(0.0, seconds))} ago"


def since(text: str, now: dt.datetime) -> str:
    """Return for how long something has been so; empty where that is not known."""
    then = moment(text)
    return f"for {duration(max(0.0, (now - then).total_seconds()))}" if then else ""


def count(number: int, noun: str = "") -> str:
    """Return a number with its thousands apart, and a noun in the plural unless it is one: `12,345 scenes`."""
    shown = f"{number:,}"
    return shown if not noun else f"{shown} {noun}{'' if number == 1 else 's'}"


def value(shown: object, *, limit: int = 200) -> str:
    """Return a field's value in one line: a list with commas, nothing as `(empty)`, a long text cut."""
    if shown is None or shown in ("", (), []):
        return "(empty)"
    text = ", ".join(map(str, shown)) if isinstance(shown, tuple | list) else str(shown)
    text = " ⏎ ".join(text.splitlines())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
