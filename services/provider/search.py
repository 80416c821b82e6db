"""What a person who looks for a match by hand may mean: scenes ranked by title, code, people, studio and year. Pure.

All scenes are looked through, in steps, since a person rarely asks and an index of all words would cost more memory
than the scenes. No proposal has a score above 70; what is sure is `match.py`'s to say.
"""

from __future__ import annotations

import heapq
import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple

from common.filters import excluded
from services.provider.match import PROPOSALS, Hit

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from common.messages import Scene
    from common.options import Options
    from services.provider.catalog import Catalog
    from services.provider.match import Query

STEP: Final = 100
MOST_WORDS: Final = 12
LOWEST: Final = 20
HIGHEST: Final = 65
HALF: Final = 0.5

_WORD: Final = re.compile(r"[^\W_]+")
_WEIGHTS: Final = {"title": 1.0, "code": 1.0, "people": 0.8, "studio": 0.7, "file": 0.6}


class Wish(NamedTuple):
    """What is looked for: some words, at most 12, and a year or none."""

    words: tuple[str, ...]
    year: int | None


def wish_of(query: Query) -> Wish:
    """Return what the title of a query asks for; without a title, what the file's name does."""
    name = (query.filename or "").replace("\\", "/").rpartition("/")[2]
    given = words(query.title or "") or words(name.rpartition(".")[0] or name)
    year = query.released
    kept = [word for word in dict.fromkeys(given) if word != str(year)]
    return Wish(tuple(kept[:MOST_WORDS]), year)


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared: composed, without case."""
    return _WORD.findall(_plain(text))


def look_through(catalog: Catalog, options: Options, wish: Wish, found: list[Hit]) -> Generator[None]:
    """Put the best 50 scenes into `found`, best first; yields after every hundred scenes, to let others go on.

    Closed before its end, it puts there the best of those that it has seen.
    """
    best: list[tuple[int, int]] = []
    try:
        for count, scene_id in enumerate(catalog if wish.words else (), 1):
            if catalog.mentions(scene_id, lambda text: _may_be(text, wish)):
                _note(best, catalog.scene(scene_id), options, wish)
            if not count % STEP:
                yield
    finally:
        ranked = ((score, catalog.scene(-negative)) for score, negative in sorted(best, reverse=True))
        found.extend(Hit(scene, score) for score, scene in ranked if scene)


def merged(first: Iterable[Hit], then: Iterable[Hit]) -> list[Hit]:
    """Return the best 50 of both, each scene once with its better score, best first."""
    best: dict[int, Hit] = {}
    for hit in (*first, *then):
        known = best.get(hit.scene.id)
        if known is None or hit.score > known.score:
            best[hit.scene.id] = hit
    return sorted(best.values(), key=lambda hit: -hit.score)[:PROPOSALS]


def rank(scene: Scene, wish: Wish) -> int:
    """Return how well a scene fits, 20 to 65, or 0 when less than half of the words are its own."""
    own = _own(scene)
    score = sum(max((_WEIGHTS[kind] for kind in own if word in own[kind]), default=0.0) for word in wish.words)
    have = sum(any(word in own[kind] for kind in own) for word in wish.words)
    if not have or have < HALF * len(wish.words):
        return 0
    share = score / len(wish.words)
    title = own["title"]
    # of titles that have all the words, the one with the fewest others; a code is as good as the whole title
    close = max(len(title & set(wish.words)) / max(len(title), 1), float(bool(own["code"] & set(wish.words))))
    year = 0.0 if wish.year is None else 1.0 if scene.date[:4] == str(wish.year) else -0.5
    rating = 0.7 * share + 0.2 * close + 0.1 * year
    return round(LOWEST + (HIGHEST - LOWEST) * max(0.0, min(1.0, rating)))


def _own(scene: Scene) -> dict[str, set[str]]:
    """Return a scene's words by where they are; a code counts with its hyphens and without."""
    code = words(scene.code)
    studio = scene.studio
    return {
        "title": set(words(scene.title)),
        "code": {*code, "".join(code)} - {""},
        "people": {word for performer in scene.performers for word in words(performer.name)},
        "studio": {
            *words(studio.name if studio else ""),
            *words(studio.parent.name if studio and studio.parent else ""),
        },
        "file": {word for file in scene.files for word in words(file.path.rpartition("/")[2])},
    }


def _note(best: list[tuple[int, int]], scene: Scene | None, options: Options, wish: Wish) -> None:
    score = rank(scene, wish) if scene is not None and excluded(scene, options.filters) is None else 0
    if scene is not None and score:
        heapq.heappush(best, (score, -scene.id))
        if len(best) > PROPOSALS:
            heapq.heappop(best)


def _may_be(text: str, wish: Wish) -> bool:
    """Tell quickly whether half of the words are anywhere in the text of a scene, a code's with its hyphens or not."""
    plain = _plain(text).replace("-", "")
    return sum(word in plain for word in wish.words) >= HALF * len(wish.words)


def _plain(text: str) -> str:
    return text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
