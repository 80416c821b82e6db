"""Settings: where they come from, which one wins, and what services get."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from common.options import DEFAULT_FIELDS, FieldPolicy, Filters
from common.paths import PathRules
from tests.common.given import given, problems, written

if TYPE_CHECKING:
    from pathlib import Path

    from common.settings import Service


def test_without_anything_every_setting_has_its_default() -> None:
    settings = given()
    assert (settings.stash.url, settings.stash.poll, settings.stash.idle, settings.stash.sweep) == ("", 3, 15, 3600)
    assert settings.stash.api_key is None
    plex = settings.plex
    assert (plex.name, plex.libraries, plex.start) == ("plex", (), "write")
    assert (plex.connect_timeout, plex.read_timeout, plex.upload_timeout) == (5, 30, 60)
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.tls) == ("localhost", 1883, False)
    assert (settings.mqtt.user, settings.mqtt.password, settings.mqtt.base) == ("", None, "stash2plex")
    assert (settings.provider.port, settings.provider.url, settings.provider.hook_secret) == (9393, "", None)
    assert settings.paths == PathRules()
    assert settings.fields == DEFAULT_FIELDS
    assert settings.filters == Filters()
    assert (settings.reconcile, settings.gaps) == ("daily", "daily")
    assert (settings.log_level, settings.log_format) == ("info", "console")


@pytest.mark.parametrize(
    ("service", "variables"),
    [
        ("watcher", ["S2P_STASH_URL"]),
        ("writer", ["S2P_PLEX_URL", "S2P_PLEX_TOKEN"]),
        ("provider", []),
        ("tool", []),
    ],
)
def test_a_service_asks_for_its_own_part_only(service: Service, variables: list[str]) -> None:
    if not variables:
        assert given(service)
        return
    found = problems(service)
    assert [sentence.split()[0] for sentence in found] == variables
    assert all(f"the {service} can't work without it" in sentence for sentence in found)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    environ = written(
        tmp_path, "stash: {url: 'http://one:1', poll: 5}\nfields: {title: fill, tags: {policy: sync, lock: false}}\n"
    )
    settings = given("watcher", **environ, S2P_STASH_URL="http://two:2/", S2P_FIELDS="title=off")
    assert (settings.stash.url, settings.stash.poll) == ("http://two:2", 5)
    assert settings.fields["title"] == FieldPolicy("off")
    assert settings.fields["tags"] == FieldPolicy("sync", lock=False)


def test_an_empty_value_counts_as_not_given(tmp_path: Path) -> None:
    environ = written(tmp_path, "stash: {url: 'http://one:1', api_key: }\nplex:\nmqtt: {password: ''}\n")
    settings = given("watcher", **environ, S2P_STASH_URL="", S2P_FIELDS="")
    assert settings.stash.url == "http://one:1"
    assert settings.stash.api_key is None


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://broker", ("broker", 1883, False, "", None)),
        ("mqtts://broker", ("broker", 8883, True, "", None)),
        ("mqtt://me@broker:1884/", ("broker", 1884, False, "me", None)),
        ("mqtt://me:p%40ss%2F@broker", ("broker", 1883, False, "me", "p@ss/")),
        ("mqtt://[2001:db8::1]:1884", ("2001:db8::1", 1884, False, "", None)),
    ],
)
def test_the_broker_is_read_from_one_address(url: str, address: tuple[str, int, bool, str, str | None]) -> None:
    mqtt = given(S2P_MQTT_URL=url).mqtt
    password = mqtt.password.get_secret_value() if mqtt.password else None
    assert (mqtt.host, mqtt.port, mqtt.tls, mqtt.user, password) == address


def test_lists_fields_filters_and_intervals_have_a_form_for_the_environment() -> None:
    settings = given(
        S2P_PLEX_LIBRARIES='["Films, old", 3]',
        S2P_FILTERS_TAGS_IN="one, two words",
        S2P_FILTERS_PATHS_OUT="/data/new,Z:\\x",
        S2P_FILTERS_ORGANIZED="yes",
        S2P_FIELDS=" title = sync unlocked, tags=SYNC,art=fill",
        S2P_STASH_SWEEP="never",
        S2P_PATHS="/data=>/media; /data2=>/films",
        S2P_PATHS_IGNORE_CASE="true",
    )
    assert settings.plex.libraries == ("Films, old", "3")
    assert settings.filters.tags_in == ("one", "two words")
    assert settings.filters.paths_out == ("/data/new", "Z:\\x")
    assert settings.filters.organized
    assert settings.fields["title"] == FieldPolicy("sync", lock=False)
    assert settings.fields["tags"] == FieldPolicy("sync")
    assert settings.fields["art"] == FieldPolicy("fill")
    assert settings.stash.sweep is None
    assert settings.paths.to_plex("/DATA2/x") == "/films/x"


def test_yaml_has_groups_lists_and_a_bare_off(tmp_path: Path) -> None:
    settings = given(
        **written(
            tmp_path,
            """
            plex: {libraries: [Films, 3]}
            paths:
              - /data2=>/films
              - {stash: /data, plex: 'Z:\\media'}
            fields: {title: {lock: false}, art: off, tags: off}
            filters: {bare: write, tags: {in: [a], out: [b, c]}, studios: {out: d}, paths: {in: /data}}
            stash: {sweep: 120}
            reconcile: Weekly
            """,
        ),
    )
    assert settings.plex.libraries == ("Films", "3")
    assert settings.paths.to_plex("/data/x") == "Z:\\media\\x"
    assert settings.fields["title"] == FieldPolicy("sync", lock=False)
    assert settings.fields["tags"].policy == "off"
    assert settings.filters == Filters(
        bare="write", tags_in=("a",), tags_out=("b", "c"), studios_out=("d",), paths_in=("/data",)
    )
    assert settings.stash.sweep == 120
    assert settings.reconcile == "weekly"


def test_other_variables_are_nobodys_mistake() -> None:
    assert given(S2P_HEALTH_FILE="/tmp/x", OTHER="y") == given()


def test_an_empty_file_says_nothing() -> None:
    assert given(S2P_CONFIG="/dev/null") == given()


def test_settings_are_frozen() -> None:
    settings = given()
    for field in fields(settings):
        with pytest.raises(AttributeError):
            setattr(settings, field.name, None)
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings.plex, "name", "x")  # noqa: B010 - the type checker refuses the plain form
