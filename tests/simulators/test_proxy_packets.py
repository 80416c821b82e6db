"""MQTT packets in a stream: their borders are found however the stream is cut up, and what is lost is one packet."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.proxy.armed import Way
from simulators.proxy.faults import Cut, CutInPublish, LosePuback
from simulators.proxy.packets import PUBACK, PUBLISH, Framer, Malformed
from simulators.proxy.shaper import Shaper

CONNECT = b"\x10\x02ab"
PING = b"\xc0\x00"


def packet(kind: int, body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes([kind << 4]) + bytes(digits) + body


def chunks(stream: bytes, sizes: list[int]) -> list[bytes]:
    parts, start = [], 0
    for size in sizes:
        parts.append(stream[start : start + size])
        start += size
    return [part for part in [*parts, stream[start:]] if part]


packets = st.lists(st.tuples(st.integers(1, 15), st.binary(max_size=300)), max_size=8)
sizes = st.lists(st.integers(1, 50), max_size=60)


@given(packets, sizes)
def test_packets_are_found_however_the_stream_is_cut_up(sent: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(packet(kind, body) for kind, body in sent)
    framer = Framer()
    found: list[tuple[int, bytes]] = []
    for chunk in chunks(stream, cuts):
        for piece in framer.feed(chunk):
            assert piece.data
            if piece.offset == 0:
                found.append((piece.kind, b""))
            kind, before = found[-1]
            assert len(before) == piece.offset
            found[-1] = (kind, before + piece.data)
            assert len(found[-1][1]) <= piece.size
    assert found == [(kind, packet(kind, body)) for kind, body in sent]


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 2_097_152])
def test_every_width_of_the_length_is_read(size: int) -> None:
    whole = packet(PUBLISH, bytes(size))
    pieces = list(Framer().feed(whole + PING))
    assert [(piece.kind, piece.size, len(piece.data)) for piece in pieces] == [
        (PUBLISH, len(whole), len(whole)),
        (12, 2, 2),
    ]


def test_a_length_of_five_bytes_is_no_mqtt() -> None:
    with pytest.raises(Malformed):
        list(Framer().feed(b"\x30\xff\xff\xff\xff\x01"))


def shaped(fault: Cut | CutInPublish | LosePuback, stream: list[bytes]) -> tuple[bytes, bool, Counter[str]]:
    """Return what passes until the cut, whether there was one, and what struck."""
    way = Way(Counter())
    way.arm(fault)
    shaper, passed = Shaper(way), b""
    for chunk in stream:
        part, cut = shaper.shape(chunk)
        passed += part
        if cut:
            return passed, True, way.hits
    return passed, False, way.hits


PUB = packet(PUBLISH, b"0123456789")
ACK = packet(PUBACK, b"\x00\x07")


@pytest.mark.parametrize("step", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    ("fault", "sent", "passes", "cut"),
    [
        (CutInPublish(), [CONNECT, PING, PUB, PUB], CONNECT + PING + PUB[:6], True),
        (CutInPublish(nth=2), [CONNECT, PUB, PING, PUB], CONNECT + PUB + PING + PUB[:6], True),
        (CutInPublish(keep_bytes=1), [CONNECT, PUB], CONNECT + PUB[:1], True),
        (CutInPublish(keep_bytes=999), [CONNECT, PUB], CONNECT + PUB[:-1], True),
        (CutInPublish(), [CONNECT, PING, ACK], CONNECT + PING + ACK, False),
        (LosePuback(), [CONNECT, PUB, ACK, PING], CONNECT + PUB, True),
        (LosePuback(cut=False), [CONNECT, ACK, PING, ACK], CONNECT + PING + ACK, False),
        (LosePuback(cut=False, count=2), [CONNECT, ACK, PING, ACK, ACK], CONNECT + PING + ACK, False),
        (LosePuback(), [b"HTTP", ACK], b"HTTP" + ACK, False),
        (Cut(after_bytes=6), [CONNECT, PING, PUB], CONNECT + PING, True),
        (Cut(after_bytes=0), [CONNECT], b"", True),
        (LosePuback(), [CONNECT, b"\x30\xff\xff\xff\xff\x01"], CONNECT, True),
    ],
)
def test_a_fault_takes_one_packet_or_part_of_it(
    fault: Cut | CutInPublish | LosePuback, sent: list[bytes], passes: bytes, cut: bool, step: int
) -> None:
    stream = b"".join(sent)
    passed, was_cut, _ = shaped(fault, [stream[start : start + step] for start in range(0, len(stream), step)])
    assert (passed, was_cut) == (passes, cut)


def test_a_fault_that_has_struck_is_disarmed() -> None:
    way = Way(Counter())
    way.arm(LosePuback(count=2, cut=False))
    shaper = Shaper(way)
    assert shaper.shape(CONNECT + ACK) == (CONNECT, False)
    assert way.armed() == ["lose_puback"]
    assert shaper.shape(ACK + ACK) == (ACK, False)
    assert (way.armed(), way.hits) == ([], Counter(lose_puback=2))


@given(packets, sizes)
def test_without_faults_mqtt_passes_unchanged_but_for_an_unfinished_header(
    sent: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    stream = CONNECT + b"".join(packet(kind, body) for kind, body in sent)
    shaper = Shaper(Way(Counter()))
    assert b"".join(shaper.shape(chunk)[0] for chunk in chunks(stream, cuts)) == stream
