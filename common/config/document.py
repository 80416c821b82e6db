"""The page docs/configuration.md, made of the settings themselves.

`./run python -m common.config.document >docs/configuration.md` writes it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from common.config.names import FIELDS, all_keys
from common.config.schema import schema
from common.options import DEFAULT_FIELDS

if TYPE_CHECKING:
    from common.config.names import Key

HEAD = """# Configuration

Made by `./run python -m common.config.document` from the settings themselves; a test keeps it current.

A setting is an environment variable, or a key of the YAML file that `S2P_CONFIG` names, and the environment wins. With
Docker and with `./run up`, `.env` holds the variables. Settings are read once, when a service starts; all mistakes are
named at once, and the service ends with status 2. After a change of `.env`, `docker compose up -d` restarts what it
concerns; end `./run up` with Ctrl-C and start it again.

[config.example.yaml](../config.example.yaml) is the whole file with comments, and
[config.schema.json](../config.schema.json) lets an editor complete and check it.

**Secrets** (marked 🔒) may also be in a file of their own, which `<variable>_FILE` names, such as
`S2P_PLEX_TOKEN_FILE=./secrets/plex_token`. With Docker that is a path on the host, and the container's user has to be
able to read the file: 10001 (stash_watcher), 10002 (plex_writer), 10003 (provider).

**Lists** are written with commas between: `S2P_PLEX_LIBRARIES='Movies, More movies'`. In `.env` a value with blanks,
`#` or `$` stands in single quotes.

"""

OTHERS = """## Besides

| variable | meaning |
|---|---|
| `S2P_CONFIG` | The YAML file. |
| `S2P_IN_CONTAINER` | Whether this is a container, in which `localhost` is refused; found out by itself. |
| `S2P_HEALTH_FILE` | The file that a service which is well touches, for `python -m common.health`. |
| `BROKER_READER_PASSWORD`, `BROKER_OPERATOR_PASSWORD` | For people and tools; made at the first start. |
"""


def document() -> str:
    """Return the page."""
    tree = schema()
    parts = [HEAD]
    for group, keys in _groups().items():
        parts += [f"## {group}\n\n", "| variable | key | default | meaning |\n|---|---|---|---|\n"]
        parts += [_row(key, tree) for key in keys]
        parts += [_fields()] if group == "fields" else []
        parts.append("\n")
    return "".join([*parts, OTHERS])


def _groups() -> dict[str, list[Key]]:
    """Return the keys by their first level; those that are alone in it come together at the end."""
    found: dict[str, list[Key]] = {}
    for path, key in all_keys().items():
        name = "paths and all else" if len(path) == 1 and path != FIELDS else path[0]
        found.setdefault(name, []).append(key)
    return found


def _row(key: Key, tree: dict[str, Any]) -> str:
    meaning = key.meaning.replace("|", "\\|").replace("\n", " ")
    lock = " 🔒" if key.secret else ""
    return f"| `{key.variable}`{lock} | `{'.'.join(key.path)}` | {_default(key, tree)} | {meaning} |\n"


def _default(key: Key, tree: dict[str, Any]) -> str:
    node: dict[str, Any] = tree
    for step in key.path:
        node = _resolved(node, tree).get("properties", {}).get(step, {})
    default = node.get("default", _resolved(node, tree).get("default", ""))
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return "" if default == "" else f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _resolved(node: dict[str, Any], tree: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference of the schema."""
    name = str(node.get("$ref", "")).rpartition("/")[2]
    found: dict[str, Any] = tree["$defs"][name] if name else node
    return found


def _fields() -> str:
    """Return the fields with their policies by default."""
    rows = [
        f"| `{name}` | `{policy.policy}` | {'locked' if policy.lock else 'not locked'} |\n"
        for name, policy in DEFAULT_FIELDS.items()
    ]
    return (
        "\n`sync`: Stash wins. `fill`: only where Plex is empty or holds what was written before. `merge`, for lists: "
        "ours\nare added, and only ours are removed. `off`: never touched. `unlocked` behind a policy leaves what is "
        "written\nunlocked in Plex.\n\n| field | by default | when written |\n|---|---|---|\n" + "".join(rows)
    )


if __name__ == "__main__":
    sys.stdout.write(document())
