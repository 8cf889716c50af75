"""The signaling messages: there and back, and nothing but ProtocolError for whatever else arrives."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collabterm.errors import BadName, BadRoomName, ProtocolError
from collabterm.protocol import signaling_json
from collabterm.protocol.identity import auth_statement, derive_peer_id
from collabterm.protocol.limits import MAX_NAME_CHARS, MAX_ROOM_NAME_CHARS, MAX_SIGNAL_BYTES
from collabterm.protocol.signaling import (
    Auth,
    AuthOk,
    Challenge,
    ClientMessage,
    CreateRoom,
    Error,
    ErrorCode,
    Heartbeat,
    IceCandidate,
    IceServers,
    JoinRoom,
    LeaveRoom,
    PeerId,
    PeerInfo,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpAnswer,
    SdpOffer,
    ServerMessage,
    SignalingMessage,
    TurnServer,
    check_name,
    check_room_name,
)
from collabterm.protocol.signaling_json import (
    UnknownTypeError,
    decode_client_message,
    decode_server_message,
    encode_signal,
)

ANN, BEA = PeerId("a" * 20), PeerId("b" * 20)
ROOM = RoomName("pfauenröhre/1")
PAYLOAD = {"sdp": "v=0\r\n", "numbers": [1, -2.5, None, True], "é😀": {"nested": []}}

CLIENT_MESSAGES: list[ClientMessage] = [
    Auth(1, bytes(32), b"nonce", signature=b"\xff" * 64, name="Ann é😀", server="[::1]:3001"),
    Auth(1, bytes(32), b"nonce", bytes(64), "Ann", "pair.example.org", token_proof=bytes(range(32))),
    CreateRoom(ROOM),
    JoinRoom(ROOM, create=True),
    JoinRoom(ROOM, create=False),
    LeaveRoom(),
    Heartbeat(),
    SdpOffer(PAYLOAD, to=BEA),
    SdpAnswer(PAYLOAD, to=BEA),
    IceCandidate({}, to=BEA),
]
SERVER_MESSAGES: list[ServerMessage] = [
    Challenge(version=1, nonce=bytes(range(32)), heartbeat_s=15.0),
    AuthOk(ANN),
    IceServers(None, ()),
    IceServers(3001, (TurnServer(("turn:t.example:3478?transport=udp",), "1700000000:a", "c2VjcmV0"),)),
    RoomCreated(ROOM),
    RoomJoined(ROOM, (), ("Ann", "Béa")),
    RoomJoined(ROOM, ()),
    RoomJoined(ROOM, (PeerInfo(ANN, "Ann", "SHA256:a"), PeerInfo(BEA, "Béa", "SHA256:b"))),
    PeerJoined(PeerInfo(BEA, "Béa", "SHA256:b")),
    PeerLeft(BEA),
    Heartbeat(),
    SdpOffer(PAYLOAD, sender=ANN),
    SdpAnswer(PAYLOAD, sender=ANN),
    IceCandidate({}, sender=ANN),
    *(Error(code, "A sentence: do this.") for code in ErrorCode),
    Error(ErrorCode.TOO_MANY, "Later.", retry_after=2.5),
]

Decoder = Callable[[str | bytes], SignalingMessage]
EVERY_MESSAGE: list[tuple[Decoder, SignalingMessage]] = [
    *((decode_client_message, message) for message in CLIENT_MESSAGES),
    *((decode_server_message, message) for message in SERVER_MESSAGES),
]
DECODERS: list[Decoder] = [decode_client_message, decode_server_message]


def label(value: object) -> str:
    return getattr(value, "__name__", type(value).__name__)


def decodes_or_is_a_protocol_error(decode: Decoder, text: str | bytes) -> None:
    with suppress(ProtocolError):
        decode(text)


@pytest.mark.parametrize(("decode", "message"), EVERY_MESSAGE, ids=label)
def test_every_message_survives_the_way(decode: Decoder, message: SignalingMessage) -> None:
    text = encode_signal(message)
    assert decode(text) == message
    assert decode(text.encode()) == message


@pytest.mark.parametrize(("decode", "message"), EVERY_MESSAGE, ids=label)
def test_fields_that_this_version_does_not_know_are_ignored(
    decode: Decoder, message: SignalingMessage
) -> None:
    fields = json.loads(encode_signal(message)) | {"color": "red", "": [None]}
    assert decode(json.dumps(fields)) == message


@pytest.mark.parametrize(("decode", "message"), EVERY_MESSAGE, ids=label)
def test_every_prefix_decodes_or_is_a_protocol_error(decode: Decoder, message: SignalingMessage) -> None:
    text = encode_signal(message)
    for end in range(len(text)):
        with pytest.raises(ProtocolError):
            decode(text[:end])
    encoded = text.encode()
    for end in range(len(encoded)):
        decodes_or_is_a_protocol_error(decode, encoded[:end])


@pytest.mark.parametrize(("decode", "message"), EVERY_MESSAGE, ids=label)
def test_every_bit_flip_decodes_or_is_a_protocol_error(decode: Decoder, message: SignalingMessage) -> None:
    encoded = bytearray(encode_signal(message).encode())
    for index in range(len(encoded)):
        for bit in range(8):
            encoded[index] ^= 1 << bit
            decodes_or_is_a_protocol_error(decode, bytes(encoded))
            decodes_or_is_a_protocol_error(decode, encoded.decode(errors="replace"))
            encoded[index] ^= 1 << bit


@pytest.mark.parametrize(("decode", "message"), EVERY_MESSAGE, ids=label)
@pytest.mark.parametrize(
    "odd", [None, True, 0, -1, 2.5, 1e300, 10**30, "", "\ud800", "#", [], [[]], {}, {"a": 1}]
)
def test_a_field_of_an_odd_value_decodes_or_is_a_protocol_error(
    decode: Decoder, message: SignalingMessage, odd: object
) -> None:
    fields = json.loads(encode_signal(message))
    for key in fields:
        decodes_or_is_a_protocol_error(decode, json.dumps(fields | {key: odd}))
        without = {other: value for other, value in fields.items() if other != key}
        decodes_or_is_a_protocol_error(decode, json.dumps(without))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TYPES = st.sampled_from([json.loads(encode_signal(message))["type"] for _, message in EVERY_MESSAGE])
KEYS = st.sampled_from(
    ["room", "create", "to", "sender", "payload", "peers", "peer", "name", "code", "version"]
)


@given(st.sampled_from(DECODERS), TYPES, st.dictionaries(KEYS, JSON_VALUES), JSON_VALUES)
def test_any_json_decodes_or_is_a_protocol_error(
    decode: Decoder, type_name: str, fields: dict[str, object], value: object
) -> None:
    decodes_or_is_a_protocol_error(decode, json.dumps({"type": type_name} | fields))
    decodes_or_is_a_protocol_error(decode, json.dumps(value))


@pytest.mark.parametrize("decode", DECODERS, ids=label)
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "[]",
        '"HEARTBEAT"',
        "{}",
        '{"type":null}',
        '{"type":["HEARTBEAT"]}',
        "\ufeff" + '{"type":"HEARTBEAT"}',
        '{"type":"HEARTBEAT"}{"type":"HEARTBEAT"}',
        '{"type":"HEARTBEAT",}',
        "[" * 60_000,
        '{"type":"SDP_OFFER","to":"b","sender":"b","payload":' + '{"a":' * 12_000,
        '{"type":"HEARTBEAT","x":' + "9" * 5_000 + "}",
        '{"type":"\\ud800"}',
        '{"type":"HEARTBEAT"}' + " " * MAX_SIGNAL_BYTES,
        b"\xff\xfe\x00",
        b"\x00" * 16,
    ],
    ids=lambda text: repr(text[:24]),
)
def test_odd_json_is_a_protocol_error(decode: Decoder, text: str | bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(text)


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(UnknownTypeError) as caught:
        decode_client_message('{"type":"TELEPORT"}')
    assert caught.value.type_name == "TELEPORT"
    assert "'TELEPORT'" in str(caught.value.fields["problem"])


@pytest.mark.parametrize("message", [m for m in SERVER_MESSAGES if not isinstance(m, Heartbeat)], ids=label)
def test_a_client_cannot_speak_as_the_server(message: ServerMessage) -> None:
    with pytest.raises(ProtocolError):
        decode_client_message(encode_signal(message))


def test_a_client_cannot_stamp_a_sender() -> None:
    text = '{"type":"SDP_OFFER","to":"b","sender":"forged","payload":{}}'
    assert decode_client_message(text) == SdpOffer({}, to=PeerId("b"))


def test_an_error_code_of_a_newer_server_still_shows_its_sentence() -> None:
    error = decode_server_message('{"type":"ERROR","code":"teapot","message":"Short and stout."}')
    assert error == Error(ErrorCode.BAD_MESSAGE, "Short and stout.")


def test_a_peer_id_belongs_to_its_key_and_nonce() -> None:
    peer_id = derive_peer_id(b"k" * 32, b"n")
    assert peer_id == derive_peer_id(b"k" * 32, b"n")
    assert len(peer_id) == 20
    assert peer_id.isalnum()
    others = [
        derive_peer_id(b"k" * 32, b"m"),
        derive_peer_id(b"K" * 32, b"n"),
        derive_peer_id(b"k" * 31, b"kn"),
    ]
    assert len({peer_id, *others}) == 4


def test_what_auth_signs_differs_by_challenge_by_peer_and_by_server() -> None:
    statements = [
        auth_statement(nonce, peer, server)
        for nonce in (bytes(32), b"\1" * 32)
        for peer in (ANN, BEA)
        for server in ("", "pair.example.org")
    ]
    assert len(set(statements)) == 8


def test_no_part_of_what_auth_signs_passes_for_another() -> None:
    """A malicious server chooses the nonce, and would move the borders between the parts."""
    whole = "n" + ANN + "pair.example.org"
    statements = {
        auth_statement(whole[:start].encode(), PeerId(whole[start:end]), whole[end:])
        for start in range(len(whole))
        for end in range(start, len(whole))
    }
    assert len(statements) == len(whole) * (len(whole) + 1) // 2


@pytest.mark.parametrize("name", ["a", "Team-7/π!", "x" * MAX_ROOM_NAME_CHARS])
def test_a_room_name_is_kept_as_it_is(name: str) -> None:
    assert check_room_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "a b", "a#b", "a\n", "\x1b[0m", "\u202e", "x" * (MAX_ROOM_NAME_CHARS + 1)]
)
def test_what_is_no_room_name_is_refused(name: str) -> None:
    with pytest.raises(BadRoomName):
        check_room_name(name)


def test_a_name_is_stripped() -> None:
    assert check_name("  Ann Lee ") == "Ann Lee"


@pytest.mark.parametrize("name", ["", "  ", "a\tb", "\x1b]0;x\x07", "\u202eevil", "x" * (MAX_NAME_CHARS + 1)])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(BadName):
        check_name(name)


def test_a_heartbeat_is_known_by_sight() -> None:
    assert encode_signal(Heartbeat()) == signaling_json._HEARTBEAT_TEXT
