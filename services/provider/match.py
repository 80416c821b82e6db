r"""Which scene a file in Plex is: the right one or none. Pure.

Plex tells the file's path in one of several forms: whole, relative to the library's folder, with a folder more in
front, with `\`, decomposed or percent-encoded. A whole path that the path rules take decides. Otherwise it is the scene
whose path has the longest end in common, of two components or more, if there is only one such. A GUID of ours counts
only where the file's name agrees, because ids begin anew in another Stash. A file name alone is a proposal for people.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import unquote

import msgspec

from common.filters import excluded
from common.guids import id_of_guid
from services.provider.catalog import parts_of
from services.provider.manifest import MOVIE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from common.messages import Scene
    from common.options import Options
    from common.paths import PathRules
    from services.provider.catalog import Catalog

SURE: Final = 100
TIED: Final = 70
SAME_NAME: Final = 60
SAME_ID: Final = 50
PROPOSALS: Final = 50
LONGEST_PATH: Final = 4_096
LONGEST_TITLE: Final = 1_024

_YEAR: Final = re.compile(r"(?:18|19|20)[0-9]{2}")


class Query(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Plex asks with; numbers may come as texts. `manual` asks for proposals, best first.

    `include_adult` is what Plex's library is set to. `hash` and what else Plex sends is of no use here.
    """

    type: int
    title: str | None = None
    year: object = None
    guid: str | None = None
    filename: str | None = None
    manual: bool | None = None
    include_adult: bool | None = None
    include_fields: object = None
    exclude_fields: object = None
    include_elements: object = None
    exclude_elements: object = None

    def __post_init__(self) -> None:
        if len(self.filename or "") > LONGEST_PATH:
            raise ValueError(f"filename is longer than {LONGEST_PATH} characters")
        if len(self.title or "") > LONGEST_TITLE:
            raise ValueError(f"title is longer than {LONGEST_TITLE} characters")

    @property
    def released(self) -> int | None:
        """The year, if it is one."""
        return int(str(self.year)) if _YEAR.fullmatch(str(self.year)) else None

    @property
    def is_customized(self) -> bool:
        """Whether anything is to be left out of the answer."""
        return any(self.customization.values())

    @property
    def customization(self) -> dict[str, object]:
        """What is to be left out of the answer, by the names of `trim.NAMES`; Plex's samples have it in the body."""
        return {
            "includeFields": self.include_fields,
            "excludeFields": self.exclude_fields,
            "includeElements": self.include_elements,
            "excludeElements": self.exclude_elements,
        }


class Hit(NamedTuple):
    """A scene that may be the file, and how sure that is: 100 for the file's own scene, up to 70 for a proposal."""

    scene: Scene
    score: int


class Found(NamedTuple):
    """What came of a query, and `why` in one sentence.

    `known` when some scene has the file, even if it may not be named. `tied` are the scenes of which it may be any.
    """

    hits: tuple[Hit, ...]
    known: bool
    tied: tuple[int, ...] = ()
    why: str = ""


def query_of(body: bytes) -> Query:
    """Return the query in a request's body; raises ValueError with the reason when there is none in it."""
    try:
        return msgspec.json.decode(body, type=Query, strict=False)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from error


def find(catalog: Catalog, options: Options, query: Query) -> Found:
    """Return the one scene that the query means or none, and for a manual query also what its path and GUID propose."""
    if query.type != MOVIE:
        return Found((), known=True, why=f"type {query.type} is no movie, and there is nothing else here")
    by_path = _by_path(catalog, options.paths, query.filename or "")
    by_guid = _by_guid(catalog, query.guid or "")
    sure, why = _sure(catalog, options.paths, query, by_path, by_guid)
    scores = {} if sure is None else {sure: SURE}
    if query.manual:
        _propose(scores, by_path, TIED)
        _propose(scores, named(catalog, options.paths, query.filename or ""), SAME_NAME)
        _propose(scores, [] if by_guid is None else [by_guid], SAME_ID)
    hits = [Hit(scene, score) for scene_id, score in scores.items() if (scene := catalog.scene(scene_id))]
    kept = [hit for hit in hits if excluded(hit.scene, options.filters) is None]
    if sure is not None and not any(hit.score == SURE for hit in kept):
        why = f"it is scene {sure}, which is kept from Plex by a filter"
    tied = tuple(by_path) if sure is None else ()
    return Found(tuple(kept[:PROPOSALS]), known=sure is not None, tied=tied, why=why)


