"""What init wants to know of Stash: is it there, does it take the key, its folders, and paths of real files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from common.stash import Query, Stash

if TYPE_CHECKING:
    from pydantic import SecretStr

SAMPLE: Final = 200
_QUESTION: Final = Query(
    "init",
    """query Init($filter: FindFilterType) {
  version { version }
  systemStatus { status }
  configuration { general { stashes { path } } }
  findScenes(filter: $filter) { count scenes { files { path } } }
}""",
    "Init",
)


class _Version(msgspec.Struct):
    version: str | None = None


class _Status(msgspec.Struct):
    status: str


class _Folder(msgspec.Struct):
    path: str


class _General(msgspec.Struct):
    stashes: list[_Folder]


class _Configuration(msgspec.Struct):
    general: _General


class _Scene(msgspec.Struct):
    files: list[_Folder]


class _Scenes(msgspec.Struct):
    count: int
    scenes: list[_Scene]


class _Answer(msgspec.Struct, rename="camel"):
    version: _Version
    system_status: _Status
    configuration: _Configuration
    find_scenes: _Scenes


class StashFacts(NamedTuple):
    """Stash as it answered; `paths` are of some scenes' files, `folders` those of its settings."""

    version: str
    status: str
    scenes: int
    folders: tuple[str, ...]
    paths: tuple[str, ...]


async def look(url: str, key: SecretStr | None) -> StashFacts:
    """Ask Stash once; raises the errors of common.stash."""
    async with Stash(url, key) as stash:
        variables = {"filter": {"per_page": SAMPLE, "sort": "random", "direction": "ASC"}}
        answer = (await stash.ask(_QUESTION, _Answer, variables)).data
    return StashFacts(
        answer.version.version or "of unknown version",
        answer.system_status.status,
        answer.find_scenes.count,
        tuple(folder.path for folder in answer.configuration.general.stashes),
        tuple(file.path for scene in answer.find_scenes.scenes for file in scene.files),
    )
