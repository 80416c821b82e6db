"""Every key of the YAML file, with its default and its meaning.

The docstring of a key is its description in `config.schema.json` and in messages.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.config.types import (
    BrokerAddress,
    Folders,
    HeaderSecret,
    Keys,
    List,
    ListKeys,
    Names,
    OneLine,
    Rules,
    Scalar,
    ScalarKeys,
    Schedule,
    Sources,
    Sweep,
    Template,
    Timeout,
    TopicBase,
    TopicName,
    WebAddress,
    Word,
)
from common.config.values import broker_address, field_pairs
from common.options import DEFAULT_MAPPING
from common.paths import PathRules


class Stash(Keys):
    """Where scenes come from."""

    url: WebAddress = ""
    """Address of Stash as the services reach it, such as http://stash:9999."""

    api_key: HeaderSecret | None = None
    """API key from Stash's settings (Security), needed once Stash has a password."""

    poll: Annotated[float, Field(ge=0.5, le=3_600)] = 3.0
    """Seconds between two questions for changes while changes come in, 0.5 to 3600."""

    idle: Annotated[float, Field(ge=0.5, le=86_400)] = 15.0
    """Seconds between two questions for changes while nothing changes, 0.5 to 86400."""

    sweep: Sweep = 3_600.0
    """How often all scenes are compared by id and path: never, hourly, daily, or seconds from 60."""


class Plex(Keys):
    """Where scenes are shown."""

    url: WebAddress = ""
    """Address of the Plex server as the services reach it, such as http://plex:32400."""

    token: HeaderSecret = SecretStr("")
    """X-Plex-Token of the server's owner."""

    name: TopicName = "plex"
    """Name of this server in topics, each server its own: letters, digits, _ and -."""

    libraries: Names = ()
    """Titles or ids of the movie libraries to write to; empty means all movie libraries."""

    connect_timeout: Timeout = 5.0
    """Seconds to wait for a connection, 0.1 to 1800."""

    read_timeout: Timeout = 30.0
    """Seconds to wait for an answer, 0.1 to 1800."""

    upload_timeout: Timeout = 60.0
    """Seconds to wait while an image is uploaded, 0.1 to 1800."""

    scan: bool = False
    """Whether Plex is asked to scan the folder of a new scene whose file it does not have yet: true or false."""

    start: Annotated[Literal["write", "review"], Word] = "write"
    """What a new writer does: write at once, or review, which only plans until `s2p start`."""


