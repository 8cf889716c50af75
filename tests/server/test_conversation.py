"""What a client's frames mean to the server, without a network."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    Auth,
    Error,
    ErrorCode,
    Heartbeat,
    IceCandidate,
    JoinRoom,
    LeaveRoom,
    PeerId,
    PeerInfo,
    RoomName,
    SdpAnswer,
    SdpOffer,
)
from collabterm.protocol.signaling_json import encode_signal
from collabterm_server.conversation import (
    DOCUMENT_TYPES,
    Asked,
    ClientRequest,
    Conversation,
    Refused,
    SignedIn,
)
from collabterm_server.identity import verify_auth
from tests.server.signaling_peer import Identity

NONCE = bytes(range(32))
BEA = PeerId("b" * 20)
REQUESTS: list[ClientRequest] = [
    JoinRoom(RoomName("den"), create=True),
    LeaveRoom(),
    SdpOffer({}, to=BEA),
    SdpAnswer({}, to=BEA),
    IceCandidate({}, to=BEA),
    Heartbeat(),
]


def refused(verdict: PeerInfo | Error) -> Error:
    assert isinstance(verdict, Error)
    assert verdict.message.endswith(".")
    return verdict


def signed_in_conversation(ann: Identity) -> Conversation:
    conversation = Conversation(NONCE)
    assert conversation.receive(encode_signal(ann.auth(NONCE))) == SignedIn(ann.info)
    return conversation


def test_who_signs_the_challenge_is_who_the_key_says() -> None:
    ann = Identity("  Ann ")
    assert verify_auth(ann.auth(NONCE), NONCE) == PeerInfo(ann.peer_id, "Ann", ann.info.fingerprint)


def test_a_signature_of_another_challenge_is_refused() -> None:
    assert refused(verify_auth(Identity().auth(bytes(32)), NONCE)).code is ErrorCode.AUTH_FAILED


def test_a_signature_for_another_peer_id_is_refused() -> None:
    ann, bea = Identity("Ann"), Identity("Bea")
    assert refused(verify_auth(ann.auth(NONCE, claim=bea.peer_id), NONCE)).code is ErrorCode.AUTH_FAILED


def test_the_id_of_another_key_cannot_be_taken() -> None:
    ann, bea = Identity("Ann"), Identity("Bea")
    stolen = replace(ann.auth(NONCE), public_key=bea.public_key, peer_nonce=bea.peer_nonce)
    assert refused(verify_auth(stolen, NONCE)).code is ErrorCode.AUTH_FAILED


def test_another_nonce_than_the_signed_one_is_refused() -> None:
    moved = replace(Identity().auth(NONCE), peer_nonce=b"another")
    assert refused(verify_auth(moved, NONCE)).code is ErrorCode.AUTH_FAILED


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_or_signature_of_a_wrong_size_is_refused(size: int) -> None:
    auth = Identity().auth(NONCE)
    assert refused(verify_auth(replace(auth, public_key=bytes(size)), NONCE)).code is ErrorCode.AUTH_FAILED
    assert refused(verify_auth(replace(auth, signature=bytes(size)), NONCE)).code is ErrorCode.AUTH_FAILED


@pytest.mark.parametrize(
    ("version", "behind"),
    [
        (PROTOCOL_VERSION - 1, "your collabterm"),
        (-5, "your collabterm"),
        (PROTOCOL_VERSION + 1, "the server"),
        (10**4000, "the server"),
    ],
    ids=["older", "negative", "newer", "absurd"],
)
def test_another_version_is_told_which_side_to_upgrade(version: int, behind: str) -> None:
    error = refused(verify_auth(Identity().auth(NONCE, version=version), NONCE))
    assert error.code is ErrorCode.BAD_VERSION
    assert error.message.endswith(f": upgrade {behind}.")
    assert len(error.message) < 200


@pytest.mark.parametrize("name", ["", "   ", "\x1b[31m", "\u202e", "x" * 33])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    assert refused(verify_auth(Identity(name).auth(NONCE), NONCE)).code is ErrorCode.BAD_NAME


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda message: type(message).__name__)
def test_requests_are_for_those_who_have_signed_in(request_: ClientRequest) -> None:
    before = Conversation(NONCE).receive(encode_signal(request_))
    assert isinstance(before, Refused)
    assert (before.error.code, before.fatal) == (ErrorCode.NOT_AUTHENTICATED, True)
    ann = Identity()
    assert signed_in_conversation(ann).receive(encode_signal(request_)) == Asked(ann.info, request_)


@pytest.mark.parametrize("kind", sorted(DOCUMENT_TYPES))
def test_document_data_is_refused_whoever_sends_it(kind: str) -> None:
    frame = f'{{"type":"{kind}","update":"AAAA"}}'
    for conversation, fatal in ((Conversation(NONCE), True), (signed_in_conversation(Identity()), False)):
        for data in (frame, b"\0\2\0"):
            event = conversation.receive(data)
            assert isinstance(event, Refused)
            assert (event.error.code, event.fatal) == (ErrorCode.OPERATION_REFUSED, fatal)
            assert "over their data channels" in event.error.message


@pytest.mark.parametrize(
    "frame", ["", "{}", "[]", "GET / HTTP/1.1", '{"type":"TELEPORT"}', '{"type":"AUTH"}']
)
def test_nonsense_ends_a_connection_only_before_it_has_signed_in(frame: str) -> None:
    for conversation, fatal in ((Conversation(NONCE), True), (signed_in_conversation(Identity()), False)):
        event = conversation.receive(frame)
        assert isinstance(event, Refused)
        assert (event.error.code, event.fatal) == (ErrorCode.BAD_MESSAGE, fatal)


def test_an_unknown_type_is_named_in_the_answer() -> None:
    event = signed_in_conversation(Identity()).receive('{"type":"TELEPORT"}')
    assert isinstance(event, Refused)
    assert "'TELEPORT'" in event.error.message


def test_auth_comes_once() -> None:
    ann = Identity()
    event = signed_in_conversation(ann).receive(encode_signal(ann.auth(NONCE)))
    assert isinstance(event, Refused)
    assert (event.error.code, event.fatal) == (ErrorCode.BAD_MESSAGE, False)


def test_an_auth_without_its_fields_is_refused_and_not_raised() -> None:
    auth = encode_signal(Auth(1, b"", b"", b"", "Ann", ""))
    event = Conversation(NONCE).receive(auth)
    assert isinstance(event, Refused)
    assert (event.error.code, event.fatal) == (ErrorCode.AUTH_FAILED, True)
