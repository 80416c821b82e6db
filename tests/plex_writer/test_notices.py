"""What Plex's events say: ids in either form, states of libraries with and without an agent, frames cut anywhere."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Undecodable
from services.plex_writer.notices import LONGEST_FRAME, Frames, Notice, Scan, Touched, read


def entry(**changes: Any) -> dict[str, Any]:
    plain = {
        "identifier": "com.plexapp.plugins.library",
        "sectionID": "1",
        "itemID": "10141",
        "type": 1,
        "title": "A film",
        "state": 5,
        "updatedAt": 1790301266,
    }
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


def told(*entries: dict[str, Any]) -> list[Notice]:
    return read("timeline", json.dumps({"TimelineEntry": list(entries)}).encode())


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({}, "done"),
        ({"state": "5"}, "done"),
        ({"state": 5, "metadataState": "processing"}, None),
        ({"state": 5, "mediaState": "analyzing"}, None),
        ({"state": 5, "queueSize": 8}, None),
        ({"state": 1}, "done"),
        ({"state": 1, "metadataState": "created", "mediaState": "analyzing"}, None),
        ({"state": 0, "metadataState": "created"}, "new"),
        ({"state": 0}, "new"),
        ({"state": 2}, None),
        ({"state": 3}, None),
        ({"state": 4}, None),
        ({"state": 9, "metadataState": "deleted"}, "gone"),
        ({"state": 9}, "gone"),
        ({"state": 5, "metadataState": "deleted"}, "gone"),
    ],
)
def test_a_state_says_how_far_an_item_is(changes: dict[str, Any], stage: str | None) -> None:
    expected = [] if stage is None else [Touched("10141", "1", stage, 1790301266)]  # type: ignore[arg-type]
    assert told(entry(**changes)) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"identifier": "com.plexapp.plugins.playlists"},
        {"sectionID": "-1"},
        {"sectionID": 0},
        {"sectionID": None},
        {"itemID": None},
        {"itemID": "all of them"},
        {"itemID": 0},
        {"type": 18},
        {"type": -1},
        {"type": "movie"},
        {"state": None},
        {"state": [5]},
    ],
)
def test_what_is_not_about_a_movie_is_passed_over(changes: dict[str, Any]) -> None:
    assert told(entry(**changes)) == []


def test_ids_are_strings_or_numbers_and_the_time_may_be_missing() -> None:
    assert told(entry(itemID=7, sectionID=2, type="1", updatedAt=None)) == [Touched("7", "2", "done", 0)]


def test_one_entry_may_stand_alone_and_all_may_be_in_a_container() -> None:
    alone = json.dumps({"TimelineEntry": entry()}).encode()
    wrapped = json.dumps({"NotificationContainer": {"type": "timeline", "TimelineEntry": [entry()]}}).encode()
    assert read("timeline", alone) == read("timeline", wrapped) == told(entry())


@pytest.mark.parametrize(("event", "over"), [("started", False), ("updated", False), ("ended", True)])
def test_scans_are_told_of_with_their_library(event: str, *, over: bool) -> None:
    activity = {"type": "library.update.section", "Context": {"librarySectionID": 3}}
    frame = {"ActivityNotification": {"event": event, "uuid": "x", "Activity": activity}}
    assert read("activity", json.dumps(frame).encode()) == [Scan("3", over)]
    del activity["Context"]
    assert read("activity", json.dumps(frame).encode()) == [Scan("", over)]
    activity["type"] = "media.generate"
    assert read("activity", json.dumps(frame).encode()) == []


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"7", b"\xff"])
def test_what_is_no_object_is_undecodable(data: bytes) -> None:
    with pytest.raises(Undecodable):
        read("timeline", data)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "TimelineEntry",
                        "NotificationContainer",
                        "Activity",
                        "ActivityNotification",
                        "Context",
                        "state",
                        "itemID",
                        "sectionID",
                        "type",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_no_json_makes_it_fail_in_another_way(body: Any) -> None:
    data = json.dumps(body).encode()
    if isinstance(body, dict):
        assert all(isinstance(notice, Touched | Scan) for notice in read("timeline", data))
    else:
        with pytest.raises(Undecodable):
            read("timeline", data)


STREAM = b': hello\n\nevent: ping\ndata: {}\n\nevent: timeline\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata:plain\n\n'


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_frames_are_the_same_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    frames = Frames()
    found = [frame for a, b in itertools.pairwise(edges) for frame in frames.feed(STREAM[a:b])]
    assert found == [("ping", b"{}"), ("timeline", b'{"a":\n1}'), ("message", b"plain")]


def test_a_frame_without_an_end_is_given_up() -> None:
    frames = Frames()
    assert frames.feed(b"x" * LONGEST_FRAME) == []
    with pytest.raises(Undecodable, match="1 MiB"):
        frames.feed(b"x")
