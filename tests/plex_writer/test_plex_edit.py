"""What the Plex client writes, in both ways in which a server may understand tags, and what comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.fields import LINE, SUMMARY
from common.item import Item
from common.messages import ItemOutcome
from common.options import DEFAULT_FIELDS, FieldPolicy
from services.plex_writer import plan
from services.plex_writer.budget import URL_BUDGET
from services.plex_writer.forms import fold
from services.plex_writer.plan import Current, Edit, Entry, Rewrite, Scalar
from services.plex_writer.plex import Plex
from services.plex_writer.wire import queries
from tests.simulators.plex_process import TOKEN, Running

if TYPE_CHECKING:
    from collections.abc import Sequence

MODES = ("add", "replace")
ODD = (
    "a, b",
    "a",
    "b",
    "c & d",
    "e=f",
    "100%",
    "%2C",
    "%",
    "[0]",
    "g+h",
    "#hash?",
    "/slash\\back",
    '"quoted" \'s',
    "<tag>",
    "Zo\u00eb",
    "\u65e5\u672c\u8a9e",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "semi;colon",
    "tag.tag",
    "-",
)
signs = st.text(st.sampled_from("ab ,;&=%+#?[]/\\\"'<>.-2C\u00eb\u65e5\U0001f600"), min_size=1, max_size=6)
names = signs.map(lambda name: " ".join(name.split())).filter(bool)
name_lists = st.lists(names, max_size=5, unique_by=fold)


def rewrite(*entries: str, remove: Sequence[str] = (), lock: bool = True) -> Rewrite:
    return Rewrite(entries=tuple(map(Entry, entries)), remove=tuple(remove), lock=lock)


async def read(plex: Plex, key: str) -> Current:
    return (await plex.details([key]))[key]


def writes(server: Running, key: str) -> list[dict[str, Any]]:
    """Return what was committed on an item by clients."""
    return [write for write in server.told("writes", ratingKey=key) if write["method"] == "PUT"]


@pytest.mark.asyncio
async def test_all_fields_go_in_one_request(plex: Plex, server: Running) -> None:
    (key,) = server.make("one.mp4")
    current = await read(plex, key)
    before = plex.requests
    await plex.edit(
        current,
        Edit(
            scalars={
                "title": Scalar(value='A "T" & <more> = 100%', lock=True),
                "summary": Scalar(value="one\n\ntwo +;#?", lock=True),
                "date": Scalar(value="2024-05-06", lock=True),
                "studio": Scalar(value="Zo\u00eb \U0001f600", lock=False),
            },
            lists={"tags": rewrite("a, b", "c"), "performers": rewrite("Ann", lock=False)},
        ),
    )
    assert plex.requests - before == 1
    truth = server.truth(key)
    assert (truth["title"], truth["summary"]) == ('A "T" & <more> = 100%', "one\n\ntwo +;#?")
    assert (truth["originallyAvailableAt"], truth["studio"]) == ("2024-05-06", "Zo\u00eb \U0001f600")
    assert (truth["genres"], [actor["tag"] for actor in truth["actors"]]) == (["a, b", "c"], ["Ann"])
    assert truth["locks"] == ["genre", "originallyAvailableAt", "summary", "title"]
    assert len(writes(server, key)) == 1


@pytest.mark.asyncio
async def test_a_field_is_cleared_and_unlocked(plex: Plex, server: Running) -> None:
    (key,) = server.make("clear.mp4")
    server.control("person", ratingKey=key, summary="old", genres=["a"])
    edit = Edit(scalars={"summary": Scalar(value="", lock=False)}, lists={"tags": rewrite(remove=["a"], lock=False)})
    await plex.edit(await read(plex, key), edit)
    truth = server.truth(key)
    assert (truth["summary"], truth["genres"], truth["locks"]) == ("", [], [])


@pytest.mark.asyncio
async def test_what_an_edit_does_not_name_stays(plex: Plex, server: Running) -> None:
    first, second = server.make("stay.mp4", "other.mp4")
    server.control("person", ratingKey=first, studio="theirs", tagline="theirs", genres=["p"], labels=["l"], rating=7)
    before = server.truth(first)
    untouched = server.truth(second)
    await plex.edit(await read(plex, first), Edit(scalars={"title": Scalar(value="new", lock=True)}))
    after = server.truth(first)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"title", "titleSort", "locks", "updatedAt"}
    assert server.truth(second) == untouched


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.asyncio
async def test_odd_names_are_added_and_removed_as_they_are(plex: Plex, server: Running, mode: str) -> None:
    server.control("settings", tag_mode=mode)
    (key,) = server.make("odd.mp4")
    current = await read(plex, key)
    await plex.edit(current, Edit(lists={"tags": rewrite(*ODD), "performers": rewrite(*ODD)}))
    shown = await read(plex, key)
    assert [entry.name for entry in shown.lists["tags"]] == list(ODD)
    assert [entry.name for entry in shown.lists["performers"]] == list(ODD)
    for name in ODD:
        left = [entry.name for entry in (await read(plex, key)).lists["tags"] if entry.name != name]
        await plex.edit(current, Edit(lists={"tags": rewrite(*left, remove=[name])}))
        assert server.truth(key)["genres"] == left


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.asyncio
async def test_several_names_are_removed_at_once_and_their_parts_stay(plex: Plex, server: Running, mode: str) -> None:
    server.control("settings", tag_mode=mode)
    (key,) = server.make("commas.mp4")
    server.control("person", ratingKey=key, genres=["a", "a, b", "b", "c,d", "%2C", "e"])
    edit = Edit(lists={"tags": rewrite("a", "b", "e", remove=["a, b", "c,d", "%2C"])})
    await plex.edit(await read(plex, key), edit)
    assert server.truth(key)["genres"] == ["a", "b", "e"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.asyncio
async def test_roles_and_photos_of_others_survive(plex: Plex, server: Running, mode: str) -> None:
    server.control("settings", tag_mode=mode)
    (key,) = server.make("roles.mp4")
    theirs = {"tag": "Bea & Co", "role": "Herself, as [x]", "thumb": "http://x/a?b=c&d=%20"}
    server.control("person", ratingKey=key, actors=[theirs])
    current = await read(plex, key)
    edit = plan.plan(Item(performers=("Ann",)), current, plan.Ours(), DEFAULT_FIELDS)
    await plex.edit(current, edit)
    assert server.truth(key)["actors"] == [theirs, {"tag": "Ann", "role": "", "thumb": ""}]


@pytest.mark.parametrize("mode", MODES)
def test_any_plan_arrives_as_it_was_meant(server: Running, mode: str) -> None:
    """Planned, sent, read back: nothing is left to do, under every policy and in both tag modes."""
    server.control("settings", tag_mode=mode)
    policies = [{**DEFAULT_FIELDS, "tags": FieldPolicy(one)} for one in ("merge", "sync")]

    @settings(max_examples=25, deadline=None)
    @given(name_lists, name_lists, name_lists, signs, st.sampled_from(policies))
    def check(
        theirs: list[str], first: list[str], second: list[str], text: str, fields: dict[str, FieldPolicy]
    ) -> None:
        (key,) = server.make("any.mp4")
        server.control("person", ratingKey=key, genres=theirs, lock=False)
        asyncio.run(_follow(server.url, key, [Item(tags=tuple(first), summary=text), Item(tags=tuple(second))], fields))
        truth = server.truth(key)
        assert truth["summary"] == ""
        ours = {fold(name) for name in second}
        kept = {fold(name) for name in theirs} if fields["tags"].policy == "merge" or not second else set()
        if fields["tags"].policy == "merge":
            assert {fold(name) for name in truth["genres"]} == ours | kept

    check()


async def _follow(url: str, key: str, items: Sequence[Item], fields: dict[str, FieldPolicy]) -> None:
    """Bring a Plex item to what is wanted, one wish after the other, as the writer does."""
    outcome: ItemOutcome | None = None
    async with Plex(url, TOKEN, connect_timeout=2, read_timeout=5) as plex:
        for item in items:
            before, ours = await read(plex, key), plan.ours_of(outcome)
            edit = plan.plan(item, before, ours, fields)
            if edit:
                await plex.edit(before, edit)
            shown = await read(plex, key)
            assert plan.applied(edit, before, shown) == "all"
            outcome = ItemOutcome(state="synced", want="", wrote=plan.wrote_of(item, edit, before, shown, ours))
            assert not plan.plan(item, shown, plan.ours_of(outcome), fields)


@pytest.mark.asyncio
async def test_a_server_that_normalises_is_written_to_once(plex: Plex, server: Running) -> None:
    server.control("settings", normalise=True)
    first, second = server.make("n1.mp4", "n2.mp4")
    server.control("person", ratingKey=first, genres=["Big City"])
    item = Item(title="Title", tags=("BIG CITY", "other"))
    before = await read(plex, second)
    edit = plan.plan(item, before, plan.Ours(), DEFAULT_FIELDS)
    await plex.edit(before, edit)
    shown = await read(plex, second)
    assert [entry.name for entry in shown.lists["tags"]] == ["Big City", "other"]
    wrote = plan.wrote_of(item, edit, before, shown, plan.Ours())
    ours = plan.ours_of(ItemOutcome(state="synced", want="", wrote=wrote))
    assert not plan.plan(item, shown, ours, DEFAULT_FIELDS)
    away = plan.plan(Item(title="Title"), shown, ours, DEFAULT_FIELDS)
    await plex.edit(shown, away)
    assert server.truth(second)["genres"] == []


@pytest.mark.asyncio
async def test_what_is_too_long_for_one_url_goes_in_several(plex: Plex, server: Running) -> None:
    (key,) = server.make("long.mp4")
    current = await read(plex, key)
    summary = "words and more words " * 300
    tags = [f"tag number {n}" for n in range(100)]
    edit = Edit(
        scalars={"title": Scalar(value="t", lock=True), "summary": Scalar(value=summary, lock=True)},
        lists={"tags": rewrite(*tags)},
    )
    before = plex.requests
    await plex.edit(current, edit)
    assert plex.requests - before == len(queries(current, edit)) == 2
    truth = server.truth(key)
    assert (truth["title"], truth["summary"], truth["genres"]) == ("t", summary, tags)
    assert truth["locks"] == ["genre", "summary", "title"]


@pytest.mark.asyncio
async def test_the_longest_text_there_can_be_arrives(plex: Plex, server: Running) -> None:
    """A field is never split, since a server that replaces tags or values would keep its last part only."""
    (key,) = server.make("longest.mp4")
    edit = Edit(
        scalars={
            "summary": Scalar(value="a \n" * (SUMMARY // 3), lock=True),
            "title": Scalar(value="\u65e5" * LINE, lock=True),
        }
    )
    await plex.edit(await read(plex, key), edit)
    truth = server.truth(key)
    assert (len(truth["title"]), len(truth["summary"])) == (LINE, SUMMARY // 3 * 3)


@given(st.lists(st.tuples(names, st.integers(1, 900)), max_size=8), name_lists, name_lists)
def test_no_url_is_too_long_unless_a_single_field_is(
    texts: list[tuple[str, int]], tags: list[str], gone: list[str]
) -> None:
    """Every field is in exactly one request, and no two requests would have fitted into one."""
    current = Current(rating_key="17", section="1")
    fields = list(zip(("title", "summary", "date", "studio"), texts, strict=False))
    scalars = {name: Scalar(value=text * times, lock=True) for name, (text, times) in fields}
    edit = Edit(scalars=scalars, lists={"tags": rewrite(*tags * 30, remove=gone)})
    packed = queries(current, edit)
    sent = [pair for query in packed for pair in parse_qsl(query, keep_blank_values=True, strict_parsing=True)]
    heads = [pair for pair in sent if pair[0] in {"type", "id"}]
    assert heads == [("type", "1"), ("id", "17")] * len(packed)
    values = [value for name, value in sent if name.endswith(".value")]
    assert values == [scalar.value for scalar in scalars.values()]
    for query in packed:
        fields_of = {
            name.partition(".")[0].partition("[")[0] for name, _ in parse_qsl(query, keep_blank_values=True)
        } - {"type", "id"}
        assert len(query) <= URL_BUDGET or len(fields_of) == 1


@pytest.mark.asyncio
async def test_an_edit_of_nothing_asks_nothing(plex: Plex) -> None:
    await plex.edit(Current(rating_key="1", section="1"), Edit())
    assert plex.requests == 0
