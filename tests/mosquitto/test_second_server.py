"""The override for a second Plex server: it changes what has to differ, and the writer takes what it sets."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from common.settings import load
from tools.processes import ROOT

OVERRIDE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.second.yml").read_text())
GIVEN: Final = {
    "S2P_SECOND_PLEX_NAME": "attic",
    "S2P_SECOND_PLEX_URL": "http://attic:32400",
    "S2P_SECOND_PLEX_TOKEN": "second",
    "S2P_PATHS": "/data=>/media",
}


def filled_in(text: str) -> str:
    """Fill in `${NAME:-other}` and `${NAME:?why}` as Compose does."""
    inner = re.compile(r"\$\{(\w+)(?::[-?]([^${}]*))?\}")
    while match := inner.search(text):
        text = text[: match.start()] + (GIVEN.get(match[1]) or match[2] or "") + text[match.end() :]
    return text


def test_the_second_writer_is_the_first_ones_twin_with_a_name_of_its_own() -> None:
    first = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["plex_writer"]
    (second,) = OVERRIDE["services"].values()
    assert second["extends"] == {"file": "docker-compose.yml", "service": "plex_writer"}
    assert {"S2P_PLEX_NAME", "S2P_PLEX_URL", "S2P_PLEX_TOKEN"} <= second["environment"].keys()
    assert second["environment"].keys() <= first["environment"].keys()


def test_the_writer_takes_its_settings() -> None:
    (second,) = OVERRIDE["services"].values()
    environment = {name: filled_in(text) for name, text in second["environment"].items()}
    settings = load("writer", {**environment, "S2P_MQTT_URL": "mqtt://writer@mosquitto:1883"})
    assert (settings.plex.name, settings.plex.url, settings.plex.libraries) == ("attic", "http://attic:32400", ())
    assert settings.paths.to_plex("/data/x.mp4") == "/media/x.mp4"