class Mqtt(Keys):
    """The broker that all services meet on."""

    url: BrokerAddress = SecretStr("mqtt://localhost:1883")
    """The broker as mqtt://user:password@host:port, or mqtts:// for TLS."""

    password: SecretStr | None = None
    """The password of the user in url, where it should not stand in the address."""

    base: TopicBase = "stash2plex"
    """What all topics begin with: letters, digits, _ and -, in levels with / between them."""

    @field_validator("password")
    @classmethod
    def _belongs_to_a_user(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if password is None or "url" not in info.data:
            return password
        address = broker_address(info.data["url"].get_secret_value())
        if address.password:
            raise ValueError("the broker's address has a password already; keep one of the two")
        if not address.user:
            raise ValueError("the broker's address has no user; write it as mqtt://user@host:port")
        return password


class Provider(Keys):
    """Plex's metadata provider, which also takes Stash's hook."""

    port: Annotated[int, Field(ge=1, le=65_535)] = 9393
    """Port that the provider listens on, 1 to 65535."""

    url: WebAddress = ""
    """Address of the provider as the Plex server reaches it, such as http://provider:9393."""

    internal_url: WebAddress = ""
    """Address of the provider as plex_writer reaches it, such as http://provider:9393; empty means the one in url."""

    hook_secret: HeaderSecret | None = None
    """What Stash's plugin has to show at /hooks/stash."""

    cache: str = ""
    """Folder that pictures from Stash are kept in; a temporary one when empty."""

    cache_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 512
    """Megabytes of pictures that are kept, 1 to 1000000."""

    adult: Annotated[Literal["always", "asked", "unmarked"], Word] = "always"
    """Scenes as adult items: always marked and answered, answered if asked for (includeAdult), or unmarked."""

    genres: Annotated[Literal["each", "joined"], Word] = "each"
    """Genres told one by one, or joined into one for a Plex that imports only the first."""


class Fields(Keys):
    """How each field of a Plex item follows Stash: a policy, or a group of policy and lock."""

    title: Scalar = ScalarKeys()
    """The scene's title, or its file's name."""

    sort_title: Scalar = ScalarKeys()
    """What Plex sorts by."""

    summary: Scalar = ScalarKeys()
    """The scene's details."""

    date: Scalar = ScalarKeys()
    """The scene's date."""

    studio: Scalar = ScalarKeys()
    """The scene's studio."""

    director: Scalar = ScalarKeys()
    """The scene's director."""

    tagline: Scalar = ScalarKeys()
    """A line below the title."""

    content_rating: Scalar = ScalarKeys()
    """The age rating."""

    rating: Scalar = ScalarKeys()
    """The scene's rating in stars."""

    performers: List = ListKeys()
    """The scene's performers, as actors."""

    tags: List = ListKeys()
    """The scene's tags, as genres."""

    collections: List = ListKeys()
    """Collections named after studio and groups."""

    poster: Scalar = ScalarKeys()
    """The scene's cover as the poster."""

    art: Scalar = ScalarKeys()
    """The scene's cover as the background."""

    @model_validator(mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        return field_pairs(value) if isinstance(value, str) else value


class Chosen(Keys):
    """Names of which one has to be there (in), and names of which none may be there (out)."""

    in_: Names = Field(default=(), alias="in")
    """Only scenes with one of these."""

    out: Names = ()
    """No scenes with any of these."""


class ChosenFolders(Keys):
    """Folders as Stash sees them."""

    in_: Folders = Field(default=(), alias="in")
    """Only scenes with a file in one of these folders."""

    out: Folders = ()
    """No scenes with a file in any of these folders."""


class Filters(Keys):
    """Which scenes are written to Plex at all."""

    bare: Annotated[Literal["skip", "write"], Word] = "skip"
    """Scenes without studio, performers, tags, details and date: skip or write."""

    organized: bool = False
    """Only scenes that are marked as organized: true or false."""

    stash_id: bool = False
    """Only scenes with a stash-box id: true or false."""

    tags: Chosen = Chosen()
    """Names of tags."""

    studios: Chosen = Chosen()
    """Names of studios."""

    paths: ChosenFolders = ChosenFolders()
    """Folders as Stash sees them."""


class Genres(Keys):
    """Which tags become genres."""

    in_: Names = Field(default=(), alias="in")
    """Only these tags; empty means all."""

    out: Names = ()
    """None of these tags."""

    parents: bool = False
    """Whether the tags directly above a scene's tags are taken too: true or false; stash_watcher needs it as well."""

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    """At most so many of a scene's tags, 1 to 500."""


class Mapping(Keys):
    """How the fields of a Plex item are made of a scene."""

    sort_title: Template = DEFAULT_MAPPING.sort_title
    """What Plex sorts by, made of {title}, {date}, {year}, {studio}, {code}, {group} and {index}."""

    parent_studio: bool = False
    """Whether a studio is shown with its parent, as Studio (Parent): true or false."""

    content_rating: OneLine = ""
    """The age rating of every scene, such as XXX; empty means none."""

    genres: Genres = Genres()
    """Which tags become genres."""

    collections: Sources = ("studio", "groups")
    """What gives its name to collections: studio, parent_studio, groups."""

    poster: Annotated[Literal["raw", "crop", "fit"], Word] = "fit"
    """How a cover becomes a poster: raw as it is, crop cut to 2:3, fit whole in 2:3."""


class Config(BaseSettings):
    """Stash2Plex on MQTT: the settings of all services."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True, validate_default=False
    )

    stash: Stash = Stash()
    plex: Plex = Plex()
    mqtt: Mqtt = Mqtt()
    provider: Provider = Provider()

    paths_ignore_case: bool = False
    """Whether paths are the same where only case differs, as on Windows: true or false."""

    paths: Rules = PathRules()
    """How paths in Stash become paths in Plex: /data=>/media; /data2=>/films, or a list of rules."""

    fields: Fields = Fields()
    filters: Filters = Filters()
    mapping: Mapping = Mapping()

    reconcile: Schedule = "daily"
    """How often everything is compared with Plex: never, hourly, daily or weekly."""

    gaps: Schedule = "daily"
    """How often what is missing on either side is reported: never, hourly, daily or weekly."""

    log_level: Annotated[Literal["debug", "info", "warning", "error"], Word] = "info"
    """How much is logged: debug, info, warning or error."""

    log_format: Annotated[Literal["console", "json"], Word] = "console"
    """How it is logged: console for people, json for one object a line."""
