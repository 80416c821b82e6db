"""Every field of an item, planned, written to a Plex and read back, whatever the server's way with tags and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from common.errors import Rejected
from common.item import Item
from common.messages import ItemOutcome
from common.options import DEFAULT_FIELDS, FieldPolicy
from services.plex_writer import plan
from services.plex_writer.forms import entry_hash
from services.plex_writer.plan import LISTS, SCALARS, Current, Edit, Entry, Scalar
from services.plex_writer.wire import queries
from tests.plex_writer.stage import Stage
from tests.simulators.plex_process import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from services.plex_writer.plex import Plex
    from tests.simulators.plex_process import Running

MODES = ("add", "replace")
WHOLE = Item(
    title="The Title",
    sort_title="Saga 002 The Title",
    summary="One.\n\nTwo.",
    date="2024-05-06",
    studio="Acme (Big Corp)",
    tagline="AB-123",
    content_rating="XXX",
    rating="8.5",
    director=("Dee Rector",),
    performers=("Ann", "Bea"),
    photos={"Ann": "http://s2p:9393/images/performer/5?t=1"},
    tags=("Drama", "Sci-Fi, & more"),
    collections=("Acme", "Saga"),
)
SYNC = dict.fromkeys([*SCALARS, *LISTS], FieldPolicy("sync"))
SHOWN = {
    "title": "title",
    "sort_title": "titleSort",
    "summary": "summary",
    "date": "originallyAvailableAt",
    "studio": "studio",
    "tagline": "tagline",
    "content_rating": "contentRating",
}


async def synced(
    plex: Plex, key: str, item: Item, outcome: ItemOutcome | None, fields: Mapping[str, FieldPolicy]
) -> tuple[Edit, ItemOutcome]:
    """Do what the writer does with one item; hold that nothing is left to do then."""
    before, ours = (await plex.details([key]))[key], plan.ours_of(outcome)
    edit = plan.plan(item, before, ours, fields)
    await plex.edit(before, edit)
    shown = (await plex.details([key]))[key]
    assert plan.applied(edit, before, shown) == "all"
    after = ItemOutcome(state="synced", want="", wrote=plan.wrote_of(item, edit, before, shown, ours))
    assert not plan.plan(item, shown, plan.ours_of(after), fields)
    return edit, after


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.asyncio
async def test_every_field_arrives_changes_and_goes_again(
    plex: Plex, server: Running, mode: str, normalise: bool
) -> None:
    server.control("settings", tag_mode=mode, normalise=normalise)
    (key,) = server.make("whole.mp4")
    _, outcome = await synced(plex, key, WHOLE, None, SYNC)
    truth = server.truth(key)
    assert {name: truth[plex_name] for name, plex_name in SHOWN.items()} == {n: getattr(WHOLE, n) for n in SHOWN}
    assert (truth["userRating"], truth["directors"]) == (8.5, ["Dee Rector"])
    assert (truth["genres"], truth["collections"]) == (list(WHOLE.tags), list(WHOLE.collections))
    assert [(one["tag"], one["thumb"]) for one in truth["actors"]] == [("Ann", WHOLE.photos["Ann"]), ("Bea", "")]
    assert set(truth["locks"]) == {*SHOWN.values(), "director", "actor", "genre", "collection"}
    other = msgspec.structs.replace(
        WHOLE,
        title="Another",
        rating="3",
        director=("Somebody Else",),
        photos={"Ann": "http://s2p:9393/images/performer/5?t=2"},
        collections=("Saga",),
    )
    _, outcome = await synced(plex, key, other, outcome, SYNC)
    truth = server.truth(key)
    assert (truth["title"], truth["userRating"], truth["directors"]) == ("Another", 3.0, ["Somebody Else"])
    assert (truth["collections"], truth["actors"][0]["thumb"]) == (["Saga"], other.photos["Ann"])
    await synced(plex, key, Item(title="Another"), outcome, SYNC)
    truth = server.truth(key)
    assert {name: truth[name] for name in SHOWN.values()} == dict.fromkeys(SHOWN.values(), "") | {"title": "Another"}
    assert truth["userRating"] is None
    assert [truth[name] for name in ("directors", "actors", "genres", "collections")] == [[], [], [], []]


@pytest.mark.asyncio
async def test_all_but_the_stars_goes_in_one_request(plex: Plex, server: Running) -> None:
    (key,) = server.make("one.mp4")
    current = (await plex.details([key]))[key]
    before = plex.requests
    await plex.edit(current, plan.plan(WHOLE, current, plan.Ours(), SYNC))
    assert plex.requests - before == 2


@pytest.mark.parametrize(
    ("policy", "theirs", "after"),
    [("sync", 2.0, 8.5), ("fill", 2.0, 2.0), ("fill", None, 8.5), ("off", 2.0, 2.0)],
)
@pytest.mark.asyncio
async def test_stars_follow_the_policy_and_are_never_locked(
    plex: Plex, server: Running, policy: Any, theirs: float | None, after: float
) -> None:
    (key,) = server.make("stars.mp4")
    server.control("person", ratingKey=key, userRating=theirs, lock=False)
    fields = {**DEFAULT_FIELDS, "rating": FieldPolicy(policy)}
    _, outcome = await synced(plex, key, Item(rating="8.5"), None, fields)
    assert (server.truth(key)["userRating"], server.truth(key)["locks"]) == (after, [])
    await synced(plex, key, Item(), outcome, fields)
    assert server.truth(key)["userRating"] == (None if after != theirs else theirs)


@pytest.mark.asyncio
async def test_a_director_that_a_person_chose_stays_under_fill(plex: Plex, server: Running) -> None:
    (key,) = server.make("director.mp4")
    server.control("person", ratingKey=key, directors=["Theirs"])
    _, outcome = await synced(plex, key, WHOLE, None, DEFAULT_FIELDS)
    await synced(plex, key, Item(), outcome, DEFAULT_FIELDS)
    assert server.truth(key)["directors"] == ["Theirs"]


@pytest.mark.asyncio
async def test_a_photo_of_plex_s_own_stays_and_ours_is_renewed(plex: Plex, server: Running) -> None:
    (key,) = server.make("photos.mp4")
    theirs = {"tag": "Photographed", "role": "", "thumb": "https://metadata-static.plex.tv/p.jpg"}
    server.control("person", ratingKey=key, actors=[theirs, {"tag": "Plain", "role": "Lead", "thumb": ""}], lock=False)
    item = Item(
        performers=("Photographed", "Plain"),
        photos={name: f"http://s2p/images/performer/{n}?t=1" for n, name in enumerate(("Photographed", "Plain"))},
    )
    _, outcome = await synced(plex, key, item, None, DEFAULT_FIELDS)
    actors = server.truth(key)["actors"]
    assert actors == [theirs, {"tag": "Plain", "role": "Lead", "thumb": "http://s2p/images/performer/1?t=1"}]
    renewed = msgspec.structs.replace(item, photos={"Plain": "http://s2p/images/performer/1?t=2"})
    edit, _ = await synced(plex, key, renewed, outcome, DEFAULT_FIELDS)
    assert list(edit.lists) == ["performers"]
    assert server.truth(key)["actors"][1]["thumb"] == "http://s2p/images/performer/1?t=2"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.asyncio
async def test_a_text_that_plex_refuses_for_its_length_is_cut_and_written_once(
    plex: Plex, server: Running, mode: str
) -> None:
    """A text within the limit of the server, whatever that is, arrives whole."""
    server.control("settings", tag_mode=mode)
    (key,) = server.make("long.mp4")
    item = Item(title="T", summary="\u65e5\u672c\u8a9e " * 2_000, tags=("a",))
    await synced(plex, key, item, None, DEFAULT_FIELDS)
    assert server.truth(key)["summary"] == item.summary
    server.control("settings", longest_url=8_192)
    longer = msgspec.structs.replace(item, summary=f"Other {item.summary}")
    edit, outcome = await synced(plex, key, longer, None, DEFAULT_FIELDS)
    assert edit.scalars["summary"].value == longer.summary
    shown = server.truth(key)["summary"]
    assert shown.endswith("\u2026")
    assert longer.summary.startswith(shown[:-1])
    assert len(shown) > 700
    edit, _ = await synced(plex, key, longer, outcome, DEFAULT_FIELDS)
    assert not edit
    server.control("settings", longest_url=0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.asyncio
async def test_a_list_that_finds_no_room_in_a_request_is_cut_and_loses_nothing_of_a_person(
    plex: Plex, server: Running, mode: str
) -> None:
    server.control("settings", tag_mode=mode, longest_url=8_192)
    (key,) = server.make("list.mp4")
    theirs = [f"theirs {n}" for n in range(30)]
    server.control("person", ratingKey=key, genres=theirs)
    item = Item(tags=tuple(f"{n:03} " + "\u65e5" * 40 for n in range(100)))
    edit, outcome = await synced(plex, key, item, None, DEFAULT_FIELDS)
    genres = server.truth(key)["genres"]
    assert genres[:30] == theirs
    assert len(genres) == 30 + 100 - edit.left_out["tags"]
    assert 0 < edit.left_out["tags"] < 100
    await synced(plex, key, Item(tags=("only",)), outcome, DEFAULT_FIELDS)
    assert server.truth(key)["genres"] == [*theirs, "only"]


@pytest.mark.parametrize("reached", [0, 1, 2])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.asyncio
async def test_wherever_an_edit_of_several_requests_ends_the_next_plan_carries_on(
    plex: Plex, server: Running, mode: str, reached: int
) -> None:
    """What finds no room to be taken out goes in requests of its own; a person's entries stay throughout."""
    server.control("settings", tag_mode=mode)
    (key,) = server.make("out.mp4")
    ours = [f"{n:02} " + "\u65e5" * 25 for n in range(90)]
    server.control("person", ratingKey=key, genres=["theirs", *ours], lock=False)
    record = ItemOutcome(state="synced", want="", wrote={"tags": tuple(map(entry_hash, ours))})
    before, item = (await plex.details([key]))[key], Item(title="T", tags=("new",))
    edit = plan.plan(item, before, plan.ours_of(record), DEFAULT_FIELDS)
    requests = queries(before, edit)
    assert len(requests) > 2
    for query in requests[:reached]:
        assert server.http.put(f"{ALL}?{query}").status_code == 200
    assert "theirs" in server.truth(key)["genres"]
    intent = plan.intent_of(edit, before, plan.ours_of(record))
    killed = ItemOutcome(state="unsure", want="", wrote=record.wrote, intent=intent)
    server.control("settings", longest_url=8_192)
    await synced(plex, key, item, killed, DEFAULT_FIELDS)
    assert server.truth(key)["genres"] == ["theirs", "new"]


