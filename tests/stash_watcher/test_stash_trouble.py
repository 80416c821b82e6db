"""A Stash that is away, refuses, answers nonsense or is another one: nothing is ever removed because of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stash_watcher.world import World

pytestmark = pytest.mark.story

FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("down", {}, "unreachable"),
    ("500", {}, "unreachable"),
    ("502", {}, "unreachable"),
    ("html", {}, "unreachable"),
    ("truncated", {}, "unreachable"),
    ("cut", {}, "unreachable"),
    ("http", {"status": 404}, "unreachable"),
    ("401", {}, "unauthorized"),
    ("403", {}, "unauthorized"),
    ("302", {}, "unauthorized"),
    ("status", {"value": "SETUP"}, "not_ready"),
    ("status", {"value": "NEEDS_MIGRATION"}, "not_ready"),
]


@pytest.mark.parametrize(("kind", "options", "health"), FAULTS, ids=str)
def test_trouble_is_told_and_removes_nothing(world: World, kind: str, options: dict[str, Any], health: str) -> None:
    world.fault(kind, **options)
    world.do("scene_destroy", id=6)
    world.until(lambda: world.state()["stash"] == health, f"the state to be {health}")
    assert world.state()["why"]
    assert not world.removed()
    assert len(world.rows()) == 60
    world.fault("clear")
    world.settle()
    assert world.removed() == [6]
    assert world.state()["stash"] == "reachable"
    assert not world.state()["why"]


def test_trouble_in_the_middle_of_a_sweep_removes_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(scenes=60)
    world.start()
    world.settle()
    for kind in ("500", "html", "truncated", "locked", "down"):
        world.fault(kind, match="Ids", count=6)
        world.ear.ask("stash", "sweep")
        world.until(lambda: world.look("stats")["requests"].get("Ids", 0) > 0, "the sweep")
        world.fault("clear")
        world.settle()
    assert not world.removed()


def test_a_locked_database_is_asked_again(world: World) -> None:
    world.fault("locked", count=3)
    world.do("scene_update", id=5, fields={"title": "locked for a while"})
    world.settle()
    assert not any(state.get("stash") == "unreachable" for state in world.states())


def test_a_query_that_does_not_fit_is_named_and_the_others_go_on(world: World) -> None:
    world.fault("422", field="Scene.urls")
    world.do("scene_update", id=5, fields={"title": "can't be read"})
    world.do("scene_destroy", id=6)
    world.until(lambda: world.state()["incompatible"], "the report")
    assert world.state()["incompatible"][0].endswith("Scene.urls")
    assert world.state()["incompatible"][0].startswith("scenes_groups/")
    world.until(lambda: world.removed() == [6], "the removal, which needs another query")
    assert len(world.rows()) == 59


def test_another_stash_is_not_followed_until_confirmed(world: World) -> None:
    world.settle(covered=True)
    heard = len(world.ear.heard)
    source = world.info()["source"]
    world.control("replace", scenes=45, seed=9)
    world.until(lambda: world.state()["stash"] == "replaced", "the other Stash to be noticed")
    assert "sweep --confirm" in world.state()["why"]
    world.ear.ask("stash", "sweep")
    assert world.state()["stash"] == "replaced"
    assert not world.published(heard)
    assert not world.removed(heard)
    world.ear.ask("stash", "sweep", confirm=True)
    world.settle(covered=True)
    assert len(world.rows()) == 45
    assert world.info()["source"] != source
    assert world.state()["stash"] == "reachable"


def test_another_stash_is_noticed_at_a_start(world: World) -> None:
    assert world.watcher is not None
    world.watcher.stop()
    heard = len(world.ear.heard)
    world.control("replace", scenes=60, seed=9)
    world.start()
    world.until(lambda: world.state().get("stash") == "replaced", "the other Stash to be noticed")
    assert not world.published(heard)
    assert not world.removed(heard)


def test_ids_that_start_again_after_an_import_need_a_confirmation(world: World) -> None:
    world.do("json_import", reverse=True)
    world.until(lambda: world.state()["stash"] == "replaced", "the import to be noticed")
    assert not world.removed()
    world.ear.ask("stash", "sweep", confirm=True)
    world.settle()


def test_many_removals_wait_for_a_person(world: World) -> None:
    world.do("scene_destroy", ids=list(range(10, 51)))
    world.until(lambda: world.stats()["held"] == 41, "the removals to be held")
    assert "sweep --confirm" in world.state()["why"]
    world.do("scene_update", id=5, fields={"title": "still followed"})
    world.until(lambda: world.ear.json("stash/scene/5")["title"] == "still followed", "the edit")
    world.ear.ask("stash", "sweep")
    world.until(lambda: world.stats()["task"] == "", "the sweep to end")
    assert not world.removed()
    world.ear.ask("stash", "sweep", confirm=True)
    world.settle()
    assert len(world.removed()) == 41
    world.until(lambda: world.stats()["held"] == 0, "nothing to be held")
    assert not world.state()["why"]


def test_a_few_removals_of_a_small_table_need_nobody(world: World) -> None:
    world.do("scene_destroy", ids=list(range(10, 30)))
    world.settle()
    assert len(world.removed()) == 20
