"""The example and the schema: they have every key, and what they say is so."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from common.config.document import document
from common.config.names import all_keys
from common.config.schema import schema
from common.options import DEFAULT_FIELDS
from tests.common.given import ROOT, given, written

if TYPE_CHECKING:
    from pathlib import Path


def test_the_example_is_valid_has_every_key_and_says_the_defaults() -> None:
    text = (ROOT / "config.example.yaml").read_text("utf-8")
    settings = given(S2P_CONFIG=str(ROOT / "config.example.yaml"))
    plain = given()
    assert replace(settings, stash=plain.stash, plex=plain.plex, mqtt=plain.mqtt) == plain
    assert settings.stash.model_copy(update={"url": ""}) == plain.stash
    assert settings.plex.model_copy(update={"url": ""}) == plain.plex
    tree = yaml.safe_load(text)
    for key in all_keys().values():
        place = tree
        for step in key.path:
            place = place[step]
        assert key.variable in text
    assert set(tree["fields"]) == set(DEFAULT_FIELDS)


def test_the_rules_that_the_example_explains_are_valid(tmp_path: Path) -> None:
    text = (ROOT / "config.example.yaml").read_text("utf-8")
    lines = re.findall(r"^# {5}(- .*|  .*)$", text, re.MULTILINE)
    settings = given(**written(tmp_path, "paths:\n" + "\n".join(f"  {line}" for line in lines)))
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


def test_the_page_of_the_settings_is_current() -> None:
    written = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    assert written == document(), "python -m common.config.document >docs/configuration.md"