@pytest.mark.asyncio
async def test_a_refusal_after_a_part_of_an_edit_leaves_the_part_ours(plex: Plex, server: Running) -> None:
    """The fields are written, the stars refused."""
    (key,) = server.make("part.mp4")
    server.control("fault", kind="status", status=400, match="PUT /:/rate")
    before, item = (await plex.details([key]))[key], Item(title="T", tags=("a",), rating="5")
    edit = plan.plan(item, before, plan.Ours(), SYNC)
    with pytest.raises(Rejected):
        await plex.edit(before, edit)
    shown = (await plex.details([key]))[key]
    assert plan.applied(edit, before, shown) == "some"
    assert plan.wrote_of(item, edit, before, shown, plan.Ours()).keys() == {"title", "tags"}


def test_an_edit_of_nothing_but_what_finds_no_room_is_no_edit() -> None:
    shown = tuple(Entry(f"theirs {n} " + "x" * 100) for n in range(60))
    current = Current(rating_key="1", section="1", lists={"tags": shown})
    edit = plan.plan(Item(tags=("new",)), current, plan.Ours(), DEFAULT_FIELDS)
    assert not edit
    assert edit.left_out == {"tags": 1}


def test_an_edit_has_no_stars_unless_they_change() -> None:
    current = Current(rating_key="1", section="1", scalars={"rating": "8.5"})
    assert not plan.plan(Item(rating="8.5"), current, plan.Ours(), SYNC)
    edit = plan.plan(Item(rating="9"), current, plan.Ours(), SYNC)
    assert edit.scalars == {"rating": Scalar(value="9", lock=False)}


