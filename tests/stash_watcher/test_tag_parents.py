"""Tags directly above a scene's tags: published where they are wanted, and followed from whichever side they change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from common.messages import Named, Tag
from services.stash_watcher import answers
from services.stash_watcher.entities import Entities, Label, link
from services.stash_watcher.render import tag_row
from tests.stash_watcher.builders import UPDATED, rendered
from tests.stash_watcher.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.stash_watcher.entities import Row

WANTED = {"S2P_MAPPING_GENRES_PARENTS": "true"}
Names = dict[str, list[str]]


def row(tag_id: int, name: str, *, above: tuple[int, ...] = (), below: tuple[int, ...] = ()) -> Row:
    """Return a tag as an answer has it that was asked for both sides."""
    parents, children = ([answers.Id(str(one)) for one in ids] for ids in (above, below))
    return tag_row(answers.Tag(str(tag_id), name, UPDATED, parents, children))


def known() -> Entities:
    """Return three tags, the third below the second."""
    entities = Entities()
    rows = [row(1, "Sea"), row(2, "Places", below=(3,)), row(3, "Harbour", above=(2,))]
    assert entities.saw("tag", rows, 0, 0) == set()
    return entities


def test_a_tag_shows_what_is_directly_above_it() -> None:
    harbour = Tag(id=3, name="Harbour", parents=(Named(id=2, name="Places"),))
    assert known().tags([1, 2, 3]) == (harbour, Tag(id=2, name="Places"), Tag(id=1, name="Sea"))


@pytest.mark.parametrize(
    ("told", "moved", "above"),
    [
        (row(1, "Sea", above=(2,)), {1}, {1: (2,), 3: (2,)}),
        (row(2, "Places", below=(1, 3)), {1}, {1: (2,), 3: (2,)}),
        (row(2, "Places"), {3}, {1: (), 3: ()}),
        (row(1, "Sea", below=(3,)), {3}, {1: (), 3: (1, 2)}),
        (row(3, "Harbour"), {3}, {1: (), 3: ()}),
        (row(2, "Sites", below=(3,)), {2}, {1: (), 3: (2,)}),
    ],
)
def test_one_side_of_a_change_tells_both(told: Row, moved: set[int], above: dict[int, tuple[int, ...]]) -> None:
    entities = known()
    assert entities.saw("tag", [told], 10, 11) == {link("tag", one) for one in moved}
    found = {tag.id: tuple(parent.id for parent in tag.parents) for tag in entities.tags([1, 3])}
    assert found == above
    assert entities.saw("tag", [told], 12, 13) == set()


def test_an_answer_older_than_a_move_does_not_undo_it() -> None:
    entities = known()
    entities.saw("tag", [row(2, "Places")], 10, 11)
    assert entities.saw("tag", [row(2, "Places", below=(3,)), row(3, "Harbour", above=(2,))], 9, 12) == set()
    assert entities.tags([3]) == (Tag(id=3, name="Harbour"),)


def test_retained_scenes_tell_a_new_process_of_parents_too() -> None:
    harbour = Tag(id=3, name="Harbour", parents=(Named(id=2, name="Places"),))
    scene = rendered()
    entities = Entities()
    assert entities.take(type(scene)(id=1, epoch=1, seq=1, born="b", rev="r", updated_at="u", tags=(harbour,)))
    assert entities.rows["tag"] == {3: Label("Harbour", (2,)), 2: Label("Places", None)}
    assert entities.lacking([("tag", 3), ("tag", 2)]) == {"tag": [2]}
    assert entities.saw("tag", [row(2, "Places", below=(3,)), row(3, "Harbour", above=(2,))], 0, 0) == set()


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a Stash with two scenes of a tag, and a watcher that was not told to publish parents."""
    world = World(tmp_path_factory.mktemp("parents"), scenes=30)
    try:
        world.open()
        for name in ("Harbour", "Places", "Sights"):
            world.do("tag_create", name=name)
        world.do("bulk_scene_update", ids=[5, 6], add_tags=["Harbour"])
        world.do("tag_parents", name="Harbour", parents=["Places"])
        world.start(S2P_STASH_SWEEP="never")
        world.settle(covered=True)
        yield world
    finally:
        world.close()


def published(world: World, scene_id: int = 5) -> Names:
    """Return the tags of a retained scene with those above them."""
    tags = world.rows_by_topic([scene_id])[scene_id]["tags"]
    return {tag["name"]: [parent["name"] for parent in tag.get("parents", ())] for tag in tags}


def shows(world: World, tag: str, *above: str) -> None:
    """Wait until both scenes show what is above a tag."""
    world.until(
        lambda: all(published(world, one).get(tag) == list(above) for one in (5, 6)), f"{tag} below {above}", pause=0.2
    )


@pytest.mark.story
def test_parents_are_published_on_demand_and_followed(settled: World) -> None:
    assert published(settled)["Harbour"] == []
    assert settled.watcher is not None
    settled.watcher.stop()
    settled.start(S2P_STASH_SWEEP="never", **WANTED)
    shows(settled, "Harbour", "Places")
    settled.do("tag_rename", name="Places", to="Spots")
    shows(settled, "Harbour", "Spots")
    settled.do("tag_parents", name="Harbour", parents=["Spots", "Sights"])
    shows(settled, "Harbour", "Spots", "Sights")
    settled.do("tag_children", name="Spots", children=[])
    shows(settled, "Harbour", "Sights")
    settled.do("tag_children", name="Spots", children=["Harbour"])
    shows(settled, "Harbour", "Spots", "Sights")
    settled.do("tag_destroy", name="Sights")
    shows(settled, "Harbour", "Spots")
    settled.do("tag_create", name="Marks")
    settled.do("tag_merge", sources=["Spots"], destination="Marks")
    shows(settled, "Harbour", "Marks")
    settled.settle()
    heard = len(settled.ear.heard)
    settled.watcher.stop()
    settled.start(S2P_STASH_SWEEP="never", **WANTED)
    settled.settle(covered=True)
    assert settled.published(heard) == []
    settled.watcher.stop()
    settled.start(S2P_STASH_SWEEP="never")
    shows(settled, "Harbour")
