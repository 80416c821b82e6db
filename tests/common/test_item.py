"""From a scene to what Plex should show: cleaned, complete, and kept from Plex where a filter says so."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.fields import LINE, SUMMARY
from common.filters import excluded
from common.item import Item, item_of, want
from common.messages import File, Performer, Scene, StashId, Studio, Tag
from common.options import FieldPolicy, Filters, Options
from common.paths import PathRules
from common.text import ELLIPSIS

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN = Options()
WHOLE = Filters(bare="write")
BASE = Scene(id=1, epoch=1, seq=1, born="b", rev="r", updated_at="u")

names = st.lists(st.text("aAbB\u00e9e\u0301 \t", max_size=4), max_size=6)


def scene(
    *,
    tags: Sequence[str] = (),
    performers: Sequence[str] = (),
    studio: str = "",
    paths: Sequence[str] = (),
    **more: Any,
) -> Scene:
    return msgspec.structs.replace(
        BASE,
        tags=tuple(Tag(id=n, name=name) for n, name in enumerate(tags)),
        performers=tuple(Performer(id=n, name=name) for n, name in enumerate(performers)),
        studio=Studio(id=1, name=studio) if studio else None,
        files=tuple(File(path=path) for path in paths),
        **more,
    )


def shown(options: Options = PLAIN, **facts: Any) -> Item:
    return item_of(scene(**facts), options)


def test_a_scene_is_shown_with_all_that_it_has() -> None:
    whole = shown(
        Options(paths=PathRules.parse("/data=>/media")),
        title=" The  title ",
        details="one\r\n\r\ntwo",
        date="2024-05-06",
        studio="Acme",
        performers=["Zo\u00eb", "Ann"],
        tags=["Drama"],
        paths=["/data/a.mp4", "/data/b.mp4"],
    )
    assert whole == Item(
        title="The title",
        summary="one\n\ntwo",
        date="2024-05-06",
        studio="Acme",
        performers=("Zo\u00eb", "Ann"),
        tags=("Drama",),
        collections=("Acme",),
        paths=("/media/a.mp4", "/media/b.mp4"),
    )


def test_a_scene_without_anything_is_an_item_without_anything() -> None:
    assert shown(Options(filters=WHOLE)) == Item(named_after_file=True)


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/data/Some film (2024).mp4", "Some film (2024)"),
        ("/data/v1.5/file.name.mkv", "file.name"),
        ("/data/no extension", "no extension"),
        ("/data/.hidden", ".hidden"),
        ("Z:\\films\\Caf\u00e9.mp4", "Caf\u00e9"),
        ("\\\\nas\\share\\x.mp4", "x"),
        ("/data/Cafe\u0301.mp4", "Caf\u00e9"),
        ("/data/line\nbreak.mp4", "line break"),
        ("/data/" + "x" * 300 + ".mp4", "x" * (LINE - 1) + ELLIPSIS),
    ],
)
@pytest.mark.parametrize("empty", ["", " \n", "\x00"])
def test_without_a_title_the_file_gives_its_name(path: str, title: str, empty: str) -> None:
    item = shown(title=empty, paths=[path, "/data/second.mp4"])
    assert (item.title, item.named_after_file) == (title, True)


def test_a_title_of_its_own_is_no_file_name() -> None:
    item = shown(title="file", paths=["/data/file.mp4"])
    assert (item.title, item.named_after_file) == ("file", False)


def test_nothing_is_longer_than_plex_is_sent() -> None:
    item = shown(title="t " * 500, details="d\n" * 9000, studio="s" * 999, tags=["g" * 999], performers=["p" * 999])
    longest = (item.title, item.studio, *item.tags, *item.performers)
    assert {len(text) <= LINE for text in longest} == {True}
    assert len(item.summary) <= SUMMARY
    assert all(text.endswith(ELLIPSIS) for text in (*longest, item.summary))


@pytest.mark.parametrize(
    ("stash", "plex", "note"),
    [
        ("2024-05-06", "2024-05-06", ""),
        (" 2024-05-06 ", "2024-05-06", ""),
        ("2024-02-29", "2024-02-29", ""),
        ("", "", ""),
        (" ", "", ""),
        ("2024", "2024-01-01", "2024, so Plex shows 2024-01-01"),
        ("2024-05", "2024-05-01", "2024-05, so Plex shows 2024-05-01"),
        ("2024-13-45", "", "no date"),
        ("2023-02-29", "", "no date"),
        ("2024-13", "", "no date"),
        ("2024-00", "", "no date"),
        ("2024-00-00", "", "no date"),
        ("0000-01-01", "", "no date"),
        ("0000", "", "no date"),
        ("2024-5-6", "", "no date"),
        ("06.05.2024", "", "no date"),
        ("2024-05-06T10:00:00Z", "", "no date"),
        ("yesterday", "", "no date"),
        ("\u0662\u0660\u0662\u0664-\u0660\u0665-\u0660\u0666", "", "no date"),
        ("\uff12\uff10\uff12\uff14", "", "no date"),
    ],
)
def test_plex_is_sent_whole_dates_that_exist_or_none(stash: str, plex: str, note: str) -> None:
    """Stash's own text is never passed on unread: Plex would keep it, or show something else for ever."""
    item = shown(date=stash)
    assert item.date == plex
    assert len(item.notes) == bool(note)
    assert note in "".join(item.notes)


