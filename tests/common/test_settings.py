"""Settings: where they come from, which one wins, and that every mistake is named at once and no secret with it."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from common.config.names import all_keys
from common.config.schema import schema
from common.errors import Misconfigured
from common.options import DEFAULT_FIELDS, IMAGES, LISTS, SCALARS, FieldPolicy, Filters, Options
from common.paths import PathRules
from common.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from common.settings import Service

ROOT = Path(__file__).parents[2]
OUTSIDE = {"S2P_IN_CONTAINER": "false"}
SECRET = "hunter2"


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Write a YAML file and return the environment that names it."""

    def write(text: str) -> dict[str, str]:
        path = tmp_path / "config.yaml"
        path.write_text(text, "utf-8")
        return {**OUTSIDE, "S2P_CONFIG": str(path)}

    return write


def given(service: Service = "tool", /, **variables: str) -> Settings:
    return load(service, {**OUTSIDE, **variables})


def problems(environ: dict[str, str], service: Service = "tool") -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        load(service, {**OUTSIDE, **environ})
    assert SECRET not in str(caught.value)
    return caught.value.problems


def problem(service: Service = "tool", /, **variables: str) -> str:
    (only,) = problems(variables, service)
    return only


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
        assert load(service, OUTSIDE)
        return
    found = problems({}, service)
    assert [sentence.split()[0] for sentence in found] == variables
    assert all(f"the {service} can't work without it" in sentence for sentence in found)


def test_the_environment_wins_over_the_file(config: Callable[[str], dict[str, str]]) -> None:
    environ = config(
        "stash: {url: 'http://one:1', poll: 5}\nfields: {title: fill, tags: {policy: sync, lock: false}}\n"
    )
    settings = load("watcher", {**environ, "S2P_STASH_URL": "http://two:2/", "S2P_FIELDS": "title=off"})
    assert (settings.stash.url, settings.stash.poll) == ("http://two:2", 5)
    assert settings.fields["title"] == FieldPolicy("off")
    assert settings.fields["tags"] == FieldPolicy("sync", lock=False)


def test_an_empty_value_counts_as_not_given(config: Callable[[str], dict[str, str]]) -> None:
    environ = config("stash: {url: 'http://one:1', api_key: }\nplex:\nmqtt: {password: ''}\n")
    settings = load("watcher", {**environ, "S2P_STASH_URL": "", "S2P_FIELDS": ""})
    assert settings.stash.url == "http://one:1"
    assert settings.stash.api_key is None


@pytest.mark.parametrize("key", [key for key in all_keys().values() if key.secret], ids=lambda key: key.variable)
def test_every_secret_can_come_from_a_file_and_is_never_shown(key: object, tmp_path: Path) -> None:
    variable = getattr(key, "variable", "")
    secret = {"S2P_MQTT_URL": f"mqtt://me:{SECRET}@host"}.get(variable, SECRET)
    path = tmp_path / "secret"
    path.write_text(secret + "\n", "utf-8")
    user = {"S2P_MQTT_URL": "mqtt://me@host"} if variable == "S2P_MQTT_PASSWORD" else {}
    settings = given(**{f"{variable}_FILE": str(path)}, **user)
    secrets = [
        settings.stash.api_key,
        settings.plex.token,
        settings.mqtt.password,
        settings.provider.hook_secret,
    ]
    assert SECRET in [shown.get_secret_value() for shown in secrets if shown is not None]
    assert SECRET not in repr(settings)


def test_all_secrets_are_known_as_such() -> None:
    assert {key.variable for key in all_keys().values() if key.secret} == {
        "S2P_STASH_API_KEY",
        "S2P_PLEX_TOKEN",
        "S2P_MQTT_URL",
        "S2P_MQTT_PASSWORD",
        "S2P_HOOK_SECRET",
    }


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(SECRET, "utf-8")
    found = problem(S2P_PLEX_TOKEN=SECRET, S2P_PLEX_TOKEN_FILE=str(tmp_path / "token"))
    assert found == "S2P_PLEX_TOKEN and S2P_PLEX_TOKEN_FILE are both set. Keep one of the two."


def test_a_secret_file_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    environ = {"S2P_PLEX_URL": "http://plex:32400", "S2P_PLEX_TOKEN_FILE": str(tmp_path / "none")}
    assert problem("writer", **environ) == (
        f"S2P_PLEX_TOKEN_FILE names {tmp_path}/none, which can't be read: No such file or directory. "
        "Mount it, or correct the path."
    )
    (tmp_path / "none").write_text("\n", "utf-8")
    assert "which is empty" in problem("writer", **environ)
    (tmp_path / "none").write_bytes(b"\xff\xfe\x00")
    assert "which is not UTF-8 text" in problem("writer", **environ)


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


