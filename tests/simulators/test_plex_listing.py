"""Listings and details: light and truncated in a listing, whole by key, paged, filtered, in XML and in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from simulators.plex.listing import Filter, filters_of, in_sort, matches, pairs_of
from simulators.plex.model import MOVIE, Item
from simulators.plex.titles import scanned
from tests.simulators.plex_process import ALL, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = "&".join(f"{kind}[{n}].tag.tag={kind}{n}" for kind in ("genre", "actor", "label") for n in range(5))


@pytest.fixture(scope="module")
def plex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    libraries = ("--library", "Movies=/media", "--library", "Other=/other", "--library", "Other=/more")
    with running(tmp_path_factory.mktemp("plex"), *libraries) as started:
        yield started


def keys(plex: Running, query: str) -> list[str]:
    return [video.attrib["ratingKey"] for video in plex.xml(f"{ALL}?type=1&{query}").iter("Video")]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("updatedAt>>=5", Filter("updatedAt", ">>=", "5")),
        ("updatedAt%3E%3E=5", Filter("updatedAt", ">>=", "5")),
        ("title==x", Filter("title", "==", "x")),
        ("title%3D=x", Filter("title", "==", "x")),
        ("title!=x", Filter("title", "!=", "x")),
        ("title!==x", Filter("title", "!==", "x")),
        ("title=x", Filter("title", "=", "x")),
        ("movie.title<=x", Filter("title", "<=", "x")),
        ("guid=local%3A%2F%2F1", Filter("guid", "=", "local://1")),
    ],
)
def test_filters_are_read_with_plex_operators(query: str, wanted: Filter) -> None:
    assert filters_of(pairs_of(query)) == [wanted]


def test_what_is_no_filter_is_passed_over() -> None:
    assert filters_of(pairs_of("type=1&includeGuids=1&X-Plex-Token=t&sort=titleSort")) == []


@pytest.mark.parametrize(
    ("name", "operator", "value", "expected"),
    [
        ("title", "=", "AT SA", True),
        ("title", "==", "cat sat", True),
        ("title", "==", "cat", False),
        ("title", "<=", "cat", True),
        ("title", ">=", "sat", True),
        ("title", "!=", "dog", True),
        ("title", "!==", "cat sat", False),
        ("updatedAt", ">>=", "99", True),
        ("updatedAt", ">>=", "100", False),
        ("updatedAt", ">=", "100", True),
        ("updatedAt", "<<=", "100", False),
        ("year", "=", "2020", False),
        ("guid", "=", "local://7", True),
        ("unmatched", "=", "1", True),
    ],
)
def test_operators_mean_what_plex_calls_them(name: str, operator: str, value: str, *, expected: bool) -> None:
    item = Item(7, "1", MOVIE, "local://7", {"title": "Cat sat"}, added_at=50, updated_at=100)
    assert matches(item, [Filter(name, operator, value)]) is expected


def test_sorting_by_several_fields() -> None:
    rows = [("b", 1), ("a", 2), ("a", 1)]
    items = [
        Item(n, "1", MOVIE, "", {"title": t, "year": y}, added_at=n, updated_at=0) for n, (t, y) in enumerate(rows)
    ]
    assert [item.key for item in in_sort(items, "title,year:desc")] == [1, 2, 0]
    assert [item.key for item in in_sort(items, "movie.addedAt:desc")] == [2, 1, 0]
    assert in_sort(items, "nonsense") == items


@pytest.mark.parametrize(
    ("path", "title", "year"),
    [
        ("/m/Some.Scene.Name.mp4", "Some Scene Name", None),
        ("/m/Movie (2021).mkv", "Movie", 2021),
        ("/m/[site] A_b 1080p x264.mp4", "A b", None),
        ("/m/(2020).mp4", "(2020)", 2020),
    ],
)
def test_the_scanner_makes_titles_of_file_names(path: str, title: str, year: int | None) -> None:
    assert scanned(path) == (title, year)


def test_a_listing_shows_few_tags_and_no_locks_but_the_file(plex: Running) -> None:
    key = plex.make("light.mp4")[0]
    plex.put(key, f"{MANY}&title.value=Light&title.locked=1")
    light = next(v for v in plex.xml(f"{ALL}?type=1").iter("Video") if v.attrib["ratingKey"] == key)
    assert [genre.attrib for genre in light.iter("Genre")] == [{"tag": "genre0"}, {"tag": "genre1"}]
    assert [role.attrib for role in light.iter("Role")] == [{"tag": f"actor{n}"} for n in range(3)]
    assert not {"Field", "Label"} & {child.tag for child in light}
    assert "librarySectionID" not in light.attrib
    assert next(light.iter("Part")).attrib["file"].endswith("/light.mp4")


def test_details_show_all_tags_with_ids_and_the_locks(plex: Running) -> None:
    first, second = plex.make("whole.mp4", "other.mp4")
    plex.put(first, f"{MANY}&title.value=Whole&title.locked=1")
    whole, other = plex.xml(f"/library/metadata/{first},{second}").iter("Video")
    assert [genre.attrib["tag"] for genre in whole.iter("Genre")] == [f"genre{n}" for n in range(5)]
    assert {"id", "filter", "tag"} <= next(whole.iter("Genre")).attrib.keys()
    assert len(list(whole.iter("Role"))) == len(list(whole.iter("Label"))) == 5
    assert [field.attrib for field in whole.iter("Field")] == [{"locked": "1", "name": "title"}]
    assert (whole.attrib["librarySectionID"], other.attrib["ratingKey"]) == ("1", second)


def test_keys_that_are_gone_are_left_out_of_details(plex: Running) -> None:
    key = plex.make("here.mp4")[0]
    assert len(list(plex.xml(f"/library/metadata/{key},999999").iter("Video"))) == 1
    assert plex.http.get("/library/metadata/999999").status_code == 404


def test_pages_tell_start_and_total(plex: Running) -> None:
    plex.make(*(f"paged {n}.mp4" for n in range(5)))
    headers = {"X-Plex-Container-Start": "2", "X-Plex-Container-Size": "2"}
    answer = plex.http.get(f"{ALL}?type=1&title=paged", headers=headers)
    assert (answer.headers["x-plex-container-start"], answer.headers["x-plex-container-total-size"]) == ("2", "5")
    root = plex.xml(f"{ALL}?type=1&title=paged&X-Plex-Container-Start=4&X-Plex-Container-Size=2")
    assert (root.attrib["size"], root.attrib["totalSize"], root.attrib["offset"]) == ("1", "5", "4")
    root = plex.xml(f"{ALL}?type=1&title=paged&X-Plex-Container-Size=0")
    assert (root.attrib["totalSize"], len(root)) == ("5", 0)
    assert "totalSize" not in plex.xml(f"{ALL}?type=1&title=paged").attrib


def test_a_large_listing_comes_whole_in_pages(plex: Running) -> None:
    files = [f"/more/{n:05}.mp4" for n in range(5000)]
    plex.control("items", section="2", files=files)
    pages = (f"X-Plex-Container-Start={start}&X-Plex-Container-Size=1000" for start in range(0, 6000, 1000))
    roots = (plex.xml(f"/library/sections/2/all?type=1&excludeElements=Genre,Role&{page}") for page in pages)
    listed = [part.attrib["file"] for root in roots for part in root.iter("Part")]
    assert [file for file in listed if file.startswith("/more/")] == files


def test_a_listing_is_by_sort_title_unless_asked_otherwise(plex: Running) -> None:
    b, a = plex.make("order The b.mp4", "order a.mp4")
    plex.put(b, "title.value=The+ordered+b")
    plex.put(a, "title.value=ordered+a")
    assert keys(plex, "title=ordered") == [a, b]
    assert keys(plex, "title=ordered&sort=addedAt:desc,titleSort:desc") == [b, a]


def test_a_file_is_found_by_part_of_its_path_and_only_with_a_type(plex: Running) -> None:
    key = plex.make("A file & more.mp4")[0]
    assert keys(plex, f"file={quote('A file & more.mp4')}") == [key]
    assert keys(plex, "file=no-such-file.mp4") == []
    assert plex.http.get(f"{ALL}?file=anything").status_code == 500


def test_a_guid_finds_its_item(plex: Running) -> None:
    key = plex.make("guid.mp4")[0]
    assert keys(plex, f"guid=local%3A%2F%2F{key}&X-Plex-Container-Size=1") == [key]


def test_only_what_changed_later_is_listed(plex: Running) -> None:
    key = plex.make("changed.mp4")[0]
    at = plex.truth(key)["updatedAt"]
    assert key in keys(plex, f"updatedAt>>={at - 1}")
    assert key not in keys(plex, f"updatedAt>>={at}")
    assert key in keys(plex, f"addedAt>>={at - 60}")


def test_elements_and_fields_are_left_out_on_request(plex: Running) -> None:
    key = plex.make("lean.mp4")[0]
    plex.put(key, f"{MANY}&summary.value=S&tagline.value=T")
    url = f"{ALL}?type=1&id={key}&excludeElements=Genre,Role,Media&excludeFields=summary,tagline"
    video = next(plex.xml(url).iter("Video"))
    assert not {child.tag for child in video} & {"Genre", "Role", "Media"}
    assert not {"summary", "tagline"} & video.attrib.keys()


def test_include_fields_means_only_these_from_api_version_one_on(plex: Running) -> None:
    key = plex.make("versions.mp4")[0]
    url = f"{ALL}?type=1&id={key}&includeFields=title"
    assert "addedAt" in next(plex.xml(url).iter("Video")).attrib
    video = next(plex.xml(url, **{"X-Plex-Pms-Api-Version": "1.0"}).iter("Video"))
    assert video.attrib.keys() == {"ratingKey", "key", "type", "title"}


def test_json_has_types_and_groups_children_by_name(plex: Running) -> None:
    key = plex.make("json.mp4")[0]
    plex.put(key, f"{MANY}&rating.value=7.5")
    answer = plex.http.get(f"{ALL}?type=1&id={key}", headers={"Accept": "application/json"})
    assert answer.headers["x-plex-protocol"] == "1.0"
    row = answer.json()["MediaContainer"]["Metadata"][0]
    assert (row["ratingKey"], row["rating"], row["Genre"]) == (key, 7.5, [{"tag": "genre0"}, {"tag": "genre1"}])
    assert isinstance(row["addedAt"], int)
    assert row["Media"][0]["Part"][0]["file"].endswith("/json.mp4")


def test_sections_tell_folders_agent_and_times(plex: Running) -> None:
    rows = plex.http.get("/library/sections", headers={"Accept": "application/json"}).json()["MediaContainer"]
    other = rows["Directory"][1]
    assert (other["key"], other["title"], other["agent"]) == ("2", "Other", "com.plexapp.agents.none")
    assert [at["path"] for at in other["Location"]] == ["/other", "/more"]
    assert {"uuid", "refreshing", "scannedAt", "contentChangedAt", "language", "scanner"} <= other.keys()


def test_the_tree_has_the_hashes_of_files_for_several_items(plex: Running) -> None:
    files = [{"path": f"/other/{n}.mp4", "oshash": f"{n:016x}", "size": 5, "duration": 7} for n in (1, 2)]
    made = plex.control("items", section="2", files=files)
    root = plex.xml(f"/library/metadata/{','.join(row['ratingKey'] for row in made)}/tree")
    parts = [part.attrib for part in root.iter("MediaPart")]
    assert [(p["file"], p["openSubtitleHash"], len(p["hash"])) for p in parts] == [
        ("/other/1.mp4", f"{1:016x}", 40),
        ("/other/2.mp4", f"{2:016x}", 40),
    ]


def test_only_identity_is_told_without_a_token(plex: Running) -> None:
    nobody = {"X-Plex-Token": ""}
    assert plex.http.get("/identity", headers=nobody).status_code == 200
    for path in ("/", "/library/sections", ALL, "/media/providers/metadata"):
        assert plex.http.get(path, headers=nobody).status_code == 401
    assert plex.http.get("/library/sections?X-Plex-Token=test-token", headers=nobody).status_code == 200


def test_unknown_paths_are_not_found(plex: Running) -> None:
    assert plex.http.get("/library/nonsense").status_code == 404
    assert plex.http.post(ALL).status_code == 404