def _sure(
    catalog: Catalog, rules: PathRules, query: Query, by_path: list[int], by_guid: int | None
) -> tuple[int | None, str]:
    """Return the scene that it is beyond doubt, and why it is that or none."""
    if len(by_path) == 1:
        return by_path[0], f"only scene {by_path[0]} has a file at this path, or one that ends so"
    if by_guid is not None and _agrees(catalog, rules, by_guid, query, by_path):
        return by_guid, f"the GUID names scene {by_guid}, and nothing about the file speaks against it"
    if by_path:
        return None, f"{len(by_path)} scenes have a file at this path, or one that ends so: it could be any of them"
    if not query.filename:
        return None, "no file name was told, and nothing else is sure enough"
    if len(parts_of(rules.key(query.filename))) < 2:
        return None, "a file name without a folder is not enough to be sure"
    return None, "no scene has a file at this path, nor one whose last two parts are the same"


def path_key(rules: PathRules, path: str) -> str:
    """Return the form in which a path as asked for, and the end of a scene's path, are equal."""
    return "/".join(parts_of(rules.key(path)))


def path_keys(catalog: Catalog, scene_id: int) -> set[str]:
    """Return every form, as of `path_key`, in which Plex may ask for a file of this scene."""
    return {"/".join(parts[start:]) for parts in catalog.places(scene_id) for start in range(len(parts))}


def _propose(scores: dict[int, int], scene_ids: list[int], score: int) -> None:
    for scene_id in scene_ids:
        scores.setdefault(scene_id, score)


def _by_path(catalog: Catalog, rules: PathRules, filename: str) -> list[int]:
    """Return the scenes that the first telling form of the path leads to; several of them are a tie."""
    for form in _forms(filename):
        if found := _at_or_ending(catalog, rules, form):
            return found
    return []


def _at_or_ending(catalog: Catalog, rules: PathRules, path: str) -> list[int]:
    parts = parts_of(rules.key(path))
    if not parts or "." in parts or ".." in parts:
        return []
    mapped = rules.to_stash(path)
    if mapped is not None and (there := catalog.at(mapped)):
        return there
    agree = catalog.ending(parts)
    if mapped is not None and rules.rules:
        # a rule knows this folder, so the file is nowhere else: only a longer path may still end in the whole of it
        agree = {scene_id: count for scene_id, count in agree.items() if count == len(parts)}
    most = max(agree.values(), default=0)
    return [scene_id for scene_id, count in agree.items() if count == most]


def named(catalog: Catalog, rules: PathRules, filename: str) -> list[int]:
    """Return scenes with a file of the same name, whatever its folder; a proposal and never more."""
    for name in _names(rules, filename):
        if found := catalog.named(name, PROPOSALS):
            return found
    return []


def _by_guid(catalog: Catalog, guid: str) -> int | None:
    scene_id = id_of_guid(guid)
    return scene_id if scene_id is not None and scene_id in catalog and scene_id not in catalog.reborn else None


def _agrees(catalog: Catalog, rules: PathRules, scene_id: int, query: Query, by_path: list[int]) -> bool:
    """Tell whether the file may be this scene's; with other candidates by path it has to be one of them."""
    if not query.filename or by_path:
        return not query.filename or scene_id in by_path
    own = {parts[-1] for parts in catalog.places(scene_id) if parts}
    return any(name in own for name in _names(rules, query.filename))


def _names(rules: PathRules, filename: str) -> list[str]:
    paths = (parts_of(rules.key(form)) for form in _forms(filename))
    return [parts[-1] for parts in paths if parts]


def _forms(filename: str) -> Iterator[str]:
    """Yield the path as given and, if it may be percent-encoded, decoded; it is only ever compared with others."""
    yield filename
    if "%" in filename:
        try:
            decoded = unquote(filename, errors="strict")
        except UnicodeDecodeError:
            return
        if decoded != filename:
            yield decoded
