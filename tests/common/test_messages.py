"""Payloads: what was written is read, what is newer is read as far as known, and nothing is guessed."""

from __future__ import annotations

import contextlib
import json
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import messages
from common.errors import Undecodable
from common.messages import (
    File,
    ImageOutcome,
    ItemOutcome,
    Named,
    Outages,
    Outcome,
    OutcomeState,
    Payload,
    ProviderInfo,
    ProviderState,
    Request,
    Response,
    Scene,
    ServiceState,
    Stamp,
    Studio,
    Tag,
    Unmatched,
    WatcherInfo,
    WatcherState,
    WriterInfo,
    WriterState,
)

AT = "2024-05-06T07:08:09.123Z"
SCENE = Scene(id=17, epoch=1_700_000_000_000, seq=3, born=AT, rev="abc", updated_at=AT)
OUTCOME = Outcome(id=17, epoch=1, seq=2, born=AT, rev="abc", want="def", state="synced", at=AT)
SCENE_JSON = json.loads(messages.encode(SCENE))

words = st.text(max_size=8)
hashes = st.text("abcdef0123456789>", max_size=8)
wrote = st.dictionaries(words, hashes | st.lists(hashes, max_size=3).map(tuple), max_size=3)
named = st.builds(Named, id=st.integers(0, 9), name=words)
tags = st.builds(Tag, id=st.integers(0, 9), name=words, parents=st.lists(named, max_size=2).map(tuple))
scenes = st.builds(
    Scene,
    v=st.just(1),
    title=words,
    rating100=st.none() | st.integers(0, 100),
    studio=st.none() | st.builds(Studio, id=st.integers(0, 9), name=words, parent=st.none() | named),
    tags=st.lists(tags, max_size=3).map(tuple),
    files=st.lists(st.builds(File, path=words, duration=st.floats(0, 1e9)), max_size=2).map(tuple),
)
items = st.builds(ItemOutcome, wrote=wrote, intent=st.none() | wrote)
outcomes = st.builds(
    Outcome,
    v=st.just(1),
    items=st.dictionaries(words, items, max_size=2),
    images=st.dictionaries(words, st.builds(ImageOutcome, due=st.sampled_from([None, AT])), max_size=2),
    due=st.sampled_from([None, AT]),
)
payloads = scenes | outcomes | st.builds(Request, ids=st.lists(st.integers(0, 9)).map(tuple), confirm=st.booleans())
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
)


@given(payloads)
def test_what_was_encoded_is_decoded(payload: Payload) -> None:
    assert messages.decode(type(payload), messages.encode(payload)) == payload


def test_a_payload_is_plain_json_in_utf_8() -> None:
    scene = msgspec.structs.replace(
        SCENE, title="Zo\u00eb \U0001f600", studio=Studio(id=1, name="S", parent=Named(id=2, name="P"))
    )
    raw = messages.encode(scene)
    assert "Zo\u00eb \U0001f600".encode() in raw
    plain = json.loads(raw)
    assert (plain["v"], plain["id"], plain["studio"]) == (
        1,
        17,
        {"id": 1, "name": "S", "parent": {"id": 2, "name": "P"}},
    )


def test_a_tag_without_parents_is_published_as_it_was_before_there_were_any() -> None:
    """So is what an older watcher published; another text would be another `rev` of every scene."""
    plain = {"id": 1, "name": "Drama"}
    made = messages.decode(Scene, json.dumps({**SCENE_JSON, "tags": [plain]}).encode())
    assert made.tags == (Tag(id=1, name="Drama"),)
    assert json.loads(messages.encode(made))["tags"] == [plain]


@pytest.mark.parametrize(
    "payload",
    [
        SCENE,
        OUTCOME,
        WatcherInfo(service="1"),
        WriterInfo(service="1"),
        Outages(),
        ProviderInfo(service="1", identifier="i"),
        Unmatched(file="f", at=AT),
    ],
    ids=lambda payload: type(payload).__name__,
)
def test_another_version_is_refused_and_named(payload: Payload) -> None:
    newer = {**json.loads(messages.encode(payload)), "v": 2}
    for raw in (newer, {"v": 2}, {"v": 2, "id": "a text now"}):
        with pytest.raises(Undecodable, match="version 2"):
            messages.decode(type(payload), json.dumps(raw).encode())


def test_unknown_fields_are_passed_over_at_every_depth() -> None:
    newer = {**SCENE_JSON, "stars": 5, "files": [{"path": "/a", "codec": {"name": "av1"}}]}
    assert messages.decode(Scene, json.dumps(newer).encode()).files == (File(path="/a"),)


def test_missing_fields_have_their_defaults() -> None:
    required = {name: SCENE_JSON[name] for name in ("id", "epoch", "seq", "born", "rev", "updated_at")}
    assert messages.decode(Scene, json.dumps(required).encode()) == SCENE


