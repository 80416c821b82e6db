r"""One path rule of `common/paths.py`: the normal form of a path, the two sides of a rule, and how a rule is written.

Rules see paths in their normal form, with `/` between components and in NFC, so patterns are written with `/`; what a
rule makes has `\` where that side is Windows' (a drive, a share, or written with `\`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Final

from common.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

DOTS: Final = re.compile(r"(?:^|/)\.\.?(?:/|$)")
_DRIVE: Final = re.compile(r"[A-Za-z]:(?=/|$)")
_ABSOLUTE: Final = re.compile(r"/|[A-Z]:(?:/|$)")
_EXTRA_SLASHES: Final = re.compile(r"(?<=[^/])//+|^///+")
_WINDOWS: Final = re.compile(r"[A-Za-z]:(?:[/\\]|$)|//|.*\\", re.DOTALL)

_BELOW: Final = r"(?P<rest>(?:/(?!/).*)?)"
_PREFIX_KEYS: Final = frozenset({"stash", "plex"})
_REGEX_KEYS: Final = frozenset({"stash", "plex", "stash_as", "plex_as", "example"})


def normal(path: str) -> str:
    """Return `path` with `/` between its components, in NFC, an upper-case drive and no slash at its end."""
    text = path.replace("\\", "/")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "//" in text:
        text = _EXTRA_SLASHES.sub("/", text)
    if _DRIVE.match(text):
        text = text[0].upper() + text[1:]
    return text.rstrip("/") or text[:1]


def is_absolute(path: str) -> bool:
    """Tell whether `path` begins at a root, a drive or a share."""
    return _ABSOLUTE.match(normal(path)) is not None


@dataclass(frozen=True, slots=True)
class Form:
    """One side of a rule: the paths that it takes, and the template of those that it makes."""

    pattern: re.Pattern[str]
    template: str
    windows: bool

    def read(self, path: str) -> dict[str, str] | None:
        """Return the groups of a path in normal form, or None when it is not of this form."""
        match = self.pattern.fullmatch(path)
        return match.groupdict("") if match else None

    def write(self, groups: Mapping[str, str]) -> str:
        """Return the path made of `groups`, with this side's separators."""
        path = normal(self.template.format_map(groups)) or "/"
        path += "/" if path.endswith(":") else ""
        return path.replace("/", "\\") if self.windows else path


@dataclass(frozen=True, slots=True)
class Rule:
    """One path rule; `name` says which in messages, `example` is a Stash path that it is for."""

    name: str
    stash: Form
    plex: Form
    example: str
    ignore_case: bool


def rule_of(name: str, item: object, *, ignore_case: bool) -> Rule:
    """Return the rule that `item` describes: `"/data=>/media"`, `{stash, plex}`, or a regex pair's five keys.

    A mapping's own `ignore_case` goes before the argument. Raises Misconfigured with a clause for
    each mistake, to stand behind the rule's name.
    """
    if isinstance(item, str):
        item = _sides(item)
    if not isinstance(item, dict):
        raise Misconfigured(["is neither `/in/stash=>/in/plex` nor a mapping with the keys stash and plex"])
    texts = {str(key): value for key, value in item.items()}
    fold = texts.pop("ignore_case", ignore_case)
    regex = bool(texts.keys() & (_REGEX_KEYS - _PREFIX_KEYS))
    reasons = _mistakes(texts, _REGEX_KEYS if regex else _PREFIX_KEYS)
    if not isinstance(fold, bool):
        reasons.append("has an ignore_case that is neither true nor false")
    if reasons:
        raise Misconfigured(reasons)
    return (_regex if regex else _prefix)(name, texts, ignore_case=bool(fold))


def _sides(text: str) -> dict[str, str]:
    stash, arrow, plex = text.partition("=>")
    if not arrow or "=>" in plex:
        raise Misconfigured(["has to have exactly one `=>`, as in `/in/stash=>/in/plex`"])
    return {"stash": stash.strip(), "plex": plex.strip()}


