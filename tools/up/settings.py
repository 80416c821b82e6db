"""Settings from `.env` and the environment, as with docker compose, and what each service gets of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from common.errors import Misconfigured
from common.settings import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.settings import Service

Settings = dict[str, str]

# each service with what the settings and the broker call it
KINDS: Final[Mapping[str, Service]] = {
    "stash_watcher": "watcher",
    "plex_writer": "writer",
    "provider": "provider",
}
SECRETS: Final[Mapping[str, tuple[str, ...]]] = {
    "stash_watcher": ("S2P_STASH_API_KEY",),
    "plex_writer": ("S2P_PLEX_TOKEN",),
    "provider": ("S2P_STASH_API_KEY", "S2P_HOOK_SECRET"),
}
ADDRESSES: Final = ("S2P_STASH_URL", "S2P_PLEX_URL", "S2P_MQTT_URL")
# what a container calls the machine that it runs on, which is where we are
THIS_MACHINE: Final = "host.docker.internal"


def settings_from(written: Mapping[str, str | None], environ: Mapping[str, str], *, resolves: bool) -> Settings:
    """Return all settings, the environment before the file; `resolves` tells whether THIS_MACHINE is a name here."""
    known = {name: text for name, text in written.items() if text is not None}
    settings = {name: text for name, text in (known | dict(environ)).items() if name.startswith(("S2P_", "BROKER_"))}
    for name in () if resolves else ADDRESSES:
        if name in settings:
            settings[name] = settings[name].replace(THIS_MACHINE, "127.0.0.1")
    provider = f"http://127.0.0.1:{settings.get('S2P_PROVIDER_PORT') or '9393'}"
    return {"S2P_PROVIDER_INTERNAL_URL": provider, **settings, "S2P_IN_CONTAINER": "false"}


def mistakes(settings: Mapping[str, str]) -> list[str]:
    """Return every mistake that any of the services would end for, each once."""
    found: dict[str, None] = {}
    for kind in KINDS.values():
        try:
            load(kind, settings)
        except Misconfigured as error:
            found |= dict.fromkeys(error.problems)
    return list(found)


def settings_of(name: str, settings: Mapping[str, str]) -> Settings:
    """Return what one service gets: all but the broker's own passwords and the secrets of the other services."""
    others = {secret for secrets in SECRETS.values() for secret in secrets} - set(SECRETS[name])
    return {
        key: text
        for key, text in settings.items()
        if key.startswith("S2P_") and key.removesuffix("_FILE") not in others
    }
