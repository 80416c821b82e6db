"""Mistakes in settings: every one is named at once, with what to write instead, and no secret with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.common.given import SECRET, given, problem, problems, written

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("S2P_STASH_URL", "stash:9999", 'S2P_STASH_URL is "stash:9999": it does not begin with http:// or https://'),
        ("S2P_STASH_URL", "http://", "it has no host"),
        ("S2P_STASH_URL", "http://a b", "it has white space"),
        ("S2P_STASH_URL", "http://a:0", "its port is 0"),
        ("S2P_STASH_URL", "http://a:99999", "its host or port can't be read"),
        ("S2P_STASH_URL", f"http://me:{SECRET}@a", 'is "http://***@a": it has a user or password in it'),
        ("S2P_PLEX_URL", f"http://a?X-Plex-Token={SECRET}", 'is "http://a?***": it has a ? or # in it'),
        ("S2P_PLEX_TOKEN", f"{SECRET} x", "S2P_PLEX_TOKEN: it has white space or characters"),
        ("S2P_PLEX_NAME", "my plex", 'S2P_PLEX_NAME is "my plex": it has to be 1 to 64 letters'),
        ("S2P_PLEX_NAME", "x" * 65, "1 to 64 letters"),
        ("S2P_PLEX_READ_TIMEOUT", "soon", "it is not a number. Seconds to wait for an answer"),
        ("S2P_PLEX_READ_TIMEOUT", "inf", "it is not a number"),
        ("S2P_PLEX_START", "wait", "it has to be 'write' or 'review'"),
        ("S2P_PLEX_LIBRARIES", "[1", "it begins with [ and is no JSON list"),
        ("S2P_MQTT_URL", "http://x", "S2P_MQTT_URL: it does not begin with mqtt:// or mqtts://"),
        ("S2P_MQTT_URL", f"mqtt://:{SECRET}@x", "S2P_MQTT_URL: it has a password and no user"),
        ("S2P_MQTT_URL", f"mqtt://me:{SECRET}@x:port", "S2P_MQTT_URL: its host or port can't be read"),
        ("S2P_MQTT_URL", "mqtt://x/base", "it has something behind the port"),
        ("S2P_MQTT_PASSWORD", SECRET, "the broker's address has no user"),
        ("S2P_PROVIDER_URL", "http://[::1", "its host or port can't be read"),
        ("S2P_MQTT_BASE", "a//b", 'S2P_MQTT_BASE is "a//b": it has to be letters'),
        ("S2P_MQTT_BASE", "a/#", "it has to be letters"),
        ("S2P_STASH_POLL", "0", "it has to be at least 0.5. Seconds between two questions"),
        ("S2P_STASH_SWEEP", "weekly", "How often all scenes are compared"),
        ("S2P_STASH_SWEEP", "5", "it has to be at least 60"),
        ("S2P_PROVIDER_PORT", "9393.5", "it is not a whole number"),
        ("S2P_PROVIDER_PORT", "65536", "it has to be at most 65535"),
        ("S2P_HOOK_SECRET", f"{SECRET}é", "S2P_HOOK_SECRET: it has white space or characters"),
        ("S2P_FIELDS", "title=merge", "S2P_FIELDS (title.policy) is \"merge\": it has to be 'sync', 'fill' or 'off'"),
        ("S2P_FIELDS", "titel=sync", "S2P_FIELDS (titel) is no setting. Did you mean title?"),
        ("S2P_FIELDS", "title=sync open", "S2P_FIELDS (title) is"),
        ("S2P_FIELDS", "title", "it has to be pairs"),
        ("S2P_FILTERS_BARE", "keep", "it has to be 'skip' or 'write'"),
        ("S2P_FILTERS_STASH_ID", "maybe", "it has to be true or false"),
        ("S2P_FILTERS_PATHS_IN", "/a, data", 'S2P_FILTERS_PATHS_IN (1) is "data"'),
        ("S2P_PATHS", "/a=>", "S2P_PATHS: path rule 1 (/a=>) lacks plex."),
        ("S2P_RECONCILE", "monthly", "'never', 'hourly', 'daily' or 'weekly'"),
        ("S2P_GAPS", "x", "S2P_GAPS is"),
        ("S2P_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("S2P_LOG_FORMAT", "xml", "'console' or 'json'"),
        ("S2P_STASH_APIKEY", SECRET, "S2P_STASH_APIKEY is no setting. Did you mean S2P_STASH_API_KEY?"),
        ("S2P_FILTER_BARE", "skip", "Did you mean S2P_FILTERS_BARE?"),
        ("s2p_stash_url", "http://a", "s2p_stash_url is no setting. Did you mean S2P_STASH_URL?"),
        ("S2P_STASH_URL_FILE", "/x", "S2P_STASH_URL_FILE is no setting"),
        ("S2P_ZZZZZZZZZZ", SECRET, "S2P_ZZZZZZZZZZ is no setting. Remove or rename it."),
        ("S2P_CONFIG", "/nowhere/x.yaml", "S2P_CONFIG names /nowhere/x.yaml, which can't be read"),
        ("S2P_IN_CONTAINER", "maybe", "it has to be true or false"),
    ],
)
def test_a_mistake_names_its_variable_the_value_and_what_to_write(variable: str, value: str, words: str) -> None:
    assert words in problem(**{variable: value})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stash: {pol: 3}", "stash.pol in {file} is no setting. Did you mean poll?"),
        ("stsh: {poll: 3}", "stsh in {file} is no setting. Did you mean stash?"),
        ("stash: http://a", "stash in {file}: it has to be a group of keys"),
        ("stash: {poll: soon}", 'stash.poll in {file} is "soon": it is not a number'),
        ("plex: {token: [hunter2]}", "plex.token in {file}: it has to be text"),
        ("plex: {token: 'hunter2 hunter2'}", "plex.token in {file}: it has white space"),
        ("plex: {libraries: {a: b}}", "plex.libraries in {file}: it has to be a list"),
        (
            "mqtt: {url: 'mqtt://me:hunter2@x', password: y}",
            "mqtt.password in {file}: the broker's address has a password",
        ),
        ("filters: {tags: {In: []}}", "filters.tags.In in {file} is no setting. Did you mean in?"),
        ("fields: {tags: {policy: sync, lok: true}}", "fields.tags.lok in {file} is no setting"),
        ("fields: {art: merge}", "fields.art.policy in {file}"),
        ("paths: [/a=>/m, {stash: /b, plex: /m}]", "paths in {file}: path rule 2 (/b => /m) makes"),
        ("paths: {stash: /a, plex: /b}", "paths in {file}: path rules have to be a list"),
        ("plex: {token: hunter2\nname: x", "{file} is no YAML: "),
        ("plex: {token: hunter2}\nplex: {name: x}", "{file} is no YAML: plex is there twice in line 2"),
        ("- a", "{file} has no keys at its top"),
        ("a: \x07", "{file} is no YAML: it has characters that YAML does not allow"),
    ],
)
def test_a_mistake_in_the_file_names_key_and_file(tmp_path: Path, text: str, words: str) -> None:
    environ = written(tmp_path, text)
    assert words.format(file=environ["S2P_CONFIG"]) in problem(**environ)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    assert "has more than 1,000,000 bytes" in problem(**written(tmp_path, "#" * 1_000_001))


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    environ = written(tmp_path, "stash: {pol: 3}\npaths: [/a=>/m, /b=>/m, x]\nfilters: {bare: maybe}\n")
    found = problems("writer", **environ, S2P_STASH_POLL="x", S2P_TYPO="1", S2P_PLEX_NAME="a b")
    begins = [
        "S2P_TYPO is",
        "S2P_PLEX_URL is not set",
        "S2P_PLEX_TOKEN is not set",
        "S2P_STASH_POLL is",
        "stash.pol in",
        "S2P_PLEX_NAME is",
        "paths in",
        "paths in",
        "filters.bare in",
    ]
    assert len(found) == len(begins)
    for begin in begins:
        assert any(sentence.startswith(begin) for sentence in found), begin


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.1", "[::1]", "0.0.0.0", "my.localhost"])
def test_inside_a_container_the_container_itself_is_refused(host: str) -> None:
    found = problems(
        S2P_IN_CONTAINER="true",
        S2P_STASH_URL=f"http://{host}:9999",
        S2P_PLEX_URL=f"http://{host}",
        S2P_MQTT_URL=f"mqtt://{host}",
        S2P_PROVIDER_URL=f"http://{host}",
    )
    assert [sentence.split()[0] for sentence in found] == [
        "S2P_STASH_URL",
        "S2P_PLEX_URL",
        "S2P_MQTT_URL",
        "S2P_PROVIDER_URL",
    ]
    assert all("host.docker.internal" in sentence for sentence in found)


def test_inside_a_container_the_default_broker_is_refused_too() -> None:
    assert problem(S2P_IN_CONTAINER="true").startswith("S2P_MQTT_URL is not set and by default says localhost")


def test_inside_a_container_other_hosts_are_fine() -> None:
    assert given(S2P_IN_CONTAINER="1", S2P_MQTT_URL="mqtt://localhost.lan", S2P_STASH_URL="http://stash")


def test_inside_a_container_an_address_that_cannot_be_read_is_one_mistake() -> None:
    found = problem(S2P_IN_CONTAINER="true", S2P_MQTT_URL="mqtt://broker", S2P_STASH_URL="http://[::1")
    assert "its host or port can't be read" in found


def test_a_password_for_an_address_that_cannot_be_read_is_no_second_mistake() -> None:
    assert problem(S2P_MQTT_URL="broker", S2P_MQTT_PASSWORD=SECRET).startswith("S2P_MQTT_URL: it does not begin with")
