"""Which prefix pair would turn Stash's paths into Plex's, guessed from files with the same name on both sides. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from common.path_rule import normal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Pair(NamedTuple):
    """A prefix pair as `S2P_PATHS` has it, and how many of the paths looked at it would bring to a file of Plex."""

    stash: str
    plex: str
    fits: int

    @property
    def rule(self) -> str:
        """The pair as it is written in `S2P_PATHS`."""
        return f"{self.stash}=>{self.plex}"


def name_of(path: str) -> str:
    """Return the last component of a path, in the form in which names are compared."""
    return normal(path).rpartition("/")[2].casefold()


def propose(stash: Iterable[str], plex: Mapping[str, Iterable[str]]) -> Pair | None:
    """Return the pair that brings most of Stash's paths to one of Plex's, which `plex` has by `name_of`.

    Of pairs that do equally well the one with the longest common tail wins, so that the rule is as general as can be.
    None when no name is on both sides, or when the paths are the same already.
    """
    votes: Counter[tuple[str, str]] = Counter()
    for path in {normal(each) for each in stash}:
        pairs = {_pair(path, normal(other)) for other in plex.get(name_of(path), ())}
        votes.update(pair for pair in pairs if pair is not None)
    if not votes:
        return None
    (left, right), fits = min(votes.items(), key=lambda vote: (-vote[1], len("".join(vote[0])), vote[0]))
    return Pair(left or "/", right or "/", fits)


def by_name(paths: Iterable[str], wanted: Iterable[str]) -> dict[str, list[str]]:
    """Return those of `paths` that have the name of one of `wanted`, by name."""
    names = {name_of(path) for path in wanted}
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        if (name := name_of(path)) in names:
            found[name].append(path)
    return dict(found)


def _pair(stash: str, plex: str) -> tuple[str, str] | None:
    """Cut the components that both paths end with; None when nothing is left that differs."""
    left, right = stash.split("/"), plex.split("/")
    while left and right and left[-1].casefold() == right[-1].casefold():
        left.pop()
        right.pop()
    return ("/".join(left), "/".join(right)) if left != right else None
