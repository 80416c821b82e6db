"""Packed payloads come back as they were, and smaller."""

from __future__ import annotations

from hypothesis import given as vary
from hypothesis import settings
from hypothesis import strategies as st

from common.messages import encode
from services.provider.packing import pack, unpack
from tests.provider.given import scene


@vary(st.binary(max_size=4_000))
@settings(deadline=None)
def test_what_is_packed_comes_back(payload: bytes) -> None:
    assert unpack(pack(payload)) == payload


def test_a_scene_takes_less_than_half_its_size() -> None:
    payload = encode(scene(7, details="A sentence that is like many others. " * 30))
    assert len(pack(payload)) < len(payload) / 2