@given(st.from_regex(r"\d{4}(-\d\d)?(-\d\d)?", fullmatch=True) | st.text(max_size=12))
def test_a_date_is_a_day_of_the_calendar_or_nothing(raw: str) -> None:
    item = shown(date=raw)
    if item.date:
        assert dt.date.fromisoformat(item.date).isoformat() == item.date
        assert item.date.startswith(raw.strip())
    else:
        assert bool(item.notes) == bool(raw.strip())


@pytest.mark.parametrize(
    ("given_names", "kept"),
    [
        (["Ann", "Bea", "ann"], ("Ann", "Bea")),
        (["ann", "ANN", "Ann"], ("ann",)),
        ([" Ann ", "Ann"], ("Ann",)),
        (["A  B", "A B"], ("A B",)),
        (["Zoe\u0308", "Zo\u00eb"], ("Zo\u00eb",)),
        (["Stra\u00dfe", "STRASSE"], ("Stra\u00dfe",)),
        (["", " ", "\x00", "x"], ("x",)),
        (["a,b", "a", "b"], ("a,b", "a", "b")),
        (["c", "b", "a"], ("c", "b", "a")),
    ],
)
def test_a_name_is_there_once_as_first_written_and_in_its_place(given_names: list[str], kept: tuple[str, ...]) -> None:
    assert shown(tags=given_names).tags == kept
    assert shown(performers=given_names).performers == kept


@given(names)
def test_no_name_is_lost_and_none_is_there_twice(given_names: list[str]) -> None:
    tags = shown(tags=given_names).tags
    folded = [tag.casefold() for tag in tags]
    assert len(set(folded)) == len(folded)
    again = shown(tags=tags).tags
    assert again == tags
    shuffled = random.Random(0).sample(given_names, len(given_names))
    assert {tag.casefold() for tag in shown(tags=shuffled).tags} == set(folded)


def test_only_files_that_plex_has_a_path_for_have_one() -> None:
    rules = Options(paths=PathRules.parse("/data=>/media"))
    assert shown(rules, paths=["/other/a.mp4", "/data/b.mp4"]).paths == ("/media/b.mp4",)
    assert shown(rules, paths=["/other/a.mp4"]).paths == ()
    assert shown(paths=["/other/a.mp4"]).paths == ("/other/a.mp4",)