@pytest.mark.parametrize("field", ["id", "epoch", "seq", "born", "rev", "updated_at"])
def test_a_scene_without_what_identifies_it_is_no_scene(field: str) -> None:
    raw = {name: value for name, value in SCENE_JSON.items() if name != field}
    with pytest.raises(Undecodable, match=field):
        messages.decode(Scene, json.dumps(raw).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"17",
        b'"text"',
        b"{",
        b"{}trailing",
        b"\xff\xfe",
        b'{"v":1,"born":"\xff"}',
        b'{"v":"1"}',
        b'{"v":1.5}',
        b'{"v":' + b"9" * 5000 + b"}",
        b'{"id":1e999}',
        messages.encode(SCENE)[:-10],
        messages.encode(SCENE).replace(b'"id":17', b'"id":"17"'),
        messages.encode(SCENE).replace(b'"id":17', b'"id":null'),
        messages.encode(SCENE).replace(b'"tags":[]', b'"tags":{}'),
        messages.encode(SCENE).replace(b'"title":""', b'"title":null'),
        messages.encode(SCENE).replace(b'"title":""', b'"title":"\\ud800"'),
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"v":{"x":' + b'{"x":' * 100_000 + b"1" + b"}" * 100_001 + b"}",
    ],
    ids=range(22),
)
def test_what_is_no_payload_is_undecodable(raw: bytes) -> None:
    """Whatever anyone puts on a topic must not end the process, however deep it is nested."""
    with pytest.raises(Undecodable):
        messages.decode(Scene, raw)


@given(st.binary())
def test_bytes_never_raise_anything_else(raw: bytes) -> None:
    for kind in (Scene, Outcome, Outages, Request):
        with contextlib.suppress(Undecodable):
            messages.decode(kind, raw)


@given(st.sampled_from(sorted(SCENE_JSON)), junk)
def test_a_field_of_another_type_never_raises_anything_else(field: str, value: object) -> None:
    with contextlib.suppress(Undecodable):
        messages.decode(Scene, json.dumps({**SCENE_JSON, field: value}).encode())


@pytest.mark.parametrize("due", ["soon", "", "2024-13-45T00:00:00Z", "2024-05-06T07:08:09", "2024-05-06"])
def test_a_due_time_that_is_none_is_undecodable(due: str) -> None:
    """Without a zone it could not be compared with the present either."""
    raw = json.loads(messages.encode(OUTCOME)) | {"due": due}
    with pytest.raises(Undecodable, match="due"):
        messages.decode(Outcome, json.dumps(raw).encode())


@pytest.mark.parametrize("due", [AT, "2024-05-06T07:08:09Z", "2024-05-06T07:08:09+02:00"])
def test_a_due_time_is_read_as_written(due: str) -> None:
    raw = json.loads(messages.encode(OUTCOME)) | {"due": due}
    assert messages.decode(Outcome, json.dumps(raw).encode()).due == due


@pytest.mark.parametrize(("field", "moment"), [("since", "then"), ("since", ""), ("until", "2024-05-06T07:08:09")])
def test_an_outage_without_a_time_is_undecodable(field: str, moment: str) -> None:
    raw = {"outages": [{"since": AT, "until": AT, field: moment}]}
    with pytest.raises(Undecodable, match=field):
        messages.decode(Outages, json.dumps(raw).encode())


def test_a_payload_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        SCENE.title = "other"  # type: ignore[misc]  # that it is refused is the test


def test_only_a_larger_stamp_is_newer() -> None:
    assert SCENE.stamp == Stamp(1_700_000_000_000, 3)
    assert Stamp(1, 9) < Stamp(2, 0) < Stamp(2, 1)
    assert OUTCOME.stamp == Stamp(1, 2)
    assert WatcherInfo(service="", epoch=4, seq=5).stamp == Stamp(4, 5)


@pytest.mark.parametrize("state", [*get_args(OutcomeState), "done"])
def test_an_outcome_has_one_of_five_states(state: str) -> None:
    raw = messages.encode(OUTCOME).replace(b'"synced"', json.dumps(state).encode())
    if state == "done":
        with pytest.raises(Undecodable, match="done"):
            messages.decode(Outcome, raw)
    else:
        assert messages.decode(Outcome, raw).state == state


def test_what_we_wrote_survives_as_it_was() -> None:
    item = ItemOutcome(state="unsure", want="w", wrote={"title": "a>b", "tags": ("c", "d")}, intent={"tags": ()})
    outcome = msgspec.structs.replace(OUTCOME, items={"12": item})
    assert messages.decode(Outcome, messages.encode(outcome)) == outcome


def test_a_last_will_is_read_as_every_service_s_state() -> None:
    will = messages.encode(ServiceState(state="offline", instance="i", since=AT))
    assert messages.decode(WriterState, will).plex == "unknown"
    assert messages.decode(WatcherState, will).stash == "unknown"
    assert messages.decode(ProviderState, will).ready is False


def test_an_answer_carries_any_json() -> None:
    answer = Response(status="ok", transaction="t", data=msgspec.Raw(b'{"scenes":[1,2]}'))
    assert json.loads(messages.encode(answer)) == {
        "status": "ok",
        "transaction": "t",
        "data": {"scenes": [1, 2]},
        "error": "",
    }
    assert bytes(messages.decode(Response, messages.encode(answer)).data) == b'{"scenes":[1,2]}'
