"""Frames: any payload there and back, and bounds that no sender can break."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.errors import ProtocolError
from collabterm.protocol.framing import Reassembler, encode_datagram, encode_frames
from collabterm.protocol.limits import MAX_DATAGRAM_BYTES, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES

FIRST, LAST, DEFLATED = 1, 2, 4
NOISE = Random(1).randbytes(100_000)


def reassembled(frames: Sequence[bytes]) -> list[bytes]:
    reassembler = Reassembler()
    payloads = (reassembler.receive(frame) for frame in frames)
    return [payload for payload in payloads if payload is not None]


def damaged(frame: bytes) -> Iterator[bytes]:
    for length in range(len(frame)):
        yield frame[:length]
    for bit in range(8 * len(frame)):
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


@given(st.lists(st.binary(max_size=200) | st.integers(0, 60_000).map(lambda size: NOISE[:size]), max_size=4))
def test_payloads_come_back_in_order(payloads: list[bytes]) -> None:
    frames = [list(encode_frames(payload)) for payload in payloads]
    assert reassembled([frame for some in frames for frame in some]) == payloads
    assert all(0 < len(frame) <= MAX_FRAME_BYTES for some in frames for frame in some)


@pytest.mark.parametrize("around", [4_096, MAX_FRAME_BYTES - 1, MAX_FRAME_BYTES, 65_536, 2 * MAX_FRAME_BYTES])
@pytest.mark.parametrize("content", [NOISE, b"ab" * 50_000], ids=["noise", "text"])
def test_every_length_around_a_bound_comes_back(around: int, content: bytes) -> None:
    for size in range(around - 3, around + 4):
        frames = list(encode_frames(content[:size]))
        assert reassembled(frames) == [content[:size]]
        assert all(len(frame) == MAX_FRAME_BYTES for frame, _ in pairwise(frames))


def test_a_large_payload_is_compressed_and_a_small_one_is_not() -> None:
    text = b"the same line again\n" * 10_000
    assert sum(map(len, encode_frames(text))) < len(text) / 20
    assert list(encode_frames(b"key")) == [b"\x03key"]


def test_a_datagram_is_one_frame() -> None:
    assert reassembled([encode_datagram(b"x" * (MAX_DATAGRAM_BYTES - 1))]) == [
        b"x" * (MAX_DATAGRAM_BYTES - 1)
    ]


@pytest.mark.parametrize("payload", [b"", b"payload", b"ab" * 3_000], ids=["empty", "plain", "compressed"])
def test_every_prefix_and_bit_flip_of_a_frame_is_taken_or_raises_the_one_error(payload: bytes) -> None:
    (frame,) = encode_frames(payload)
    for damage in damaged(frame):
        try:
            taken = reassembled([damage])
        except ProtocolError:
            continue
        if damage[0] & DEFLATED:
            assert taken in ([], [payload]), "zlib's checksum covers what was compressed"


def test_any_flags_on_any_of_several_frames_are_taken_or_raise_the_one_error() -> None:
    frames = list(encode_frames(NOISE[:40_000]))
    assert len(frames) > 2
    for index, frame in enumerate(frames):
        for flags in range(256):
            try:
                reassembled([*frames[:index], bytes((flags,)) + frame[1:], *frames[index + 1 :]])
            except ProtocolError:
                continue
            assert flags == frame[0] or index in (0, len(frames) - 1), "a flag within was overlooked"


@given(st.lists(st.binary(max_size=8), max_size=6))
def test_any_frames_are_taken_or_raise_the_one_error(frames: list[bytes]) -> None:
    try:
        reassembled(frames)
    except ProtocolError:
        return


@pytest.mark.parametrize(
    "frames",
    [
        [b""],
        [b"\x08"],
        [b"\x00x"],
        [b"\x02x"],
        [b"\x01x", b"\x01x"],
        [b"\x01x", b"\x03x"],
        [b"\x01x", b"\x06x"],
        [b"\x03" + bytes(MAX_FRAME_BYTES)],
    ],
    ids=[
        "empty",
        "unknown flag",
        "no first",
        "last only",
        "two firsts",
        "first within",
        "late flag",
        "too long",
    ],
)
def test_frames_out_of_order_or_of_no_kind_are_refused(frames: list[bytes]) -> None:
    with pytest.raises(ProtocolError):
        reassembled(frames)


@pytest.mark.parametrize("tail", [b"", b"x"], ids=["cut short", "too long"])
def test_a_compressed_payload_ends_exactly_with_its_last_frame(tail: bytes) -> None:
    stream = zlib.compress(b"text" * 100)
    wrong = stream + tail if tail else stream[:-1]
    with pytest.raises(ProtocolError):
        reassembled([bytes((FIRST | LAST | DEFLATED,)) + wrong])


def bomb(size: int) -> list[bytes]:
    """Return frames that inflate to ``size`` zeros: a thousandth of that on the wire."""
    compressor = zlib.compressobj(level=9)
    stream = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(size >> 20)) + compressor.flush()
    parts = [
        stream[start : start + MAX_FRAME_BYTES - 1] for start in range(0, len(stream), MAX_FRAME_BYTES - 1)
    ]
    flags = [FIRST | DEFLATED] + [0] * (len(parts) - 2) + [LAST]
    return [bytes((flag,)) + part for flag, part in zip(flags, parts, strict=True)]


def test_a_decompression_bomb_is_refused_at_the_bound() -> None:
    frames = bomb(MAX_MESSAGE_BYTES + (16 << 20))
    assert sum(map(len, frames)) < 600_000
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError):
            reassembled(frames)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.2 * MAX_MESSAGE_BYTES


def test_a_payload_of_many_frames_is_refused_at_the_bound() -> None:
    reassembler = Reassembler()
    part = bytes(MAX_FRAME_BYTES - 1)
    reassembler.receive(b"\x01" + part)
    for _ in range(MAX_MESSAGE_BYTES // len(part) - 1):
        reassembler.receive(b"\x00" + part)
    with pytest.raises(ProtocolError):
        reassembler.receive(b"\x00" + part)
