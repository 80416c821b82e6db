"""What the pages say exists: commands of s2p and ./run, links, settings, files of the project."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

import pytest

from common.config.names import CONFIG, HEALTH_FILE, IN_CONTAINER, all_keys
from tools.processes import ROOT
from tools.s2p.command_line import parser

if TYPE_CHECKING:
    from pathlib import Path

PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# where a reader puts s2p: alone, in Docker, without
CALLED: Final = re.compile(r"(?:docker compose run --rm(?: -T)? |\./run )?\bs2p ((?:[a-z]+)\b[^`\n]*)")
LINK: Final = re.compile(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)")
REDIRECTION: Final = re.compile(r"\s+(?:[<>]|\||# ).*$")


def code(page: Path) -> list[str]:
    """Return every line of code and every piece of code in a line."""
    text = page.read_text("utf-8")
    blocks = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    return blocks + re.findall(r"`([^`\n]+)`", text)


def calls(page: Path) -> list[str]:
    """Return what s2p is called with, as far as the page has it in full."""
    found = [match[1] for piece in code(page) if (match := CALLED.fullmatch(REDIRECTION.sub("", piece)))]
    return [call for call in found if "…" not in call]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_s2p_is_one(page: Path) -> None:
    for call in calls(page):
        parser().parse_args(shlex.split(call))


def test_the_pages_are_searched_for_commands() -> None:
    found = {call for page in PAGES for call in calls(page)}
    assert {"status", "doctor", "explain 17", "restore -", "register --library Scenes --confirm"} <= found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_run_is_one(page: Path) -> None:
    known = set(re.findall(r"^    ([a-z0-9 |]+)(?: \| -h.*)?\)$", (ROOT / "run").read_text(), re.MULTILINE))
    commands = {name.strip() for line in known for name in line.split("|")} | {"help"}
    named = {match[1] for piece in code(page) for match in re.finditer(r"\./run ([a-z0-9]+)", piece)}
    assert named <= commands


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(page.read_text("utf-8")):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor[1:] in {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    known = {key.variable for key in all_keys().values()} | {CONFIG, IN_CONTAINER, HEALTH_FILE}
    known |= {f"{key.variable}_FILE" for key in all_keys().values() if key.secret}
    assert set(re.findall(r"\bS2P_[A-Z_]*[A-Z]\b", page.read_text("utf-8"))) <= known