def test_details_that_the_broker_had_no_room_for_are_unknown_and_not_empty() -> None:
    """An empty value clears what we wrote; what is merely not known has to stay."""
    item = shown(cut=("markers", "urls", "details"))
    assert item.unknown == ("summary",)
    assert "too long" in "".join(item.notes)
    assert shown(cut=("markers", "urls")).unknown == ()
    assert excluded(scene(cut=("markers", "urls", "details")), Filters()) is None


FILTERED: list[tuple[dict[str, Any], Filters, str]] = [
    ({}, Filters(), "bare"),
    ({}, WHOLE, ""),
    ({"title": "t", "rating100": 90, "organized": True, "paths": ["/a"]}, Filters(), "bare"),
    ({"details": " \n"}, Filters(), "bare"),
    ({"studio": "s"}, Filters(), ""),
    ({"performers": ["p"]}, Filters(), ""),
    ({"tags": ["t"]}, Filters(), ""),
    ({"details": "d"}, Filters(), ""),
    ({"date": "2024"}, Filters(), ""),
    ({}, Filters(bare="write", organized=True), "organized"),
    ({"organized": True}, Filters(bare="write", organized=True), ""),
    ({}, Filters(bare="write", stash_id=True), "stash_id"),
    ({"stash_ids": (StashId(endpoint="e", stash_id="s"),)}, Filters(bare="write", stash_id=True), ""),
    ({"tags": ["a"]}, Filters(tags_in=("b", "A")), ""),
    ({"tags": ["a"]}, Filters(tags_in=("b",)), "`tags` in"),
    ({}, Filters(bare="write", tags_in=("b",)), "`tags` in"),
    ({"tags": ["a", "B"]}, Filters(tags_out=("b",)), "`tags` out"),
    ({"tags": ["a"]}, Filters(tags_out=("b",)), ""),
    ({"tags": ["a", "b"]}, Filters(tags_in=("a",), tags_out=("b",)), "`tags` out"),
    ({"tags": ["Zoe\u0308"]}, Filters(tags_in=("zo\u00eb",)), ""),
    ({"tags": [" two  words"]}, Filters(tags_out=("two words",)), "`tags` out"),
    ({"studio": "Acme"}, Filters(studios_in=("acme",)), ""),
    ({"studio": "Acme"}, Filters(studios_in=("other",)), "`studios` in"),
    ({"tags": ["t"]}, Filters(studios_in=("acme",)), "`studios` in"),
    ({"studio": "Acme"}, Filters(studios_out=("ACME",)), "`studios` out"),
    ({"tags": ["t"]}, Filters(studios_out=("acme",)), ""),
    ({"tags": ["t"], "paths": ["/data/x/a.mp4"]}, Filters(paths_in=("/data/x",)), ""),
    ({"tags": ["t"], "paths": ["/data/x/a.mp4"]}, Filters(paths_in=("/data/x/",)), ""),
    ({"tags": ["t"], "paths": ["/data/xy/a.mp4"]}, Filters(paths_in=("/data/x",)), "`paths` in"),
    ({"tags": ["t"], "paths": ["/y/a.mp4", "/data/x/a.mp4"]}, Filters(paths_in=("/data/x",)), ""),
    ({"tags": ["t"]}, Filters(paths_in=("/data/x",)), "`paths` in"),
    ({"tags": ["t"], "paths": ["/data/x/a.mp4"]}, Filters(paths_out=("/data/x",)), "`paths` out"),
    ({"tags": ["t"], "paths": ["/y/a.mp4", "/data/x/a.mp4"]}, Filters(paths_out=("/data/x",)), "`paths` out"),
    ({"tags": ["t"], "paths": ["/data/xy/a.mp4"]}, Filters(paths_out=("/data/x",)), ""),
    ({"tags": ["t"]}, Filters(paths_out=("/data/x",)), ""),
    ({"tags": ["t"], "paths": ["Z:\\films\\a.mp4"]}, Filters(paths_in=("z:/films",)), ""),
    ({"tags": ["t"], "paths": ["/data/Cafe\u0301/a.mp4"]}, Filters(paths_out=("/data/Caf\u00e9",)), "`paths` out"),
    ({"tags": ["t"], "paths": ["/a.mp4"]}, Filters(paths_in=("/",)), ""),
    ({"tags": ["t"], "paths": ["//nas/share/a.mp4"]}, Filters(paths_out=("/",)), ""),
]


