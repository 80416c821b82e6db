"""Changed settings, mapping or hashes plan every scene again; what Plex shows already is not written for that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.delivery import shortened
from tests.stories.test_edits import item_of
from tools.processes import wait_until

if TYPE_CHECKING:
    from tests.stories.world import World

pytestmark = pytest.mark.story


def test_changed_settings_are_planned_again_and_unchanged_ones_are_not(running: World) -> None:
    writer = running.services["plex_writer"]
    writer.stop()
    running.control("plex", "reset-counts")
    running.start("plex_writer")
    wait_until(lambda: "compared" in writer.tail(), "the compare at start")
    kinds = running.look("plex", "counts")["kinds"]
    assert not any("metadata" in kind or kind.startswith("PUT") for kind in kinds), kinds
    running.services["plex_writer"].stop()
    running.edit(9, studio="Shown Nowhere")
    running.start("plex_writer", S2P_FIELDS="studio=off")
    wait_until(lambda: running.outcome(9).get("want") != "" and running.stats("pending") == 0, "the new plan")
    assert item_of(running, 9)["studio"] != "Shown Nowhere"


def test_another_mapping_plans_all_again_and_writes_only_what_differs(running: World) -> None:
    writer = running.services["plex_writer"]
    before = {number: running.outcome(number)["want"] for number in range(1, 21)}
    writes = len(running.writes())
    writer.stop()
    shortened.start(running, "plex_writer", {"common.item.MAPPING": 99})
    wait_until(lambda: all(running.outcome(n)["want"] != before[n] for n in before), "every scene's new want")
    wait_until(lambda: running.stats("pending") == 0, "all to be planned")
    assert len(running.writes()) == writes
    running.edit(1, title="Goes on")
    running.settle()


def test_outcomes_in_hashes_of_another_kind_do_not_rewrite_plex(running: World) -> None:
    """As an older version of the product may have left them."""
    writes = len(running.writes())
    running.services["plex_writer"].stop()
    for number in range(1, 21):
        left = running.outcome(number)
        left["want"] = "another-kind-" + left["want"]
        for item in left["items"].values():
            item["want"] = left["want"]
        running.ear.tell(f"plex/plex/scene/{number}", json.dumps(left).encode(), retain=True)
    running.start("plex_writer")
    wait_until(
        lambda: not any(running.outcome(n)["want"].startswith("another-kind-") for n in range(1, 21)), "the new wants"
    )
    running.settle()
    assert len(running.writes()) == writes