def _mistakes(texts: dict[str, object], keys: frozenset[str]) -> list[str]:
    """Say what keeps `texts` from having exactly `keys`, all of them with a text."""
    reasons = [f"has the unknown key {key}; keys are {', '.join(sorted(keys))}" for key in texts if key not in keys]
    for key in sorted(keys):
        if not texts.get(key):
            reasons.append(f"lacks {key}")
        elif not isinstance(texts[key], str):
            reasons.append(f"has a {key} that is not a text")
    return reasons


def _flags(*, ignore_case: bool) -> re.RegexFlag:
    return re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG)


def _prefix(name: str, texts: dict[str, str], *, ignore_case: bool) -> Rule:
    folders = {side: normal(texts[side]) for side in ("stash", "plex")}
    reasons = [f"has a {side} side that is no absolute path" for side in folders if not is_absolute(texts[side])]
    reasons += [f"has . or .. in its {side} side" for side in folders if DOTS.search(folders[side])]
    reasons += [
        f"looks like a pattern in {side}: it needs stash_as, plex_as, example"
        for side in folders
        if "(?P<" in folders[side]
    ]
    if reasons:
        raise Misconfigured(reasons)
    stash, plex = (_folder(texts[side], _flags(ignore_case=ignore_case)) for side in ("stash", "plex"))
    return Rule(name, stash, plex, stash.write({"rest": "/s2p-example.mp4"}), ignore_case)


def _folder(text: str, flags: re.RegexFlag) -> Form:
    folder = normal(text).rstrip("/")
    template = folder.replace("{", "{{").replace("}", "}}") + "{rest}"
    return Form(re.compile(re.escape(folder) + _BELOW, flags), template, _WINDOWS.match(text) is not None)


def _regex(name: str, texts: dict[str, str], *, ignore_case: bool) -> Rule:
    flags = _flags(ignore_case=ignore_case)
    stash, plex = (_compiled(side, texts[side], flags) for side in ("stash", "plex"))
    reasons = [pattern for pattern in (stash, plex) if isinstance(pattern, str)]
    if isinstance(stash, re.Pattern) and isinstance(plex, re.Pattern):
        reasons += _odd_groups(stash, plex, texts)
        if not reasons:
            forms = (_form(stash, texts["stash_as"]), _form(plex, texts["plex_as"]))
            return Rule(name, *forms, texts["example"], ignore_case)
    raise Misconfigured(reasons)


def _compiled(side: str, text: str, flags: re.RegexFlag) -> re.Pattern[str] | str:
    """Return the pattern, or what is wrong with it."""
    try:
        return re.compile(unicodedata.normalize("NFC", text), flags)
    except re.error as error:
        return f"has a bad {side} pattern: {error}"


def _odd_groups(stash: re.Pattern[str], plex: re.Pattern[str], texts: dict[str, str]) -> list[str]:
    """Say which groups are in one pattern only, and which templates ask for others."""
    odd = sorted(stash.groupindex.keys() ^ plex.groupindex.keys())
    reasons = [f"has the named group {group} in one of its patterns only; both need the same" for group in odd]
    for side, groups in (("stash_as", plex.groupindex), ("plex_as", stash.groupindex)):
        reasons += _odd_names(side, texts[side], frozenset(groups))
    return reasons


def _odd_names(side: str, template: str, groups: frozenset[str]) -> list[str]:
    try:
        fields = [field[1:] for field in Formatter().parse(template) if field[1] is not None]
    except ValueError as error:
        return [f"has a bad {side}: {error}; a brace that is part of the path is written twice"]
    odd = [name for name, form, conversion in fields if name not in groups or form or conversion]
    known = ", ".join(f"{{{group}}}" for group in sorted(groups)) or "none"
    return [f"has {{{name}}} in {side}, which is no named group of its patterns; there are {known}" for name in odd]


def _form(pattern: re.Pattern[str], template: str) -> Form:
    return Form(pattern, unicodedata.normalize("NFC", template), _WINDOWS.match(template) is not None)