@pytest.mark.parametrize(("facts", "filters", "reason"), FILTERED)
def test_filters_one_by_one(facts: dict[str, Any], filters: Filters, reason: str) -> None:
    why = excluded(scene(**facts), filters)
    assert (why is None) == (not reason)
    assert reason in (why or "")


def test_every_filter_lets_some_scene_in_and_keeps_another_out() -> None:
    """But for `bare`, which filters unless it is told not to: the first rows are about it."""
    for name, plain in dataclasses.asdict(Filters()).items():
        kept_out = {bool(reason) for _, filters, reason in FILTERED if getattr(filters, name) != plain}
        assert name == "bare" or kept_out == {True, False}, name


def test_the_same_scene_under_the_same_options_is_wanted_the_same() -> None:
    facts: dict[str, Any] = {"title": "t", "tags": ["a"], "paths": ["/a.mp4"]}
    assert wanted(**facts) == wanted(**facts)
    assert wanted(**facts) == wanted(**facts, seq=99, epoch=99, rev="other", updated_at="later")


@pytest.mark.parametrize(
    "change",
    [
        {"title": "other"},
        {"title": ""},
        {"details": "d"},
        {"date": "2024"},
        {"studio": "s"},
        {"tags": ["a", "b"]},
        {"tags": []},
        {"performers": ["p"]},
        {"paths": ["/b.mp4"]},
        {"cut": ("details",)},
    ],
)
def test_what_plex_should_show_decides_what_is_wanted(change: dict[str, Any]) -> None:
    facts: dict[str, Any] = {"title": "t", "tags": ["a"], "paths": ["/a.mp4"]}
    assert wanted(**facts) != wanted(**{**facts, **change})


def test_a_title_and_an_equal_file_name_are_wanted_differently() -> None:
    assert wanted(title="a", paths=["/a.mp4"]) != wanted(title="", paths=["/a.mp4"])


@pytest.mark.parametrize(
    ("filters", "before", "after"),
    [
        (Filters(organized=True), {"organized": False}, {"organized": True}),
        (Filters(stash_id=True), {}, {"stash_ids": (StashId(endpoint="e", stash_id="s"),)}),
        (Filters(paths_in=("/x",)), {"paths": ["/y/a.mp4"]}, {"paths": ["/x/a.mp4"]}),
    ],
)
def test_a_scene_that_a_filter_lets_in_is_wanted_differently(
    filters: Filters, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """The marks that filters ask for show nowhere in Plex, yet a scene that gets one has work to be done."""
    options = Options(filters=filters, paths=PathRules.parse("/x=>/z; /y=>/w"))
    base: dict[str, Any] = {"tags": ["t"], "paths": ["/x/a.mp4"]}
    then, now = ({**base, **facts} for facts in (before, after))
    assert excluded(scene(**then), filters)
    assert not excluded(scene(**now), filters)
    assert wanted(options, **then) != wanted(options, **now)


def test_options_decide_what_is_wanted() -> None:
    facts: dict[str, Any] = {"title": "t", "tags": ["a"], "paths": ["/a.mp4"]}
    options = [
        PLAIN,
        Options(fields={**PLAIN.fields, "title": FieldPolicy("fill")}),
        Options(fields={**PLAIN.fields, "title": FieldPolicy("sync", lock=False)}),
        Options(filters=Filters(tags_out=("z",))),
        Options(libraries=("Movies",)),
        Options(paths=PathRules.parse("/a=>/b")),
    ]
    assert len({wanted(one, **facts) for one in options}) == len(options)


def wanted(options: Options = PLAIN, **facts: Any) -> str:
    return want(item_of(scene(**facts), options), options.fingerprint())
