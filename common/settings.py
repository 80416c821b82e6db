"""The settings of all services: read once, every mistake named at once, then one frozen object that is passed down."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal

from pydantic import SecretStr, ValidationError
from pydantic_settings import InitSettingsSource

from common.config.keys import Config, Plex, Provider, Stash
from common.config.keys import Filters as FilterKeys
from common.config.keys import Mapping as MappingKeys
from common.config.mistakes import missing, sentences, unreachable
from common.config.names import IN_CONTAINER
from common.config.sources import read
from common.config.values import broker_address
from common.errors import Misconfigured
from common.options import DEFAULT_FIELDS, FieldPolicy, Filters, MappingOptions, Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from common.config.sources import Sources
    from common.paths import PathRules

__all__ = ["Mqtt", "Plex", "Provider", "Service", "Settings", "Stash", "load"]

Service = Literal["watcher", "writer", "provider", "tool"]

REQUIRED: Final[Mapping[Service, tuple[tuple[str, str], ...]]] = {
    "watcher": (("stash", "url"),),
    "writer": (("plex", "url"), ("plex", "token")),
    "provider": (),
    "tool": (),
}

CONTAINER_MARKS: Final = ("/.dockerenv", "/run/.containerenv")


@dataclass(frozen=True, slots=True)
class Mqtt:
    """The broker, and the first levels of all topics; `user` is empty where none is needed."""

    host: str
    port: int
    tls: bool
    user: str
    password: SecretStr | None
    base: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; what a service does not need may be empty."""

    stash: Stash
    plex: Plex
    mqtt: Mqtt
    provider: Provider
    paths: PathRules
    fields: Mapping[str, FieldPolicy]
    filters: Filters
    mapping: MappingOptions
    reconcile: Literal["never", "hourly", "daily", "weekly"]
    gaps: Literal["never", "hourly", "daily", "weekly"]
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["console", "json"]

    @property
    def options(self) -> Options:
        """What decides, besides the scene itself, what Plex should show."""
        return Options(
            fields=self.fields,
            filters=self.filters,
            paths=self.paths,
            libraries=self.plex.libraries,
            mapping=self.mapping,
        )


def load(service: Service, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings from `environ` and the files that it names.

    Raises Misconfigured with a sentence for each mistake; a secret's value is in none of them.
    """
    sources = read(environ)
    problems = sources.problems + missing(REQUIRED[service], service, sources)
    if _in_container(environ, problems):
        problems += unreachable(sources)
    config = _validated(sources, problems)
    if config is None or problems:
        raise Misconfigured(problems)
    return _settings(config)


def _in_container(environ: Mapping[str, str], problems: list[str]) -> bool:
    """Docker and Podman leave a file at the root; the variable decides where that does not tell."""
    text = environ.get(IN_CONTAINER, "").lower()
    if text in ("", "true", "false", "1", "0"):
        return text in ("true", "1") or (not text and any(Path(mark).exists() for mark in CONTAINER_MARKS))
    problems.append(f'{IN_CONTAINER} is "{text}": it has to be true or false. Leave it out to find out by itself.')
    return False


def _validated(sources: Sources, problems: list[str]) -> Config | None:
    """Return what was written, the environment before the file; mistakes go to `problems`."""
    layers = tuple(InitSettingsSource(Config, values) for values in (sources.environment, sources.file))
    try:
        return Config(_build_sources=(layers, {}))
    except ValidationError as error:
        problems += sentences(error, sources)
        return None


def _settings(config: Config) -> Settings:
    return Settings(
        stash=config.stash,
        plex=config.plex,
        mqtt=_mqtt(config),
        provider=config.provider,
        paths=config.paths,
        fields=_fields(config),
        filters=_filters(config.filters),
        mapping=_mapping(config.mapping, config.provider.url),
        reconcile=config.reconcile,
        gaps=config.gaps,
        log_level=config.log_level,
        log_format=config.log_format,
    )


def _mqtt(config: Config) -> Mqtt:
    address = broker_address(config.mqtt.url.get_secret_value())
    password = config.mqtt.password or (SecretStr(address.password) if address.password else None)
    return Mqtt(address.host, address.port, address.tls, address.user, password, config.mqtt.base)


def _fields(config: Config) -> Mapping[str, FieldPolicy]:
    """Return every field's policy; what is not written is as by default."""
    policies = {}
    for name, default in DEFAULT_FIELDS.items():
        keys = getattr(config.fields, name)
        lock = default.lock if keys.lock is None else keys.lock
        policies[name] = FieldPolicy(keys.policy or default.policy, lock)
    return MappingProxyType(policies)


def _filters(keys: FilterKeys) -> Filters:
    return Filters(
        bare=keys.bare,
        organized=keys.organized,
        stash_id=keys.stash_id,
        tags_in=keys.tags.in_,
        tags_out=keys.tags.out,
        studios_in=keys.studios.in_,
        studios_out=keys.studios.out,
        paths_in=keys.paths.in_,
        paths_out=keys.paths.out,
    )


def _mapping(keys: MappingKeys, provider_url: str) -> MappingOptions:
    return MappingOptions(
        sort_title=keys.sort_title,
        parent_studio=keys.parent_studio,
        content_rating=keys.content_rating,
        genres_in=keys.genres.in_,
        genres_out=keys.genres.out,
        genres_parents=keys.genres.parents,
        genres_limit=keys.genres.limit,
        collections=keys.collections,
        poster=keys.poster,
        provider_url=provider_url,
    )
