"""The containers: what docker-compose.yml, the Dockerfile and .env.example promise about each other and settings."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
import yaml

from common.config.names import CONFIG, all_keys
from common.health import STALE
from tools.processes import ROOT

COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
CONTAINERS: Final[dict[str, Any]] = COMPOSE["services"]
BROKER: Final = CONTAINERS["mosquitto"]
USERS: Final = {"stash_watcher": "watcher", "plex_writer": "writer", "provider": "provider", "s2p": "operator"}
SERVICES: Final = ("stash_watcher", "plex_writer", "provider")
SECRETS: Final = {
    "stash_watcher": {"S2P_STASH_API_KEY"},
    "plex_writer": {"S2P_PLEX_TOKEN"},
    "provider": {"S2P_STASH_API_KEY", "S2P_HOOK_SECRET"},
    "s2p": set[str](),
}


@pytest.mark.parametrize("container", USERS)
def test_a_service_logs_in_as_its_own_user_and_can_read_that_password_only(container: str) -> None:
    """The account of the container is the one that the entry script hands this password to."""
    environment = CONTAINERS[container]["environment"]
    user = USERS[container]
    owners = dict(pair.split("=") for pair in BROKER["environment"]["BROKER_OWNERS"].split())
    assert environment["S2P_MQTT_URL"] == f"mqtt://{user}@mosquitto:1883"
    assert environment["S2P_MQTT_PASSWORD_FILE"] == f"/run/passwords/{user}"
    assert CONTAINERS[container]["user"] == f"{owners[user]}:{owners[user]}"
    assert "passwords:/run/passwords:ro" in CONTAINERS[container]["volumes"]


@pytest.mark.parametrize("container", USERS)
def test_a_secret_goes_where_it_is_used_and_has_no_value_here(container: str) -> None:
    """The token of Plex is none of the provider's business."""
    environment = CONTAINERS[container]["environment"]
    secret = {key.variable for key in all_keys().values() if key.secret} - {"S2P_MQTT_URL"}
    assert secret & set(environment) == SECRETS[container]
    assert all(environment[name] is None for name in SECRETS[container])


@pytest.mark.parametrize("container", SERVICES)
def test_a_secret_may_be_a_file_that_only_its_user_sees(container: str) -> None:
    """The file of the host is mounted where the variable says that it is; without one there is no variable."""
    environment = CONTAINERS[container]["environment"]
    mounts = {mount["target"]: mount["source"] for mount in CONTAINERS[container]["volumes"] if "target" in mount}
    for name in SECRETS[container]:
        given = re.fullmatch(r"\$\{" + name + r"_FILE:\+(/run/secrets/\w+)\}", environment[f"{name}_FILE"])
        assert given
        assert mounts[given[1]] == f"${{{name}_FILE:-/dev/null}}"
    assert len([target for target in mounts if target.startswith("/run/secrets/")]) == len(SECRETS[container])


@pytest.mark.parametrize("container", SERVICES)
def test_every_option_reaches_every_service(container: str) -> None:
    """A setting that is added to the product has to be added to docker-compose.yml."""
    places = {"S2P_STASH_URL", "S2P_PLEX_URL", "S2P_PROVIDER_PORT", "S2P_MQTT_URL"}
    options = {key.variable for key in all_keys().values() if not key.secret} - places
    assert options <= set(CONTAINERS[container]["environment"])
    everywhere = {name for each in CONTAINERS.values() for name in each["environment"]}
    assert places <= everywhere


@pytest.mark.parametrize("container", SERVICES)
def test_a_service_runs_with_as_little_as_it_needs(container: str) -> None:
    """Signals reach it, it comes back, it is watched, its log is bounded, and it is nobody in particular."""
    service = CONTAINERS[container]
    assert service["command"] == ["python", "-m", f"services.{container}"]
    assert service["healthcheck"]["test"] == ["CMD", "python", "-m", "common.health"]
    assert (service["init"], service["restart"], service["read_only"]) == (True, "unless-stopped", True)
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert (service["mem_limit"], service["pids_limit"]) == ("512m", 100)
    check = service["healthcheck"]
    assert STALE + int(check["interval"].rstrip("s")) * check["retries"] <= 25
    assert service["extra_hosts"] == ["host.docker.internal:host-gateway"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert service["depends_on"] == {"mosquitto": {"condition": "service_healthy"}}


def test_one_image_is_built_once_for_all_services() -> None:
    """The others take what is there, and no registry is asked for it."""
    images = {name: CONTAINERS[name]["image"] for name in USERS}
    assert set(images.values()) == {"stash2plex"}
    assert {name for name in CONTAINERS if "build" in CONTAINERS[name]} == {"stash_watcher"}
    assert {CONTAINERS[name]["pull_policy"] for name in USERS if name != "stash_watcher"} == {"never"}


def test_only_the_provider_is_reachable_from_outside() -> None:
    """The broker is for the services; its port is not published."""
    assert {name for name in CONTAINERS if "ports" in CONTAINERS[name]} == {"provider"}
    assert re.fullmatch(r"eclipse-mosquitto:\d+\.\d+\.\d+-alpine", BROKER["image"])


def test_only_the_broker_has_state() -> None:
    """Its database is a named volume; the services write nothing but their tmpfs, and the provider its pictures."""
    assert "broker:/mosquitto/data" in BROKER["volumes"]
    assert set(COMPOSE["volumes"]) == {"broker", "passwords", "pictures"}
    cache = CONTAINERS["provider"]["environment"]["S2P_PROVIDER_CACHE"]
    for container in USERS:
        mounts = [mount for mount in CONTAINERS[container]["volumes"] if mount != f"pictures:{cache}"]
        assert all(mount.endswith(":ro") if isinstance(mount, str) else mount["read_only"] for mount in mounts)


def test_the_example_environment_has_settings_that_exist_and_reach_a_container() -> None:
    """Also those that are commented out."""
    text = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"^#?([A-Z0-9_]+)=", text, re.MULTILINE))
    passed = {name for each in CONTAINERS.values() for name, value in each["environment"].items() if value is None}
    assert named <= passed | {CONFIG, "S2P_PROVIDER_PORT"}
    assert {"S2P_STASH_URL", "S2P_STASH_API_KEY", "S2P_PLEX_URL", "S2P_PLEX_TOKEN"} <= named
    assert not re.search(r"^(?!#)\w*(TOKEN|KEY|SECRET|PASSWORD)=.", text, re.MULTILINE)


def test_the_image_is_layered_by_how_often_things_change() -> None:
    """Dependencies first, so that a change of code does not install them again; and it does not run as root."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1].rstrip("/") for line in lines if line.startswith("COPY ")]
    assert copied == ["requirements.txt", "common", "services", "tools"]
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert next(line for line in lines if line.startswith("FROM ")) == "FROM python:3.13-slim"
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert kept == set(copied)
