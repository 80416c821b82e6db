"""The `.env` that init writes: readable by its owner alone, and never over one that is there."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]", "::1")
# what a container calls the machine that it runs on; ./run up takes it for this machine too
THIS_MACHINE: Final = "host.docker.internal"
HEAD: Final = """# Made by ./run init. Every other setting is in config.example.yaml, and can stand here too.
# host.docker.internal is this machine, as seen from a container.
"""


def portable(url: str) -> str:
    """Return an address that means the same in a container: loopback is the machine that Docker runs on."""
    address = urlsplit(url)
    if (address.hostname or "") not in LOOPBACK:
        return url
    port = f":{address.port}" if address.port else ""
    return urlunsplit(address._replace(netloc=f"{THIS_MACHINE}{port}"))


def text(settings: Mapping[str, str]) -> str:
    """Return the file: the settings that were found, and passwords that nobody has to invent."""
    passwords = {name: secrets.token_hex(24) for name in ("BROKER_READER_PASSWORD", "BROKER_OPERATOR_PASSWORD")}
    made = {**settings, "S2P_HOOK_SECRET": secrets.token_hex(24), **passwords}
    return HEAD + "".join(f"{name}={quoted(value)}\n" for name, value in made.items() if value)


def quoted(value: str) -> str:
    """Return a value as docker compose and python-dotenv both read it; raises ValueError where they can't."""
    if "'" in value or "\n" in value:
        raise ValueError("a setting with ' or a line's end in it can't stand in .env; write it by hand into a file")
    return f"'{value}'"


def write(path: Path, content: str) -> None:
    """Write it; raises FileExistsError where there is a file, also one that comes up in the same moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
