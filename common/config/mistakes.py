"""What is wrong with the settings, in sentences: which, what it is unless it is secret, why not, and what to write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from common.config.keys import Mqtt
from common.config.names import CONFIG, all_keys, key_of, siblings, unknown
from common.config.values import host_of, is_local, masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from common.config.names import KeyPath
    from common.config.sources import Sources

SHOWN: Final = 80
BROKER: Final[KeyPath] = ("mqtt", "url")
ADDRESSES: Final[tuple[KeyPath, ...]] = (
    ("stash", "url"),
    ("plex", "url"),
    BROKER,
    ("provider", "url"),
    ("provider", "internal_url"),
)

_NUMBER, _WHOLE, _BOOL = "it is not a number", "it is not a whole number", "it has to be true or false"
_REASONS: Final = {
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "bool_parsing": _BOOL,
    "bool_type": _BOOL,
    "string_type": "it has to be text",
    "tuple_type": "it has to be a list",
    "model_type": "it has to be a group of keys",
    "greater_than_equal": "it has to be at least {ge}",
    "less_than_equal": "it has to be at most {le}",
    "literal_error": "it has to be {expected}",
    "value_error": "{error}",
}


def sentences(error: ValidationError, sources: Sources) -> list[str]:
    """Return one sentence for each mistake in `error`, and one for each that path rules have."""
    return [sentence for detail in error.errors(include_url=False) for sentence in _sentences(detail, sources)]


def missing(required: Iterable[KeyPath], service: str, sources: Sources) -> list[str]:
    """Return a sentence for each key that `service` can't do without and nobody gave."""
    absent = [path for path in required if path not in sources.variables and sources.value(path) is None]
    return [
        f"{key.variable} is not set, and the {service} can't work without it. {key.meaning} Set {key.variable}"
        f"{f' or {key.variable}_FILE' if key.secret else ''}, or {'.'.join(key.path)} in the file that {CONFIG} names."
        for key in (all_keys()[path] for path in absent)
    ]


def unreachable(sources: Sources) -> list[str]:
    """Return a sentence for each address that, inside a container, is the container itself."""
    return [
        f"{sources.name(path)} {says} {host}, which inside a container is the container itself. Write "
        "host.docker.internal for the machine that the container runs on, or the other container's name."
        for path in ADDRESSES
        for says, address in [_address(path, sources)]
        if is_local(host := host_of(address))
    ]


def _address(path: KeyPath, sources: Sources) -> tuple[str, str]:
    """Return an address with the verb for it; only a broker's has a default."""
    if path == BROKER and path not in sources.variables and sources.value(path) is None:
        return "is not set and by default says", Mqtt().url.get_secret_value()
    return "says", str(sources.value(path) or "")


def _sentences(detail: ErrorDetails, sources: Sources) -> Iterator[str]:
    path = tuple(str(step) for step in detail["loc"])
    name, key = sources.name(path), key_of(path)
    if detail["type"] == "extra_forbidden":
        yield unknown(name, path[-1].lower(), siblings(path))
    elif detail["type"] == "path_rules":
        yield from (f"{name}: {problem}." for problem in detail["ctx"]["problems"])
    else:
        shown = "" if key is None or key.secret else _shown(detail["input"])
        yield f"{name}{shown}: {_reason(detail)}. {key.meaning if key else ''}".rstrip()


def _reason(detail: ErrorDetails) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    known = _REASONS.get(detail["type"])
    return known.format_map(context) if known else detail["msg"]


def _shown(value: object) -> str:
    if isinstance(value, str | int | float | bool):
        return f" is {json.dumps(masked(str(value))[:SHOWN], ensure_ascii=False)}"
    return ""
