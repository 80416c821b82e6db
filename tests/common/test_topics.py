"""Topic strings: as the public contract names them, and read back without a guess."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.topics import NAME, Topics, command_of, row_id

TOPICS = Topics()
ROWS = TOPICS.scenes


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        (TOPICS.scene(17), "stash2plex/stash/scene/17"),
        (TOPICS.stash("state"), "stash2plex/stash/state"),
        (TOPICS.outcome("attic", 17), "stash2plex/plex/attic/scene/17"),
        (TOPICS.plex("attic", "outages"), "stash2plex/plex/attic/outages"),
        (TOPICS.provider("info"), "stash2plex/provider/info"),
        (TOPICS.unmatched, "stash2plex/provider/unmatched"),
        (TOPICS.request("stash", "sweep"), "stash2plex/request/stash/sweep"),
        (TOPICS.response("plex/attic", "gaps"), "stash2plex/response/plex/attic/gaps"),
        (TOPICS.selftest("plex/attic", "ping"), "stash2plex/selftest/plex/attic/ping"),
        (Topics("home/s2p").scene(1), "home/s2p/stash/scene/1"),
        (Topics("home/s2p").outcomes("plex"), "home/s2p/plex/plex/scene"),
    ],
)
def test_topics_are_those_of_the_contract(topic: str, name: str) -> None:
    assert topic == name


@given(st.integers(0, 10**12), st.from_regex(r"[A-Za-z0-9_-]{1,10}(/[A-Za-z0-9_-]{1,10})?", fullmatch=True))
def test_a_row_comes_back_as_its_id(scene_id: int, base: str) -> None:
    topics = Topics(base)
    assert row_id(topics.scenes, topics.scene(scene_id)) == scene_id
    assert row_id(topics.outcomes("plex"), topics.outcome("plex", scene_id)) == scene_id
    assert row_id(topics.outcomes("plex"), topics.outcome("plex2", scene_id)) is None
    assert row_id(topics.scenes, topics.outcome("plex", scene_id)) is None


@pytest.mark.parametrize(
    "topic",
    [
        ROWS,
        f"{ROWS}/",
        f"{ROWS}/x",
        f"{ROWS}/1x",
        f"{ROWS}/-1",
        f"{ROWS}/+1",
        f"{ROWS}/1.0",
        f"{ROWS}/1_0",
        f"{ROWS}/ 1",
        f"{ROWS}/1\n",
        f"{ROWS}/01",
        f"{ROWS}/00",
        f"{ROWS}/1/2",
        f"{ROWS}/\u0661",
        f"{ROWS}/\u00b2",
        f"{ROWS}2/1",
        f"x/{ROWS}/1",
        f"{ROWS}/{'9' * 60_000}",
    ],
)
def test_what_is_no_row_has_no_id(topic: str) -> None:
    """Also a number so long that it is no id of anything, and that Python refuses to read."""
    assert row_id(ROWS, topic) is None


@pytest.mark.parametrize(
    ("topic", "command"),
    [
        ("stash2plex/request/stash/sweep", "sweep"),
        ("stash2plex/request/stash/a-b_C9", "a-b_C9"),
        ("stash2plex/request/stash", None),
        ("stash2plex/request/stash/", None),
        ("stash2plex/request/stash/a/b", None),
        ("stash2plex/request/stash/a b", None),
        ("stash2plex/request/stash/a\n", None),
        ("stash2plex/request/stash/\u00e9", None),
        ("stash2plex/request/stasher/sweep", None),
    ],
)
def test_a_command_is_the_level_below_its_owner(topic: str, command: str | None) -> None:
    assert command_of("stash2plex/request/stash", topic) == command


@given(st.text())
def test_a_name_holds_nothing_that_means_something_in_a_topic(text: str) -> None:
    assert not (NAME.fullmatch(text) and set(text) & set("/+#$ \x00"))