def test_yaml_has_groups_lists_and_a_bare_off(config: Callable[[str], dict[str, str]]) -> None:
    settings = load(
        "tool",
        config(
            """
            plex: {libraries: [Films, 3]}
            paths:
              - /data2=>/films
              - {stash: /data, plex: 'Z:\\media'}
            fields: {title: {lock: false}, art: off, tags: off}
            filters: {bare: write, tags: {in: [a], out: [b, c]}, studios: {out: d}, paths: {in: /data}}
            stash: {sweep: 120}
            reconcile: Weekly
            """
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
def test_a_mistake_in_the_file_names_key_and_file(
    config: Callable[[str], dict[str, str]], text: str, words: str
) -> None:
    environ = config(text)
    (found,) = problems(environ)
    assert words.format(file=environ["S2P_CONFIG"]) in found


def test_a_file_that_is_too_large_is_refused(config: Callable[[str], dict[str, str]]) -> None:
    (found,) = problems(config("#" * 1_000_001))
    assert "has more than 1,000,000 bytes" in found


def test_all_mistakes_are_named_at_once(config: Callable[[str], dict[str, str]]) -> None:
    environ = config("stash: {pol: 3}\npaths: [/a=>/m, /b=>/m, x]\nfilters: {bare: maybe}\n")
    found = problems({**environ, "S2P_STASH_POLL": "x", "S2P_TYPO": "1", "S2P_PLEX_NAME": "a b"}, "writer")
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
    environ = {"S2P_IN_CONTAINER": "true", "S2P_MQTT_URL": f"mqtt://{host}", "S2P_STASH_URL": f"http://{host}:9999"}
    found = problems({**environ, "S2P_PLEX_URL": f"http://{host}", "S2P_PROVIDER_URL": f"http://{host}"})
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


def test_variables_of_the_broker_and_of_the_health_check_are_nobodys_mistake() -> None:
    assert given(S2P_BROKER_USER="x", S2P_HEALTH_FILE="/tmp/x", OTHER="y")


def test_the_example_is_valid_has_every_key_and_says_the_defaults() -> None:
    text = (ROOT / "config.example.yaml").read_text("utf-8")
    settings = load("tool", {**OUTSIDE, "S2P_CONFIG": str(ROOT / "config.example.yaml")})
    plain = given()
    assert replace(settings, stash=plain.stash, plex=plain.plex, mqtt=plain.mqtt) == plain
    assert settings.stash.model_copy(update={"url": ""}) == plain.stash
    assert settings.plex.model_copy(update={"url": ""}) == plain.plex
    tree = yaml.safe_load(text)
    for key in all_keys().values():
        place = tree
        for step in key.path:
            place = place[step]
        assert f"{key.variable}" in text
    assert set(tree["fields"]) == set(DEFAULT_FIELDS)


def test_the_rules_that_the_example_explains_are_valid(config: Callable[[str], dict[str, str]]) -> None:
    text = (ROOT / "config.example.yaml").read_text("utf-8")
    lines = re.findall(r"^# {5}(- .*|  .*)$", text, re.MULTILINE)
    settings = load("tool", config("paths:\n" + "\n".join(f"  {line}" for line in lines)))
    assert settings.paths.to_plex("/data2/x.mp4") == "Z:\\films\\x.mp4"
    assert len(settings.paths.rules) == 3


def test_the_schema_file_is_current() -> None:
    written = json.loads((ROOT / "config.schema.json").read_text("utf-8"))
    assert written == schema(), "python -m common.config.schema >config.schema.json"


def test_the_schema_knows_every_key_and_no_secret_default() -> None:
    tree = schema()
    for key in all_keys().values():
        place = tree
        for step in key.path:
            place = place["properties"][step]
            place = tree["$defs"][place["$ref"].rpartition("/")[2]] if "$ref" in place else place
        assert "description" in place
        assert not (key.secret and "default" in place)


def test_every_field_has_a_policy_that_its_kind_allows() -> None:
    assert set(DEFAULT_FIELDS) == {*SCALARS, *LISTS, *IMAGES}
    assert {name for name, policy in DEFAULT_FIELDS.items() if policy.policy == "merge"} == set(LISTS)


def test_options_are_the_part_of_the_settings_that_plans_depend_on() -> None:
    settings = given(S2P_PLEX_LIBRARIES="a", S2P_PATHS="/a=>/b", S2P_FIELDS="title=off", S2P_FILTERS_BARE="write")
    assert settings.options == Options(settings.fields, settings.filters, settings.paths, ("a",))


def test_the_fingerprint_of_options_moves_with_each_of_them_and_nothing_else() -> None:
    variants = [
        {},
        {"S2P_FIELDS": "title=fill"},
        {"S2P_FIELDS": "title=sync unlocked"},
        {"S2P_FILTERS_TAGS_IN": "a"},
        {"S2P_FILTERS_TAGS_OUT": "a"},
        {"S2P_PATHS": "/a=>/b"},
        {"S2P_PLEX_LIBRARIES": "a"},
    ]
    prints = [given(**variables).options.fingerprint() for variables in variants]
    assert len(set(prints)) == len(variants)
    assert given(S2P_LOG_LEVEL="debug", S2P_STASH_POLL="9").options.fingerprint() == prints[0]
    assert given(S2P_FIELDS="art=off, title=sync locked").options.fingerprint() == prints[0]


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    assert Options().fingerprint() == "539e436be3c3b2af"


def test_settings_are_frozen() -> None:
    settings = given()
    for field in fields(settings):
        with pytest.raises(AttributeError):
            setattr(settings, field.name, None)
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings.plex, "name", "x")  # noqa: B010 - the type checker refuses the plain form
