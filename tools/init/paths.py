"""`S2P_PATHS`, guessed from Stash's folders, Plex's folders and files that both have. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from common.path_hint import by_name, propose
from common.path_rule import normal
from common.paths import PathRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Proposal(NamedTuple):
    """Rules as `S2P_PATHS` has them, empty when paths are the same; `found` of `looked` files are in Plex by them."""

    rules: str
    found: int
    looked: int


def proposal(
    folders: Sequence[str], paths: Sequence[str], plex_paths: Iterable[str], locations: Sequence[str]
) -> Proposal:
    """Return the rules that bring most of Stash's files to one of Plex's.

    Where the two have no file name in common, a single folder on each side is taken for the same one.
    """
    there = {normal(path) for path in plex_paths}
    rules: list[str] = []
    left = [path for path in paths if normal(path) not in there]
    while left and (pair := propose(left, by_name(there, left))) is not None:
        rules.append(pair.rule)
        known = PathRules.parse("; ".join(rules))
        still = [path for path in left if _is_lost(known, path, there)]
        if len(still) == len(left):
            rules.pop()
            break
        left = still
    if not rules and not there & {normal(path) for path in paths}:
        rules = _by_folder(folders, locations)
    text = "; ".join(sorted(rules, key=lambda rule: (-len(rule), rule)))
    final = PathRules.parse(text)
    found = sum(not _is_lost(final, path, there) for path in paths)
    return Proposal(text, found, len(paths))


def _by_folder(folders: Sequence[str], locations: Sequence[str]) -> list[str]:
    if len(folders) != 1 or len(locations) != 1 or normal(folders[0]) == normal(locations[0]):
        return []
    return [f"{folders[0]}=>{locations[0]}"]


def _is_lost(rules: PathRules, path: str, there: set[str]) -> bool:
    mapped = rules.to_plex(path)
    return mapped is None or normal(mapped) not in there
