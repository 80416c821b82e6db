"""What plan and explain print, from the answers that the writer gives."""

from __future__ import annotations

from rich.text import Text

from common.answers import Change, ExplainedField, ExplainedItem, Explanation, MappedPath, PlannedItem, PlannedScene
from tools.s2p.explain import lines
from tools.s2p.plan import scene_lines


def shown(markup: list[str]) -> list[str]:
    return [Text.from_markup(line).plain.rstrip() for line in markup]


def test_a_plan_shows_scalars_as_before_and_after_and_lists_entry_by_entry() -> None:
    changes = (
        Change(field="title", current="Old [draft]", wanted="New", why="sync"),
        Change(field="genres", current=("a", "b"), wanted=("b", "c"), why="merge"),
        Change(field="summary", current="Gone", wanted=None),
        Change(field="actors", current=None, wanted=("x",)),
    )
    item = PlannedItem(rating_key="7", title="Old", library="Movies", changes=changes)
    assert shown(list(scene_lines(PlannedScene(scene=17, title="New", state="synced", items=(item,))))) == [
        "scene 17 New",
        "  item 7 Old in Movies",
        "    title  sync",
        "    - Old [draft]",
        "    + New",
        "    genres  merge",
        "    - a",
        "    + c",
        "    summary",
        "    - Gone",
        "    + (empty)",
        "    actors",
        "    + x",
    ]


def test_a_scene_without_an_item_says_why_and_one_without_a_change_is_quiet_in_a_long_list() -> None:
    waiting = PlannedScene(scene=18, title="X", state="waiting", detail="Plex has no item with /media/x.mp4 yet.")
    assert shown(list(scene_lines(waiting))) == ["scene 18 X", "  waiting: Plex has no item with /media/x.mp4 yet."]
    assert list(scene_lines(waiting, verbose=False)) == []
    right = PlannedScene(scene=19, items=(PlannedItem(rating_key="8", library="Movies"),))
    assert shown(list(scene_lines(right)))[-1] == "    as it should be"


def test_an_explanation_goes_from_the_path_to_what_is_next() -> None:
    field = ExplainedField(field="title", shown="Theirs", wanted="Ours", whose="theirs", policy="fill", locked=True)
    item = ExplainedItem(rating_key="7", title="Theirs", library="Movies", why="path", fields=(field,))
    answer = Explanation(
        scene=17,
        title="Ours",
        paths=(MappedPath(stash="/data/a.mp4", plex="/media/a.mp4"), MappedPath(stash="/other/b.mp4")),
        items=(item,),
        outcome={"state": "synced", "at": "2026-05-01T12:00:00Z", "detail": ""},
        next="Nothing is left to do.",
    )
    assert shown(list(lines(answer, None))) == [
        "scene 17 Ours",
        "  /data/a.mp4",
        "    -> /media/a.mp4",
        "  /other/b.mp4",
        "    -> no path rule (S2P_PATHS) takes it",
        "Plex item 7 Theirs in Movies: path",
        "  title          theirs fill locked  Theirs",
        "                 wanted Ours",
        "Outcome synced at 2026-05-01T12:00:00Z",
        "Next Nothing is left to do.",
    ]
