"""Everything at once, seeded: edits while watcher, broker and Stash come and go; the table ends true to Stash."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stash_watcher.world import World

pytestmark = pytest.mark.story

KINDS = [
    *("scene_update", "bulk_scene_update", "scene_create", "scene_destroy", "scene_merge", "scan_new_file"),
    *("scan_second_file", "rename_file", "move_file", "rename_folder", "clean"),
    *("generate_cover", "cover_set", "autotag", "identify", "add_play"),
    *("tag_rename", "tag_merge", "performer_rename", "performer_destroy", "studio_rename", "studio_parent"),
    *("group_rename", "marker_create", "marker_update", "marker_destroy"),
]
ROUNDS = 10


def kill_watcher(world: World, _: random.Random) -> None:
    """End the watcher at once, and start it again."""
    world.kill()
    world.start()


def empty_broker(world: World, _: random.Random) -> None:
    """Lose everything on the broker."""
    world.broker.kill()
    world.broker.wipe()
    world.broker.start()


def roll_back_broker(world: World, _: random.Random) -> None:
    """Bring an older state of the broker back."""
    world.broker.kill()
    world.broker.restore()
    world.broker.start()


def save_broker(world: World, _: random.Random) -> None:
    """Keep a state to come back to."""
    world.broker.save()


def trouble_stash(world: World, chance: random.Random) -> None:
    """Let Stash fail for a second."""
    world.fault(chance.choice(["down", "500", "html", "truncated", "cut", "locked", "401"]), seconds=1)


def slow_stash(world: World, chance: random.Random) -> None:
    """Let some answers come late."""
    world.fault("slow", match=chance.choice(["Page", "One", "Ids", "Look"]), delay_ms=700, count=2)


def let_it_look(world: World) -> None:
    """Give the watcher the time for some questions."""
    before = world.look("stats")["total"]
    world.until(lambda: world.look("stats")["total"] >= before + 3, "some questions", seconds=60)


def confirmed(world: World) -> bool:
    """Ask for a confirmed sweep; a request made while the watcher is connecting is heard by nobody."""
    world.ear.tell("request/stash/sweep", b'{"transaction":"the last","confirm":true}')
    return bool(world.ear.json("response/stash/sweep").get("transaction") == "the last")


MISHAPS = [kill_watcher, empty_broker, roll_back_broker, save_broker, trouble_stash, slow_stash]


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_the_table_ends_true_to_stash(make_world: Callable[..., World], seed: int) -> None:
    chance = random.Random(seed)
    world = make_world(scenes=150)
    world.start()
    world.settle()
    world.broker.save()
    for number in range(ROUNDS):
        world.do("random", seed=seed * 1_000 + number, count=chance.randint(1, 8), kinds=KINDS)
        chance.choice(MISHAPS)(world, chance)
        world.do("random", seed=seed * 2_000 + number, count=2, kinds=KINDS)
        if chance.random() < 0.5:
            let_it_look(world)
    world.fault("clear")
    world.until(world.ear._client.is_connected, "the ear to be back")
    world.until(lambda: world.state().get("stash") == "reachable", "Stash to be there", seconds=60)
    world.until(lambda: confirmed(world), "the request to be heard", pause=1.0)
    world.settle(covered=True, seconds=60)
