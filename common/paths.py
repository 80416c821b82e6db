r"""Path rules: how the path of a file in Stash becomes its path in Plex, and back.

A prefix pair moves whole folders: `/data=>/media`. A regex pair has, for either side, a pattern with the same named
groups and a template in which `{name}` stands for a group (`{{` and `}}` are braces): `stash` is matched against a
whole Stash path and `plex_as` makes the Plex path; `plex` is matched against a whole Plex path and `stash_as` makes the
Stash path; `example` is a Stash path. Both sides may be POSIX, drive (`Z:\films`) or UNC (`\\nas\share`) paths.

A path is only ever translated when the result comes back to it: what cannot be undone is nobody's path.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

from common.errors import Misconfigured
from common.path_rule import DOTS, Form, Rule, normal, rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable

Side = Literal["stash", "plex"]


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
class Trip:
    """A path's way to the other side and back, with the rule taken each time; None where no rule takes it."""

    there: str | None = None
    by: Rule | None = None
    back: str | None = None
    back_by: Rule | None = None


@dataclass(frozen=True, slots=True)
class PathRules:
    """All path rules in their order, of which the first that matches counts; without any, both sides are the same.

    Names that differ in case only are one name as soon as one rule ignores case.
    """

    rules: tuple[Rule, ...] = ()
    _ignore_case: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ignore_case", any(rule.ignore_case for rule in self.rules))

    @classmethod
    def parse(cls, source: str | Iterable[object], *, ignore_case: bool = False) -> Self:
        """Return the rules of `"/data=>/media; /data2=>/films"`, or of a list (also as JSON) of such pairs or mappings.

        Raises Misconfigured with one sentence for each mistake, those that `check` finds included.
        """
        problems: list[str] = []
        built: list[Rule] = []
        for number, item in enumerate(_items(source), 1):
            name = f"path rule {number}{_shown(item)}"
            try:
                built.append(rule_of(name, item, ignore_case=ignore_case))
            except Misconfigured as error:
                problems += [f"{name} {reason}" for reason in error.problems]
        rules = cls(tuple(built))
        if problems := problems + check(rules):
            raise Misconfigured(problems)
        return rules

    def to_plex(self, path: str) -> str | None:
        """Return where Plex has the file that Stash has at `path`; None when no rule says so or it can't be undone."""
        return self._sound(path, "stash")

    def to_stash(self, path: str) -> str | None:
        """Return where Stash has the file that Plex has at `path`; None when no rule says so or it can't be undone."""
        return self._sound(path, "plex")

    def key(self, path: str) -> str:
        """Return the form in which two spellings of one path are equal under these rules."""
        return key(path, ignore_case=self._ignore_case)

    def explain(self, path: str, side: Side = "stash") -> str:
        """Say in one sentence where the other side has the file that `side` has at `path`, and why."""
        here, other = ("Stash", "Plex") if side == "stash" else ("Plex", "Stash")
        if not self.rules:
            return f"No path rules are set (S2P_PATHS), so {path} in {here} is the same in {other}."
        trip = self.trip(path, side)
        if trip.there is None or trip.by is None:
            dots = " It has . or .. in it." if DOTS.search(normal(path)) else ""
            return f"No path rule (S2P_PATHS) takes {path} in {here}.{dots}"
        if self._returns(path, trip):
            return f"{path} in {here} is {trip.there} in {other}, by {trip.by.name}."
        way = f"{path} in {here} would be {trip.there} in {other}, by {trip.by.name}"
        if trip.back is None or trip.back_by is None:
            return f"{way}, but no path rule takes that back, so it is not used."
        return f"{way}, but that comes back as {trip.back}, by {trip.back_by.name}, so it is not used."

    def fingerprint(self) -> str:
        """Return a text that is the same for the same rules in every process, and differs for others."""
        forms = [(rule.ignore_case, *(_facts(form) for form in (rule.stash, rule.plex))) for rule in self.rules]
        return json.dumps(forms)

    def trip(self, path: str, side: Side) -> Trip:
        """Return the way of a path of `side` to the other side and back."""
        there, by = self._across(path, side)
        if there is None:
            return Trip()
        return Trip(there, by, *self._across(there, "plex" if side == "stash" else "stash"))

    def _sound(self, path: str, side: Side) -> str | None:
        if not self.rules:
            return path
        trip = self.trip(path, side)
        return trip.there if self._returns(path, trip) else None

    def _returns(self, path: str, trip: Trip) -> bool:
        return trip.back is not None and self.key(trip.back) == self.key(path)

    def _across(self, path: str, side: Side) -> tuple[str | None, Rule | None]:
        form = normal(path)
        if DOTS.search(form):
            return None, None
        for rule in self.rules:
            source, target = (rule.stash, rule.plex) if side == "stash" else (rule.plex, rule.stash)
            groups = source.read(form)
            if groups is not None:
                return target.write(groups), rule
        return None, None


def check(rules: PathRules) -> list[str]:
    """Take each rule's example to Plex and back; return a sentence for each that another rule hides or that differs."""
    return [f"{rule.name} {reason}" for rule in rules.rules if (reason := _fault(rules, rule))]


def _fault(rules: PathRules, rule: Rule) -> str:
    trip = rules.trip(rule.example, "stash")
    if trip.by is None:
        return f"does not take its own example {rule.example}: patterns match whole paths, with / between folders"
    if trip.by is not rule:
        return f"is never reached: {trip.by.name} takes {rule.example} first; put the narrower rule first"
    way = f"makes {trip.there} of {rule.example}"
    if trip.back_by is None:
        return f"{way}, which no rule takes back"
    if trip.back_by is not rule:
        return (
            f"{way}, which goes back through {trip.back_by.name} to {trip.back}; give each rule a Plex side of its own"
        )
    if rules.key(trip.back or "") != rules.key(rule.example):
        return f"{way}, which comes back as {trip.back}"
    return ""


def _items(source: str | Iterable[object]) -> list[object]:
    """Return the single rules as written, still unread."""
    if isinstance(source, str) and source.lstrip().startswith("["):
        try:
            source = json.loads(source)
        except ValueError as error:
            raise Misconfigured([f"path rules begin with [ but are no JSON list: {error}"]) from error
    if isinstance(source, str):
        return [part.strip() for part in re.split(r"[;\n]", source) if part.strip()]
    if isinstance(source, list | tuple):
        return list(source)
    raise Misconfigured(["path rules have to be a list of rules, or one text like `/data=>/media; /data2=>/films`"])


def _shown(item: object) -> str:
    if isinstance(item, dict):
        item = f"{item.get('stash')} => {item.get('plex')}"
    return f" ({item})" if isinstance(item, str) else ""


def _facts(form: Form) -> tuple[str, str, bool]:
    return form.pattern.pattern, form.template, form.windows
