"""What ./run up makes of .env and the environment."""

from __future__ import annotations

import pytest

from tools.up.settings import mistakes, settings_from, settings_of
from tools.up.watch import pause


def test_the_environment_goes_before_the_file() -> None:
    settings = settings_from({"S2P_PLEX_NAME": "a", "S2P_GAPS": "never"}, {"S2P_PLEX_NAME": "b"}, resolves=True)
    assert (settings["S2P_PLEX_NAME"], settings["S2P_GAPS"]) == ("b", "never")


def test_what_is_not_ours_stays_out() -> None:
    settings = settings_from({"EMPTY": None, "OTHER": "x", "BROKER_READER_PASSWORD": "y"}, {"HOME": "/"}, resolves=True)
    assert settings.keys() == {"BROKER_READER_PASSWORD", "S2P_IN_CONTAINER", "S2P_PROVIDER_INTERNAL_URL"}


@pytest.mark.parametrize(("resolves", "host"), [(True, "host.docker.internal"), (False, "127.0.0.1")])
def test_the_name_of_docker_for_this_machine_means_this_machine(resolves: bool, host: str) -> None:
    written = {"S2P_STASH_URL": "http://host.docker.internal:9999"}
    assert settings_from(written, {}, resolves=resolves)["S2P_STASH_URL"] == f"http://{host}:9999"


def test_every_mistake_of_every_service_is_named_once() -> None:
    found = mistakes({"S2P_GAPS": "sometimes", "S2P_IN_CONTAINER": "false"})
    named = [name for name in ("S2P_STASH_URL", "S2P_PLEX_URL", "S2P_PLEX_TOKEN", "S2P_GAPS") if name in str(found)]
    assert len(named) == len(found) == 4


def test_a_service_gets_no_secret_of_another() -> None:
    secrets = {"S2P_STASH_API_KEY": "a", "S2P_PLEX_TOKEN_FILE": "b", "S2P_HOOK_SECRET": "c"}
    settings = {**secrets, "S2P_GAPS": "never", "BROKER_READER_PASSWORD": "d"}
    given = {name: settings_of(name, settings).keys() - {"S2P_GAPS"} for name in ("stash_watcher", "plex_writer")}
    assert given == {"stash_watcher": {"S2P_STASH_API_KEY"}, "plex_writer": {"S2P_PLEX_TOKEN_FILE"}}
    assert settings_of("provider", settings).keys() == {"S2P_STASH_API_KEY", "S2P_HOOK_SECRET", "S2P_GAPS"}


def test_pauses_grow_to_a_minute() -> None:
    assert [pause(failures) for failures in (1, 2, 3, 6, 7, 5000)] == [1, 2, 4, 32, 60, 60]


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:9393"),
        ({"S2P_PROVIDER_PORT": "80"}, "http://127.0.0.1:80"),
        ({"S2P_PROVIDER_INTERNAL_URL": "http://nas:1"}, "http://nas:1"),
    ],
)
def test_the_writer_finds_the_provider_on_this_machine(given: dict[str, str], url: str) -> None:
    assert settings_from({}, given, resolves=True)["S2P_PROVIDER_INTERNAL_URL"] == url
