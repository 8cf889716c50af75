"""The messages between peers: there and back, and nothing but ProtocolError for whatever else arrives."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.errors import ProtocolError
from collabterm.lib0 import MAX_UINT, write_bytes, write_uint
from collabterm.protocol.limits import MAX_AWARENESS_BYTES, MAX_AWARENESS_CLIENTS
from collabterm.protocol.messages import (
    Awareness,
    AwarenessEntry,
    ClientId,
    Digest,
    Hello,
    Message,
    Ping,
    Pong,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    Update,
    decode_messages,
    encode_message,
)

STATE = {"user": {"name": "Béa 😀", "color": "#4aa5f0"}, "cursor": None, "links": [1, 2**53 - 1], "x": -1.5}
EXAMPLES: tuple[Message, ...] = (
    SyncStep1(b"\0"),
    SyncStep2(b"\0\0"),
    Update(bytes(range(200))),
    Awareness(()),
    Awareness((AwarenessEntry(ClientId(7), 1, STATE), AwarenessEntry(ClientId(MAX_UINT), MAX_UINT, None))),
    QueryAwareness(),
    Hello(1, ClientId(300)),
    Ping(0),
    Pong(MAX_UINT),
    Digest(b"\1\7\5", bytes(range(16))),
)

UINTS = st.integers(0, MAX_UINT)
BODIES = st.binary(max_size=300)
CLIENTS = UINTS.map(ClientId)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
SCALARS = st.none() | st.booleans() | UINTS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
STATES = st.none() | st.dictionaries(TEXTS, SCALARS | st.lists(SCALARS, max_size=4), max_size=4)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(SyncStep1, BODIES),
    st.builds(SyncStep2, BODIES),
    st.builds(Update, BODIES),
    st.builds(Awareness, st.lists(st.builds(AwarenessEntry, CLIENTS, UINTS, STATES), max_size=4).map(tuple)),
    st.just(QueryAwareness()),
    st.builds(Hello, UINTS, CLIENTS),
    st.builds(Ping, UINTS),
    st.builds(Pong, UINTS),
    st.builds(Digest, BODIES, st.binary(min_size=16, max_size=16)),
)


def damaged(payload: bytes) -> Iterator[bytes]:
    for length in range(len(payload)):
        yield payload[:length]
    for bit in range(8 * len(payload)):
        flipped = bytearray(payload)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)


def awareness_of(state: bytes) -> bytes:
    return b"\x01" + write_bytes(b"\x01\x07\x01" + write_bytes(state))


@given(st.lists(MESSAGES, max_size=5))
def test_messages_come_back_in_order(messages: list[Message]) -> None:
    assert decode_messages(b"".join(map(encode_message, messages))) == messages


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_every_prefix_and_bit_flip_decodes_or_raises_the_one_error(message: Message) -> None:
    for damage in damaged(encode_message(message)):
        try:
            decoded = decode_messages(damage)
        except ProtocolError:
            continue
        for one in decoded:
            assert decode_messages(encode_message(one)) == [one]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)
def test_no_proper_prefix_is_a_message(message: Message) -> None:
    encoded = encode_message(message)
    for length in range(1, len(encoded)):
        with pytest.raises(ProtocolError):
            decode_messages(encoded[:length])


@given(st.binary(max_size=100))
def test_any_bytes_decode_or_raise_the_one_error(payload: bytes) -> None:
    try:
        decoded = decode_messages(payload)
    except ProtocolError:
        return
    assert decode_messages(b"".join(map(encode_message, decoded))) == decoded


@given(st.binary(max_size=60), st.sampled_from([0, 1, 3, 64, 65, 66, 67]))
def test_any_bytes_behind_a_known_type_decode_or_raise_the_one_error(body: bytes, kind: int) -> None:
    try:
        decode_messages(bytes((kind,)) + body)
    except ProtocolError:
        return


@given(BODIES)
def test_sync_messages_are_those_of_y_protocols(body: bytes) -> None:
    assert encode_message(Update(body)) == pycrdt.create_update_message(body)
    doc = pycrdt.Doc[pycrdt.Text]()
    assert encode_message(SyncStep1(doc.get_state())) == pycrdt.create_sync_message(doc)


def test_an_awareness_message_is_that_of_y_protocols() -> None:
    theirs = pycrdt.Awareness(pycrdt.Doc(client_id=7))
    theirs.set_local_state({"user": {"name": "Béa"}})
    update = theirs.encode_awareness_update([7])
    (message,) = decode_messages(pycrdt.create_awareness_message(update))
    assert isinstance(message, Awareness)
    (entry,) = message.entries
    assert (entry.client_id, entry.state) == (7, {"user": {"name": "Béa"}})


@pytest.mark.parametrize("kind", [2, 4, 63, 68, 127, 300, MAX_UINT])
def test_an_unknown_type_is_refused(kind: int) -> None:
    with pytest.raises(ProtocolError, match="unknown"):
        decode_messages(write_uint(kind) + b"\0\0\0")


def test_a_digest_whose_hash_is_not_16_bytes_is_refused() -> None:
    for length in (0, 15, 17, 200):
        with pytest.raises(ProtocolError):
            decode_messages(b"\x43" + write_bytes(b"\0") + write_bytes(bytes(length)))


def test_an_awareness_update_of_too_many_clients_is_refused() -> None:
    entries = tuple(AwarenessEntry(ClientId(number), 1, None) for number in range(MAX_AWARENESS_CLIENTS + 1))
    assert decode_messages(encode_message(Awareness(entries[1:]))) == [Awareness(entries[1:])]
    with pytest.raises(ProtocolError):
        decode_messages(encode_message(Awareness(entries)))


def test_bytes_left_over_in_an_awareness_update_are_refused() -> None:
    with pytest.raises(ProtocolError):
        decode_messages(b"\x01" + write_bytes(b"\x00\x00"))


@pytest.mark.parametrize(
    "state",
    [b"", b"[]", b'"x"', b"1", b"{", b"\xff\xfe", b"{}x", b'{"x":NaN}', b'{"x":1e999}', b'{"x":-Infinity}'],
)
def test_a_state_that_is_no_json_object_is_refused(state: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_messages(awareness_of(state))


@pytest.mark.parametrize("state", [rb'{"user":{"name":"\ud800"}}', rb'{"\udfff":1}'])
def test_a_state_with_half_a_character_is_refused_because_it_cannot_be_passed_on(state: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_messages(awareness_of(state))


@pytest.mark.parametrize("depth", [200, 900, 985, 990, 995, 2000])
def test_a_deeply_nested_state_is_refused_before_it_exhausts_the_stack(depth: int) -> None:
    for opened, closed in ((b"[", b"]"), (b'{"":', b"}")):
        nested = opened * depth + b"0" + closed * depth
        with pytest.raises(ProtocolError):
            decode_messages(awareness_of(b'{"x":' + nested[: MAX_AWARENESS_BYTES - 8] + b"}"))


def test_a_state_that_would_grow_over_the_limit_when_passed_on_is_refused() -> None:
    state = b'{"x":[' + b",".join([b"1e15"] * 800) + b"]}"
    assert len(state) < MAX_AWARENESS_BYTES < len(json.dumps(json.loads(state), separators=(",", ":")))
    with pytest.raises(ProtocolError):
        decode_messages(awareness_of(state))
