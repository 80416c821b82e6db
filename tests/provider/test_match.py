"""The right scene or none, in whatever form Plex tells a file's path."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given as vary
from hypothesis import settings
from hypothesis import strategies as st

from common.guids import guid_of
from common.messages import encode
from services.provider.match import LONGEST_PATH, PROPOSALS, Query, find, path_key, path_keys, query_of
from tests.provider.given import catalog, options, scene

if TYPE_CHECKING:
    from services.provider.catalog import Catalog
    from services.provider.match import Found

MAPPED = "/data=>/media/Films"
FILE = "/data/Studio é/A scene/clip 1.mp4"


def ask(made: Catalog, rules: str = "", /, **query: Any) -> Found:
    return find(made, options(rules, bare="write"), Query(**{"type": 1, **query}))


def scores(found: Found) -> dict[int, int]:
    return {hit.scene.id: hit.score for hit in found.hits}


FORMS = {
    "whole in Plex": "/media/Films/Studio é/A scene/clip 1.mp4",
    "whole in Stash": FILE,
    "relative to the library": "Studio é/A scene/clip 1.mp4",
    "relative with a slash": "/Studio é/A scene/clip 1.mp4",
    "two components": "A scene/clip 1.mp4",
    "the library's own folder in front": "Films/Studio é/A scene/clip 1.mp4",
    "an extra folder in front": "/Library/Studio é/A scene/clip 1.mp4",
    "backslashes": "Studio é\\A scene\\clip 1.mp4",
    "a drive": "Z:\\Films\\Studio é\\A scene\\clip 1.mp4",
    "decomposed": unicodedata.normalize("NFD", "Studio é/A scene/clip 1.mp4"),
    "percent-encoded": quote("/media/Films/Studio é/A scene/clip 1.mp4"),
    "percent-encoded, slashes too": quote("Studio é/A scene/clip 1.mp4", safe=""),
    "double slashes": "//Studio é//A scene/clip 1.mp4",
}


@pytest.mark.parametrize("rules", ["", MAPPED], ids=["no rules", "mapped"])
@pytest.mark.parametrize("filename", FORMS.values(), ids=FORMS.keys())
def test_a_file_is_found_in_every_form_of_its_path(filename: str, rules: str) -> None:
    made = catalog([scene(1, FILE), scene(2, "/data/Other/B scene/clip 1.mp4"), scene(3)], rules)
    assert scores(ask(made, rules, filename=filename)) == {1: 100}


def nobody(found: Found) -> bool:
    """Tell of a query that names no scene whether some scene has the file all the same."""
    assert found.hits == ()
    assert found.why
    return found.known or bool(found.tied)


NONE = {
    "another folder": "/Other/clip 1.mp4",
    "the name alone": "clip 1.mp4",
    "the name alone with a slash": "/clip 1.mp4",
    "half a component": "scene/clip 1.mp4",
    "upper case": "A SCENE/CLIP 1.MP4",
    "dots": "/media/Films/x/../Studio é/A scene/clip 1.mp4",
    "nothing": "",
    "slashes": "///",
    "only a folder": "Studio é/A scene",
    "broken encoding": "A scene/clip%FF1.mp4",
}


@pytest.mark.parametrize("rules", ["", MAPPED], ids=["no rules", "mapped"])
@pytest.mark.parametrize("filename", NONE.values(), ids=NONE.keys())
def test_what_does_not_end_in_two_components_of_a_path_is_unknown(filename: str, rules: str) -> None:
    found = ask(catalog([scene(1, FILE)], rules), rules, filename=filename)
    assert nobody(found) is False


def test_the_longest_common_end_decides_among_scenes() -> None:
    made = catalog([scene(1, "/data/a/S1/x.mp4"), scene(2, "/data/b/S1/x.mp4")])
    assert scores(ask(made, filename="/media/b/S1/x.mp4")) == {2: 100}


def test_a_tie_is_nobody() -> None:
    made = catalog([scene(1, "/data/a/S1/x.mp4"), scene(2, "/data/b/S1/x.mp4")])
    assert nobody(ask(made, filename="S1/x.mp4")) is True
    assert nobody(ask(made, filename="/elsewhere/S1/x.mp4")) is True


def test_two_files_of_one_scene_are_no_tie() -> None:
    assert scores(ask(catalog([scene(1, "/a/S/x.mp4", "/b/S/x.mp4")]), filename="S/x.mp4")) == {1: 100}


def test_a_file_that_two_scenes_share_is_nobodys() -> None:
    assert nobody(ask(catalog([scene(1, FILE), scene(2, FILE)]), filename=FILE)) is True


def test_a_whole_path_decides_against_a_longer_end_elsewhere() -> None:
    made = catalog([scene(1, "/data/x.mp4"), scene(2, "/data/media/Films/x.mp4")], MAPPED)
    assert scores(ask(made, MAPPED, filename="/media/Films/x.mp4")) == {1: 100}


def test_where_a_rule_knows_the_folder_a_common_end_is_not_enough() -> None:
    made = catalog([scene(1, "/data/a/S1/x.mp4")], MAPPED)
    assert nobody(ask(made, MAPPED, filename="/media/Films/b/S1/x.mp4")) is False
    assert scores(ask(made, MAPPED, filename="/media/Series/b/S1/x.mp4")) == {1: 100}


def test_a_literal_percent_sign_goes_before_its_decoded_form() -> None:
    made = catalog([scene(1, "/data/a/100%25.mp4"), scene(2, "/data/a/100%.mp4")])
    assert scores(ask(made, filename="a/100%25.mp4")) == {1: 100}
    made.remove(1)
    assert scores(ask(made, filename="a/100%25.mp4")) == {2: 100}


def test_case_does_not_matter_where_the_rules_say_so() -> None:
    rules = [{"stash": "/data", "plex": "M:\\", "ignore_case": True}]
    chosen = options()
    chosen = type(chosen)(paths=type(chosen.paths).parse(rules), filters=options(bare="write").filters)
    made = type(catalog([]))(chosen.paths)
    made.put(1, encode(scene(1, "/data/Straße/X.mp4")))
    for name in ("m:\\STRASSE\\x.MP4", "STRASSE/x.mp4"):
        assert scores(find(made, chosen, Query(type=1, filename=name))) == {1: 100}


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ({}, 1),
        ({"filename": FILE}, 1),
        ({"filename": "/moved/clip 1.mp4"}, 1),
        ({"filename": "/moved/other.mp4"}, None),
        ({"filename": "folder 2/scene 2.mp4"}, 2),
        ({"guid": "tmdb://1"}, None),
        ({"guid": guid_of(9)}, None),
        ({"guid": guid_of(1) + "0"}, None),
        ({"guid": guid_of(1).replace("movie/1", "movie/01")}, None),
        ({"guid": guid_of(1).replace("movie", "show")}, None),
        ({"guid": guid_of(1) + "٣"}, None),
    ],
)
def test_a_guid_counts_where_the_files_name_agrees(query: dict[str, str], hit: int | None) -> None:
    found = ask(catalog([scene(1, FILE), scene(2)]), **{"guid": guid_of(1), **query})
    assert scores(found) == ({hit: 100} if hit else {})


def test_a_guid_breaks_a_tie_of_which_it_is_one() -> None:
    made = catalog([scene(1, "/data/a/S1/x.mp4"), scene(2, "/data/b/S1/x.mp4"), scene(3, "/data/c/x.mp4")])
    assert scores(ask(made, filename="S1/x.mp4", guid=guid_of(2))) == {2: 100}
    assert scores(ask(made, filename="S1/x.mp4", guid=guid_of(3))) == {}


def test_a_guid_of_an_id_that_now_names_another_scene_says_nothing() -> None:
    made = catalog([scene(1, "/data/a/x.mp4", born="2024-01-01")])
    made.put(1, encode(scene(1, "/data/b/y.mp4", born="2025-01-01", seq=2)))
    assert scores(ask(made, guid=guid_of(1))) == {}
    assert scores(ask(made, guid=guid_of(1), filename="b/y.mp4")) == {1: 100}


def test_people_get_proposals_best_first_and_never_as_sure_as_a_path() -> None:
    made = catalog([scene(1, "/a/S/x.mp4"), scene(2, "/b/S/x.mp4"), scene(3, "/c/x.mp4"), scene(4)])
    asked = {"filename": "/new/S/x.mp4", "guid": guid_of(4), "manual": True}
    assert list(scores(ask(made, **asked)).items()) == [(1, 70), (2, 70), (3, 60), (4, 50)]
    assert list(scores(ask(made, filename="x.mp4", manual=True)).items()) == [(1, 60), (2, 60), (3, 60)]
    assert next(iter(scores(ask(made, filename="c/x.mp4", manual=True)).items())) == (3, 100)
    assert nobody(ask(made, title="Scene number 1", manual=True)) is False


def test_there_are_never_more_than_fifty_proposals() -> None:
    made = catalog(scene(number, f"/{number}/x.mp4") for number in range(1, PROPOSALS + 20))
    assert len(ask(made, filename="x.mp4", manual=True).hits) == PROPOSALS


def test_a_scene_that_a_filter_excludes_is_no_answer_and_its_file_no_unknown_one() -> None:
    bare = scene(1, FILE, details="")
    for manual in (False, True):
        query = Query(type=1, filename=FILE, manual=manual)
        assert nobody(find(catalog([bare]), options(), query)) is True


@pytest.mark.parametrize("kind", [2, 3, 4, 18, 0, -1])
def test_only_movies_are_answered(kind: int) -> None:
    assert ask(catalog([scene(1, FILE)]), type=kind, filename=FILE).hits == ()


PIECES = st.text(st.sampled_from("ab é%."), min_size=1, max_size=5).filter(lambda piece: piece.strip(". ") != "")
TREES = st.lists(st.lists(PIECES, min_size=2, max_size=4), min_size=1, max_size=6)


@vary(TREES, st.integers(0, 5), st.lists(PIECES, max_size=2))
@settings(deadline=None)
def test_whatever_is_sure_is_the_only_scene_with_the_longest_common_end(
    trees: list[list[str]], chosen: int, front: list[str]
) -> None:
    paths = ["/" + "/".join(tree) for tree in trees]
    made = catalog(scene(number, path) for number, path in enumerate(paths, 1))
    asked = "/".join([*front, *trees[chosen % len(trees)]])
    found = ask(made, filename=asked)
    assert len(found.hits) <= 1
    assert found.known or found.tied
    for hit in found.hits:
        assert hit.score == 100
        assert asked.endswith(path_key(options().paths, hit.scene.files[0].path)) or "/" in asked


@vary(st.text(max_size=60), st.one_of(st.none(), st.text(max_size=40)), st.booleans())
@settings(deadline=None)
def test_any_text_is_answered(filename: str, guid: str | None, manual: bool) -> None:
    made = catalog([scene(1, FILE), scene(2, "/data/..")])
    found = ask(made, filename=filename, guid=guid, manual=manual)
    assert len(found.hits) <= PROPOSALS
    assert all(hit.score <= 70 for hit in found.hits[1:])


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (b'{"type":1}', Query(type=1)),
        (b'{"type":"1","manual":1,"hash":"x","year":"odd"}', Query(type=1, manual=True, year="odd")),
        (b'{"type":1,"manual":"0","filename":null}', Query(type=1, manual=False)),
        (b'{"type":1,"filename":"\\u00e9\\ud83d\\ude00"}', Query(type=1, filename="é😀")),
    ],
)
def test_queries_are_read_as_plex_writes_them(body: bytes, query: Query) -> None:
    assert query_of(body) == query


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'{"type":"movie"}',
        b'{"type":1,"filename":[]}',
        b'{"type":1,"manual":5}',
        b'{"type":1,"filename":"\\ud800"}',
        b'{"type":1,"title":"\xff"}',
        b'{"type":1e400}',
        b"[" * 100_000,
        b'{"x":' * 100_000,
        msgspec.json.encode({"type": 1, "filename": "x" * (LONGEST_PATH + 1)}),
    ],
    ids=range(14),
)
def test_what_is_no_query_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        query_of(body)


def test_a_scenes_path_keys_are_the_forms_it_may_be_asked_for_in() -> None:
    made = catalog([scene(1, "/data/a/x.mp4")], "/data=>/media")
    keys = path_keys(made, 1)
    assert keys == {"x.mp4", "a/x.mp4", "data/a/x.mp4", "media/a/x.mp4"}
    assert {path_key(options().paths, name) for name in ("\\a\\x.mp4", "/media/a/x.mp4")} <= keys
