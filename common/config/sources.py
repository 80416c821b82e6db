"""Where settings come from: S2P_ variables, files with one secret each, and one YAML file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from common.config.files import read_secret, read_yaml
from common.config.names import CONFIG, FIELDS, HEALTH_FILE, IN_CONTAINER, all_keys, key_of, unknown
from common.config.values import field_pairs
from common.errors import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from common.config.names import Key, KeyPath


@dataclass(slots=True)
class Sources:
    """All that was written: nested values by source, which variable gave a key, and what could not be read."""

    environment: dict[str, Any] = field(default_factory=dict)
    variables: dict[KeyPath, str] = field(default_factory=dict)
    file: dict[str, Any] = field(default_factory=dict)
    file_name: str = ""
    problems: list[str] = field(default_factory=list)

    def value(self, path: KeyPath) -> object:
        """Return what was written for a key, or None."""
        given = _at(self.environment, path)
        return _at(self.file, path) if given is None else given

    def name(self, path: KeyPath) -> str:
        """Return what people call the key at `path`: the variable that gave it, or else its place in the file."""
        given = next((path[:length] for length in range(len(path), 0, -1) if path[:length] in self.variables), None)
        key = key_of(path)
        if key is None or (given is None and self._in_file(path, len(key.path))):
            return f"{'.'.join(path)} in {self.file_name}"
        inside = ".".join(path[len(key.path) :])
        return (self.variables[given] if given else key.variable) + (f" ({inside})" if inside else "")

    def _in_file(self, path: KeyPath, least: int) -> bool:
        """Tell whether the file has `path`, or the value in which it lies."""
        return any(_at(self.file, path[:length]) is not None for length in range(least, len(path) + 1))


def read(environ: Mapping[str, str]) -> Sources:
    """Read all variables and the files that they name; an empty value counts as not given."""
    sources = Sources()
    given = {name: text for name, text in environ.items() if text and name.upper().startswith("S2P_")}
    variables = {key.variable: key for key in all_keys().values()}
    files = {f"{name}_FILE": key for name, key in variables.items() if key.secret}
    names = [*variables, *files, CONFIG, IN_CONTAINER, HEALTH_FILE]
    for name, text in given.items():
        if name in variables:
            _put(variables[name], name, text, sources)
        elif name in files and files[name].variable in given:
            sources.problems.append(f"{files[name].variable} and {name} are both set. Keep one of the two.")
        elif name in files:
            _put_secret(files[name], name, text, sources)
        elif name not in names:
            sources.problems.append(unknown(name, name.upper(), names))
    _read_file(given.get(CONFIG, ""), sources)
    return sources


def _read_file(path: str, sources: Sources) -> None:
    sources.file_name = path
    try:
        sources.file = read_yaml(CONFIG, path) if path else {}
    except Misconfigured as error:
        sources.problems += error.problems


def _put_secret(key: Key, name: str, path: str, sources: Sources) -> None:
    try:
        _put(key, name, read_secret(name, path), sources)
    except Misconfigured as error:
        sources.variables[key.path] = name
        sources.problems += error.problems


def _put(key: Key, name: str, text: str, sources: Sources) -> None:
    """Put one value in its place; fields go one by one, so that each overrides the file's own."""
    pairs = _pairs(text) if key.path == FIELDS else None
    sources.variables |= {(*key.path, each): name for each in pairs} if pairs else {key.path: name}
    place = sources.environment
    for step in key.path[:-1]:
        place = place.setdefault(step, {})
    place[key.path[-1]] = pairs or text


def _pairs(text: str) -> dict[str, str] | None:
    """Return the policies of single fields; None leaves a text that has none to be judged with everything else."""
    try:
        return field_pairs(text)
    except ValueError:
        return None


def _at(tree: object, path: Iterable[str]) -> object:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree
