r"""Path rules: how the path of a file in Stash becomes its path in Plex, and back.

A prefix pair moves whole folders: `/data=>/media`. A regex pair has, for either side, a pattern with the same named
groups and a template in which `{name}` stands for a group (`{{` and `}}` are braces): `stash` is matched against a whole
Stash path and `plex_as` makes the Plex path; `plex` is matched against a whole Plex path and `stash_as` makes the Stash
path; `example` is a Stash path.

Both sides may be POSIX, drive (`Z:\films`) or UNC (`\\nas\share`) paths. Rules see paths in their normal form, with `/`
between components and in NFC, so patterns are written with `/`; what they make has `\` where that side is Windows'.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Self

from common.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Sequence

Side = Literal["stash", "plex"]

_DOTS: Final = re.compile(r"(?:^|/)\.\.?(?:/|$)")
_DRIVE: Final = re.compile(r"[A-Za-z]:(?=/|$)")
_SLASHES: Final = re.compile(r"(?<=[^/])//+|^///+")
_WINDOWS: Final = re.compile(r"[A-Za-z]:(?=[/\\]|$)|//|.*\\", re.DOTALL)


def normal(path: str) -> str:
    """Return `path` with `/` between its components, in NFC, an upper-case drive and no slash at its end."""
    text = path.replace("\\", "/")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if "//" in text:
        text = _SLASHES.sub("/", text)
    if _DRIVE.match(text):
        text = text[0].upper() + text[1:]
    return text.rstrip("/") or text[:1]


def key(path: str, *, ignore_case: bool = False) -> str:
    """Return the form in which two spellings of one path are equal: to compare and look up, never to show or open."""
    form = normal(path)
    if not ignore_case:
        return form
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", form).casefold())


def below(path: str, folder: str, *, ignore_case: bool = False) -> bool:
    """Tell whether `path` is `folder` or lies in it, by whole components."""
    inner, outer = key(path, ignore_case=ignore_case), key(folder, ignore_case=ignore_case).rstrip("/")
    return inner == outer or (inner.startswith(outer + "/") and not inner.startswith(outer + "//"))


@dataclass(frozen=True, slots=True)
class Form:
    """One side of a rule: the paths it takes, and the template of those it makes, as Windows writes them or not."""

    pattern: re.Pattern[str]
    template: str
    windows: bool

    def read(self, path: str) -> dict[str, str] | None:
        """Return the groups of a path in normal form, or None when it is not of this form."""
        match = self.pattern.fullmatch(path)
        return match.groupdict("") if match else None

    def write(self, groups: dict[str, str]) -> str:
        """Return the path made of `groups`, with this side's separators."""
        path = normal(self.template.format_map(groups)) or "/"
        path += "/" if path.endswith(":") else ""
        return path.replace("/", "\\") if self.windows else path


def windows(text: str) -> bool:
    r"""Tell whether a path or template is Windows': a drive, a share (`\\` or `//`), or `\` anywhere."""
    return _WINDOWS.match(text) is not None


@dataclass(frozen=True, slots=True)
class Rule:
    """One path rule; `name` says which in messages, `example` is a Stash path that it is for."""

    name: str
    stash: Form
    plex: Form
    example: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Trip:
    """A path's way to the other side and back, with the rule taken each time; None where no rule takes it."""

    there: str | None = None
    by: Rule | None = None
    back: str | None = None
    back_by: Rule | None = None


@dataclass(frozen=True, slots=True)
class PathRules:
    """All path rules in their order, of which the first that matches counts; without any, both sides are the same.

    `ignore_case` compares all names without regard to case, as soon as one rule asks for it.
    """

    rules: tuple[Rule, ...] = ()
    ignore_case: bool = False

    @classmethod
    def parse(cls, source: str | Sequence[object], *, ignore_case: bool = False) -> Self:
        """Return the rules of `"/data=>/media; /data2=>/films"`, of a JSON list of mappings, or of such a list.

        Raises Misconfigured with one sentence for each mistake, those that `check` finds included.
        """
        from common.path_rules import build, split  # noqa: PLC0415 - builds the rules of this module

        items, problems = split(source)
        built, mistakes = build(items, ignore_case=ignore_case)
        rules = cls(built, ignore_case=ignore_case or any(rule.ignore_case for rule in built))
        if found := problems + mistakes + check(rules):
            raise Misconfigured(found)
        return rules