@pytest.mark.story
@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_a_writer_and_a_person_end_with_the_same_whatever_plex_makes_of_edits(
    tmp_path: Path, mode: str, normalise: bool
) -> None:
    """What ours is survives a restart in Plex's own form of it, and nothing is written twice."""
    with Stage(tmp_path) as stage:
        stage.control("settings", tag_mode=mode, normalise=normalise)
        (key, other) = stage.items("/media/modes.mp4", "/media/other.mp4")
        stage.control("person", ratingKey=other, genres=["big City"])
        stage.start()
        first = stage.scene(
            "/media/modes.mp4", title=" A  title", details="One.\n\nTwo. ", tags=("BIG CITY", "Drama", "4K")
        )
        stage.ended(first, "synced")
        stage.control("person", ratingKey=key, genres=[*stage.item(key)["genres"], "Mine"])
        facts = {"title": " A  title", "details": "One.\n\nTwo. "}
        stage.start()
        edited = stage.scene("/media/modes.mp4", scene_id=first.id, tags=("New", "big city"), **facts)
        stage.ended(edited, "synced")
        assert {genre.casefold() for genre in stage.item(key)["genres"]} == {"mine", "new", "big city"}
        assert stage.item(other)["genres"] == ["big City"]
        written = len(stage.told("writes"))
        stage.start()
        stage.ask("resync", ids=[first.id])
        stage.ended(stage.scene("/media/modes.mp4", scene_id=first.id, tags=("big city", "New"), **facts), "synced")
        assert len(stage.told("writes")) == written
        stage.ended(stage.scene("/media/modes.mp4", scene_id=first.id, tags=(), details="d"), "synced")
        assert stage.item(key)["genres"] == ["Mine"]
