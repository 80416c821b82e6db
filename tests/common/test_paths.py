"""Path rules: what they translate, what they refuse, and that nothing is translated that does not come back."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Misconfigured
from common.paths import PathRules, below, check, key

BY_YEAR = {
    "stash": r"/data/(?P<year>\d{4})/(?P<name>[^/]+)\.mp4",
    "plex_as": "/films/{name} ({year}).mp4",
    "plex": r"/films/(?P<name>[^/]+) \((?P<year>\d{4})\)\.mp4",
    "stash_as": "/data/{year}/{name}.mp4",
    "example": "/data/2024/Some name.mp4",
}

names = st.text(
    st.characters(exclude_characters="/\\", exclude_categories=("Cs", "Cc"))
    | st.sampled_from(".^$*+?()[]{}| '\"é\u0301")
).map(lambda text: text.strip(".") or "x")
folders = st.lists(names, min_size=1, max_size=4).map("/".join)


def problems(source: object, *, ignore_case: bool = False) -> list[str]:
    with pytest.raises(Misconfigured) as caught:
        PathRules.parse(source, ignore_case=ignore_case)  # type: ignore[arg-type]  # wrong types are among the cases
    return caught.value.problems


@pytest.mark.parametrize(
    ("rules", "stash", "plex"),
    [
        ("/data=>/media", "/data/a.mp4", "/media/a.mp4"),
        ("/data/=>/media/", "/data/a.mp4", "/media/a.mp4"),
        ("/data=>/media", "/data", "/media"),
        ("/data=>/media", "/data/", "/media"),
        ("/data=>/media", "/data2/a.mp4", None),
        ("/data=>/media", "/DATA/a.mp4", None),
        ("/data=>/media", "/x/data/a.mp4", None),
        ("/data=>/media", "/data/../etc/a.mp4", None),
        ("/data=>/media", "/data/./a.mp4", None),
        ("/data=>/media", "/data/a..b/...mp4", "/media/a..b/...mp4"),
        ("/data=>/media", "/data//a.mp4", "/media/a.mp4"),
        ("/data=>/media", "/data/line\nbreak.mp4", "/media/line\nbreak.mp4"),
        ("/data=>/media; /data2=>/films", "/data2/a.mp4", "/films/a.mp4"),
        ("/data=>/media\n/data2=>/films\n", "/data2/a.mp4", "/films/a.mp4"),
        ("/data/x=>/films; /data=>/media", "/data/x/a.mp4", "/films/a.mp4"),
        ("/data/x=>/films; /data=>/media", "/data/xy/a.mp4", "/media/xy/a.mp4"),
        ("/=>/media", "/a/b.mp4", "/media/a/b.mp4"),
        ("/=>/media", "//nas/share/b.mp4", None),
        ("/media=>/", "/media/b.mp4", "/b.mp4"),
        ("/media=>/", "/media", "/"),
        ("/data (1)+=>/me[d]ia", "/data (1)+/a.mp4", "/me[d]ia/a.mp4"),
        ("/data=>/{media}", "/data/{a}.mp4", "/{media}/{a}.mp4"),
        ("/data=>Z:\\films", "/data/a/b.mp4", "Z:\\films\\a\\b.mp4"),
        ("/data=>Z:/films", "/data/a/b.mp4", "Z:\\films\\a\\b.mp4"),
        ("/data=>Z:\\", "/data/b.mp4", "Z:\\b.mp4"),
        ("/data=>Z:\\", "/data", "Z:\\"),
        ("/data=>\\\\nas\\share", "/data/a/b.mp4", "\\\\nas\\share\\a\\b.mp4"),
        ("z:\\films=>/media", "Z:\\films\\a\\b.mp4", "/media/a/b.mp4"),
        ("\\\\nas\\share=>/media", "//nas/share/a/b.mp4", "/media/a/b.mp4"),
        ("/caf\u00e9=>/media", "/cafe\u0301/a.mp4", "/media/a.mp4"),
    ],
)
def test_a_prefix_pair_moves_whole_folders(rules: str, stash: str, plex: str | None) -> None:
    parsed = PathRules.parse(rules)
    assert parsed.to_plex(stash) == plex
    if plex is not None:
        back = parsed.to_stash(plex)
        assert back is not None
        assert key(back) == key(stash)


def test_a_regex_pair_moves_named_groups() -> None:
    rules = PathRules.parse([BY_YEAR])
    assert rules.to_plex("/data/2020/Straße nº5.mp4") == "/films/Straße nº5 (2020).mp4"
    assert rules.to_stash("/films/Straße nº5 (2020).mp4") == "/data/2020/Straße nº5.mp4"
    assert rules.to_plex("/data/2020/a.mkv") is None
    assert rules.to_plex("/data/2020/a.mp4.mp4x") is None


def test_a_group_that_took_no_part_is_empty() -> None:
    optional = {
        "stash": "/data(?P<sub>/sub)?/(?P<name>.+)",
        "plex": "/films(?P<sub>/sub)?/(?P<name>.+)",
        "stash_as": "/data{sub}/{name}",
        "plex_as": "/films{sub}/{name}",
        "example": "/data/a.mp4",
    }
    assert PathRules.parse([optional]).to_plex("/data/a.mp4") == "/films/a.mp4"


def test_a_regex_pair_can_make_windows_paths() -> None:
    to_windows = {
        "stash": "/data/(?P<rest>.+)",
        "plex": "Z:/films/(?P<rest>.+)",
        "stash_as": "/data/{rest}",
        "plex_as": "Z:\\films\\{rest}",
        "example": "/data/a/b.mp4",
    }
    rules = PathRules.parse([to_windows])
    assert rules.to_plex("/data/a/b.mp4") == "Z:\\films\\a\\b.mp4"
    assert rules.to_stash("z:\\films\\a\\b.mp4") == "/data/a/b.mp4"


def test_without_rules_both_sides_are_the_same() -> None:
    rules = PathRules.parse("")
    assert rules == PathRules()
    assert rules.to_plex("/data/x.mp4") == rules.to_stash("/data/x.mp4") == "/data/x.mp4"


def test_rules_can_come_as_a_json_list() -> None:
    assert PathRules.parse('[{"stash": "/a;b", "plex": "/m"}]').to_plex("/a;b/x") == "/m/x"


def test_ignoring_case_finds_and_compares_names_in_any_case() -> None:
    rules = PathRules.parse("/data=>Z:\\films", ignore_case=True)
    assert rules.to_plex("/DATA/Ünd.mp4") == "Z:\\films\\Ünd.mp4"
    assert rules.key("z:\\FILMS\\ünd.MP4") == rules.key("Z:\\films\\Ünd.mp4")


def test_one_rule_may_ignore_case_while_the_next_does_not() -> None:
    rules = PathRules.parse([{"stash": "/data", "plex": "/media", "ignore_case": True}, "/data2=>/films"])
    assert rules.to_plex("/Data/a") == "/media/a"
    assert rules.to_plex("/Data2/a") is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Z:\\Films\\a.mp4", "z:/Films/a.mp4", True),
        ("/cafe\u0301/a", "/caf\u00e9/a", True),
        ("/data/", "/data", True),
        ("/data//a", "/data/a", True),
        ("\\\\nas\\a", "/nas/a", False),
        ("/Data", "/data", False),
        ("/", "", False),
    ],
)
def test_a_key_is_the_same_for_two_spellings_of_one_path(one: str, other: str, same: bool) -> None:
    assert (key(one) == key(other)) is same


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        ("/data/a", "/data", True),
        ("/data/a", "/data/", True),
        ("/data", "/data", True),
        ("/data2/a", "/data", False),
        ("/a", "/", True),
        ("//nas/a", "/", False),
        ("Z:\\films\\a", "z:/films", True),
    ],
)
def test_a_path_lies_below_a_folder_by_whole_components(path: str, folder: str, inside: bool) -> None:
    assert below(path, folder) is inside


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("/a=>/m; /a/b=>/c", ["path rule 2 (/a/b=>/c) is never reached: path rule 1 (/a=>/m) takes"]),
        ("/a=>/m; /b=>/m", ["path rule 2 (/b=>/m) makes", "goes back through path rule 1 (/a=>/m)"]),
        ("/a=>/m; /b=>/m/sub", ["path rule 2 (/b=>/m/sub) makes", "goes back through path rule 1"]),
        ("/a=>", ["path rule 1 (/a=>) lacks plex"]),
        ("/a:/b", ["path rule 1 (/a:/b) has to have exactly one `=>`"]),
        ("/a=>/b=>/c", ["exactly one `=>`"]),
        ("a=>/b", ["has a stash side that is no absolute path"]),
        ("/a=>/b/../c", ["has . or .. in its plex side"]),
        ("[1", ["no JSON list"]),
        ({"stash": "/a"}, ["have to be a list"]),
        ([7], ["path rule 1 is neither"]),
        ([{"stash": "/a", "plx": "/b"}], ["has the unknown key plx; keys are plex, stash", "lacks plex"]),
        ([{"stash": "/a", "plex": 7}], ["has a plex that is not a text"]),
        ([{"stash": "/a", "plex": "/b", "ignore_case": "yes"}], ["neither true nor false"]),
        ([{"stash": "/a/(?P<x>.*)", "plex": "/b/(?P<x>.*)"}], ["looks like a pattern in stash"]),
        ([{**BY_YEAR, "stash": "/data/(?P<year>"}], ["has a bad stash pattern"]),
        ([{**BY_YEAR, "stash": "(", "plex": "["}], ["has a bad stash pattern", "has a bad plex pattern"]),
        ([{**BY_YEAR, "plex": "/films/(?P<name>.+)"}], ["has the named group year in one of its patterns only"]),
        ([{**BY_YEAR, "plex_as": "/films/{nam} {year}"}], ["has {nam} in plex_as", "there are {name}, {year}"]),
        ([{**BY_YEAR, "plex_as": "/films/{name!r} {year}"}], ["has {name} in plex_as"]),
        ([{**BY_YEAR, "plex_as": "/films/{0} {year}"}], ["has {0} in plex_as"]),
        ([{**BY_YEAR, "plex_as": "/films/{name"}], ["has a bad plex_as", "written twice"]),
        ([{**BY_YEAR, "plex_as": "/other/{name} ({year}).mp4"}], ["which no rule takes back"]),
        ([{**BY_YEAR, "stash_as": "/data/{year}/{name}.mkv"}], ["which comes back as /data/2024/Some name.mkv"]),
        ([{**BY_YEAR, "example": "/data/x"}], ["does not take its own example /data/x"]),
        ([{k: v for k, v in BY_YEAR.items() if k != "example"}], ["lacks example"]),
    ],
)
def test_a_rule_that_cannot_work_is_refused_by_name(source: object, words: list[str]) -> None:
    found = "\n".join(problems(source))
    for word in words:
        assert word in found


def test_all_mistakes_are_named_at_once() -> None:
    assert len(problems("/a=>; b=>/c; /x=>/m; /y=>/m")) == 3


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/data/x.mp4", "/data/x.mp4 in Stash is /media/x.mp4 in Plex, by path rule 2 (/data=>/media)."),
        ("/else/x.mp4", "No path rule (S2P_PATHS) takes /else/x.mp4 in Stash."),
        ("/data/../x.mp4", "It has . or .. in it."),
        ("/data/more/x.mp4", "comes back as /other/x.mp4, by path rule 1 (/other=>/media/more), so it is not used."),
    ],
)
def test_explain_says_which_rule_or_why_none(path: str, words: str) -> None:
    assert words in PathRules.parse("/other=>/media/more; /data=>/media").explain(path)


def test_explain_says_when_no_rule_takes_a_result_back() -> None:
    lossy = {**BY_YEAR, "stash": r"/data/(?P<year>\d+)/(?P<name>[^/]+)\.mp4"}
    rules = PathRules.parse([lossy])
    assert rules.to_plex("/data/20240/a.mp4") is None
    assert "no path rule takes that back" in rules.explain("/data/20240/a.mp4")
    assert "No path rules are set" in PathRules().explain("/a")
    assert rules.explain("/films/a (2020).mp4", "plex").startswith("/films/a (2020).mp4 in Plex is /data/2020/a.mp4")


def test_the_fingerprint_tells_rules_apart() -> None:
    sources = ["", "/a=>/m", "/a=>/n", "/a=>Z:/n", "/a=>/m; /b=>/n", "/b=>/n; /a=>/m"]
    prints = {PathRules.parse(source).fingerprint() for source in sources}
    prints.add(PathRules.parse("/a=>/m", ignore_case=True).fingerprint())
    assert len(prints) == len(sources) + 1
    assert PathRules.parse("/a/=>/m").fingerprint() == PathRules.parse([{"stash": "/a", "plex": "/m"}]).fingerprint()


@given(folders)
def test_every_path_below_a_prefix_comes_back(rest: str) -> None:
    rules = PathRules.parse("/da+ta (1)=>Z:\\films; \\\\nas\\é=>/média/{x}")
    for root in ("/da+ta (1)", "//nas/é"):
        path = f"{root}/{rest}"
        there = rules.to_plex(path)
        assert there is not None
        back = rules.to_stash(there)
        assert back is not None
        assert key(back) == key(path)
        assert rules.to_plex(unicodedata.normalize("NFD", path)) == there


@given(folders)
def test_every_plex_path_below_a_prefix_comes_back(rest: str) -> None:
    rules = PathRules.parse("/da+ta (1)=>Z:\\films; \\\\nas\\é=>/média/{x}", ignore_case=True)
    for root in ("z:\\films", "/média/{x}"):
        path = f"{root}/{rest}"
        there = rules.to_stash(path)
        assert there is not None
        back = rules.to_plex(there)
        assert back is not None
        assert rules.key(back) == rules.key(path)


@given(st.integers(0, 9999), names)
def test_a_regex_pair_translates_only_what_comes_back(year: int, name: str) -> None:
    rules = PathRules.parse([BY_YEAR])
    there = rules.to_plex(f"/data/{year:04}/{name}.mp4")
    if there is not None:
        back = rules.to_stash(there)
        assert back is not None
        assert key(back) == key(f"/data/{year:04}/{name}.mp4")


@given(st.text())
def test_any_text_is_taken_or_refused_but_never_breaks(path: str) -> None:
    rules = PathRules.parse("/data=>/media")
    assert key(key(path)) == key(path)
    assert key(key(path, ignore_case=True), ignore_case=True) == key(path, ignore_case=True)
    assert rules.explain(path)
    assert rules.explain(path, "plex")


@given(st.text("/aAé=>;:.{}[(\\ \n"), st.text("/aAéZ:.\\"), st.booleans())
def test_rules_of_any_text_are_sound_or_refused_with_sentences(source: str, path: str, ignore_case: bool) -> None:
    try:
        rules = PathRules.parse(source, ignore_case=ignore_case)
    except Misconfigured as error:
        assert all(error.problems)  # noqa: PT017 - most texts are no rules, some are
        return
    assert check(rules) == []
    there = rules.to_plex(path)
    if there is not None:
        back = rules.to_stash(there)
        assert back is not None
        assert rules.key(back) == rules.key(path)
