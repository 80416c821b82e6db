"""What every key is called: its path in the YAML file and its S2P_ variable."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Final, get_args

from pydantic import SecretStr

from common.config.keys import Config, Fields
from common.config.types import Keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pydantic import BaseModel

KeyPath = tuple[str, ...]

CONFIG: Final = "S2P_CONFIG"
IN_CONTAINER: Final = "S2P_IN_CONTAINER"
HEALTH_FILE: Final = "S2P_HEALTH_FILE"
FIELDS: Final[KeyPath] = ("fields",)
_RENAMED: Final[Mapping[KeyPath, str]] = {("provider", "hook_secret"): "S2P_HOOK_SECRET"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the YAML file with its variable and its meaning."""

    path: KeyPath
    variable: str
    secret: bool
    meaning: str


@cache
def all_keys() -> Mapping[KeyPath, Key]:
    """Return every key by its path; the fields, which have one variable together, are one key."""
    return {key.path: key for key in _walk(Config, ())}


def key_of(path: KeyPath) -> Key | None:
    """Return the key that `path` is or lies in."""
    return next((key for length in range(len(path), 0, -1) if (key := all_keys().get(path[:length]))), None)


def siblings(path: KeyPath) -> Iterable[str]:
    """Return the keys that may stand where `path` does."""
    model: type[BaseModel] | None = Config
    for step in path[:-1]:
        model = _group(dict(_entries(model)).get(step)) if model else None
    return [name for name, _ in _entries(model)] if model else []


def unknown(name: str, word: str, known: Iterable[str]) -> str:
    """Say that nothing is called `name`, with the one of `known` that `word` was probably meant to be."""
    close = get_close_matches(word, list(known), 1)
    return f"{name} is no setting. {f'Did you mean {close[0]}?' if close else 'Remove or rename it.'}"


def _walk(model: type[BaseModel], above: KeyPath) -> Iterator[Key]:
    infos = {info.alias or name: info for name, info in model.model_fields.items()}
    for name, kind in _entries(model):
        path = (*above, name)
        group = _group(kind)
        if group and group is not Fields:
            yield from _walk(group, path)
        else:
            variable = _RENAMED.get(path, "S2P_" + "_".join(path).upper())
            meaning = infos[name].description or "Write pairs, as in title=sync, tags=merge unlocked."
            yield Key(path, variable, _is_secret(kind), meaning)


def _is_secret(kind: object) -> bool:
    return kind is SecretStr or any(_is_secret(part) for part in get_args(kind))


def _entries(model: type[BaseModel]) -> Iterator[tuple[str, object]]:
    return ((info.alias or name, info.annotation) for name, info in model.model_fields.items())


def _group(kind: object) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, Keys) else None
