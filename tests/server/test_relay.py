"""The server over real sockets: signing in, rooms, introductions, and every refusal."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from collabterm.protocol.limits import MAX_PEERS, MAX_SIGNAL_BYTES, PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    AuthOk,
    ClientMessage,
    CreateRoom,
    Error,
    ErrorCode,
    Heartbeat,
    IceCandidate,
    JoinRoom,
    LeaveRoom,
    PeerId,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpAnswer,
    SdpOffer,
)
from collabterm_server.conversation import DOCUMENT_TYPES
from collabterm_server.relay import SignalingServer
from tests.server.signaling_peer import Identity, Pair, knocking, signed_in

DEN, LOFT = RoomName("den"), RoomName("loft")


async def test_the_challenge_says_version_and_heartbeat(server: SignalingServer) -> None:
    async with knocking(server.url) as one, knocking(server.url) as two:
        challenge = await one.challenge()
        assert (challenge.version, challenge.heartbeat_s) == (PROTOCOL_VERSION, 15.0)
        assert len(challenge.nonce) == 32
        assert challenge.nonce != (await two.challenge()).nonce


async def test_whoever_signs_the_challenge_is_let_in(server: SignalingServer) -> None:
    async with knocking(server.url) as ann:
        challenge = await ann.challenge()
        assert await ann.ask(ann.identity.auth(challenge.nonce)) == AuthOk(ann.peer_id)


async def refused_at_the_door(server: SignalingServer, message: ClientMessage | str | bytes) -> Error:
    async with knocking(server.url) as stranger:
        await stranger.challenge()
        if isinstance(message, str | bytes):
            await stranger.send_raw(message)
        else:
            await stranger.send(message)
        error = await stranger.refusal()
        assert await stranger.is_closed() == 1008
        return error


async def test_a_signature_that_is_not_of_this_challenge_ends_the_connection(server: SignalingServer) -> None:
    auth = Identity().auth(nonce=bytes(32))
    assert (await refused_at_the_door(server, auth)).code is ErrorCode.AUTH_FAILED


@pytest.mark.parametrize(
    ("version", "behind"), [(PROTOCOL_VERSION - 1, "your collabterm"), (PROTOCOL_VERSION + 1, "the server")]
)
async def test_another_version_is_refused_and_told_who_must_upgrade(
    server: SignalingServer, version: int, behind: str
) -> None:
    error = await refused_at_the_door(server, Identity().auth(bytes(32), version=version))
    assert error.code is ErrorCode.BAD_VERSION
    assert f"upgrade {behind}" in error.message


async def test_a_name_that_cannot_be_shown_is_refused(server: SignalingServer) -> None:
    async with knocking(server.url, Identity("\x1b]0;pwned\x07")) as stranger:
        challenge = await stranger.challenge()
        await stranger.send(stranger.identity.auth(challenge.nonce))
        assert (await stranger.refusal()).code is ErrorCode.BAD_NAME
        assert await stranger.is_closed() == 1008


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (JoinRoom(DEN, create=True), ErrorCode.NOT_AUTHENTICATED),
        (Heartbeat(), ErrorCode.NOT_AUTHENTICATED),
        ("hello", ErrorCode.BAD_MESSAGE),
        ('{"type":"UPDATE"}', ErrorCode.OPERATION_REFUSED),
        (b"\0\2\0", ErrorCode.OPERATION_REFUSED),
    ],
)
async def test_whoever_does_not_begin_with_auth_is_told_and_closed(
    server: SignalingServer, message: ClientMessage | str | bytes, code: ErrorCode
) -> None:
    assert (await refused_at_the_door(server, message)).code is code


async def test_rooms_are_created_joined_and_left(server: SignalingServer) -> None:
    async with signed_in(server.url, "Ann") as ann, signed_in(server.url, "Bea") as bea:
        assert await ann.ask(CreateRoom(DEN)) == RoomCreated(DEN)
        assert await bea.ask(JoinRoom(DEN, create=False)) == RoomJoined(DEN, (ann.info,))
        assert await ann.receive() == PeerJoined(bea.info)
        assert await ann.ask(JoinRoom(DEN, create=True)) == RoomJoined(DEN, (bea.info,))
        await ann.send(LeaveRoom())
        assert await bea.receive() == PeerLeft(ann.peer_id)
        assert await ann.ask(JoinRoom(LOFT, create=True)) == RoomCreated(LOFT)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (JoinRoom(LOFT, create=False), ErrorCode.ALREADY_IN_ROOM),
        (CreateRoom(LOFT), ErrorCode.ALREADY_IN_ROOM),
        (JoinRoom(RoomName("no room"), create=True), ErrorCode.BAD_ROOM_NAME),
        (SdpOffer({}, to=PeerId("nobody")), ErrorCode.NO_SUCH_PEER),
        ('{"type":"TELEPORT"}', ErrorCode.BAD_MESSAGE),
        ("{", ErrorCode.BAD_MESSAGE),
    ],
)
async def test_a_refusal_is_for_the_asker_alone_and_the_connection_stays(
    pair: Pair, message: ClientMessage | str, code: ErrorCode
) -> None:
    if isinstance(message, str):
        await pair.ann.send_raw(message)
    else:
        await pair.ann.send(message)
    assert (await pair.ann.refusal()).code is code
    assert await pair.ann.ask(Heartbeat()) == Heartbeat()
    assert await pair.bea.ask(Heartbeat()) == Heartbeat()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (LeaveRoom(), ErrorCode.NOT_IN_ROOM),
        (SdpOffer({}, to=PeerId("nobody")), ErrorCode.NOT_IN_ROOM),
        (JoinRoom(DEN, create=False), ErrorCode.NO_SUCH_ROOM),
        (CreateRoom(LOFT), ErrorCode.ROOM_EXISTS),
    ],
)
async def test_who_is_in_no_room_is_told_so(
    server: SignalingServer, message: ClientMessage, code: ErrorCode
) -> None:
    async with signed_in(server.url) as ann, signed_in(server.url) as bea:
        await bea.enter(LOFT)
        await ann.send(message)
        assert (await ann.refusal()).code is code


async def test_a_full_room_says_what_to_do(server: SignalingServer) -> None:
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(signed_in(server.url)) for _ in range(MAX_PEERS + 1)]
        for number, peer in enumerate(peers[:-1]):
            assert len(await peer.enter(DEN)) == number
        await peers[-1].send(JoinRoom(DEN, create=True))
        error = await peers[-1].refusal()
        assert error.code is ErrorCode.ROOM_FULL
        assert "is full (8 people): try again when somebody has left" in error.message


@pytest.mark.parametrize("kind", [SdpOffer, SdpAnswer, IceCandidate])
async def test_an_introduction_reaches_its_addressee_unread_and_stamped(
    pair: Pair, kind: type[SdpOffer] | type[SdpAnswer] | type[IceCandidate]
) -> None:
    payload = {"sealed": "AAAA", "é😀": [1, None, {"type": "UPDATE"}]}
    await pair.ann.send(kind(payload, to=pair.bea.peer_id, sender=PeerId("forged")))
    assert await pair.bea.receive() == kind(payload, sender=pair.ann.peer_id)


async def test_an_introduction_does_not_leave_the_room(server: SignalingServer) -> None:
    async with signed_in(server.url, "Ann") as ann, signed_in(server.url, "Bea") as bea:
        await ann.enter(DEN)
        await bea.enter(LOFT)
        await ann.send(SdpOffer({}, to=bea.peer_id))
        assert (await ann.refusal()).code is ErrorCode.NO_SUCH_PEER
        assert await bea.ask(Heartbeat()) == Heartbeat()


def offer_text(to: PeerId, payload: str) -> str:
    return f'{{"type":"SDP_OFFER","to":"{to}","payload":{payload}}}'


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ('{"sdp":"\\ud800"}', ErrorCode.BAD_MESSAGE),
        ('{"sdp":[' + ",".join(["1e15"] * 12_000) + "]}", ErrorCode.TOO_LARGE),
    ],
    ids=["lone surrogate", "grows when written again"],
)
async def test_a_payload_that_cannot_be_passed_on_costs_its_addressee_nothing(
    pair: Pair, payload: str, code: ErrorCode
) -> None:
    await pair.ann.send_raw(offer_text(pair.bea.peer_id, payload))
    assert (await pair.ann.refusal()).code is code
    assert await pair.bea.ask(Heartbeat()) == Heartbeat()


async def test_nesting_of_any_depth_is_passed_on_or_refused(pair: Pair) -> None:
    """The stack may hold a payload as it comes and not as it goes; somewhere between these depths."""
    for depth in range(850, 1_050):
        payload = '{"a":' * depth + "1" + "}" * depth
        await pair.ann.send_raw(offer_text(pair.bea.peer_id, payload))
        await pair.ann.send(Heartbeat())
        refused = 0
        while await pair.ann.receive() != Heartbeat():
            refused += 1
        passed = await pair.bea.socket.recv() if not refused else ""
        assert bool(passed) != bool(refused)


@pytest.mark.parametrize("kind", sorted(DOCUMENT_TYPES))
async def test_a_document_operation_is_refused_and_nobody_gets_it(pair: Pair, kind: str) -> None:
    await pair.ann.send_raw(f'{{"type":"{kind}","to":"{pair.bea.peer_id}","payload":{{"update":"AAAA"}}}}')
    assert await pair.ann.refusal() == Error(
        ErrorCode.OPERATION_REFUSED,
        "The server relays no document data: send it to your peers over their data channels.",
    )
    await pair.ann.send(IceCandidate({}, to=pair.bea.peer_id))
    assert await pair.bea.receive() == IceCandidate({}, sender=pair.ann.peer_id)


async def test_a_binary_frame_is_refused_and_nobody_gets_it(pair: Pair) -> None:
    await pair.ann.send_raw(b"\0\2\3abc")
    assert (await pair.ann.refusal()).code is ErrorCode.OPERATION_REFUSED
    await pair.ann.send(IceCandidate({}, to=pair.bea.peer_id))
    assert await pair.bea.receive() == IceCandidate({}, sender=pair.ann.peer_id)


async def test_an_oversized_message_costs_its_sender_the_connection(pair: Pair) -> None:
    await pair.ann.send_raw("x" * (MAX_SIGNAL_BYTES + 1))
    assert await pair.ann.is_closed() == 1009
    assert await pair.bea.receive() == PeerLeft(pair.ann.peer_id)


async def test_the_largest_message_passes(pair: Pair) -> None:
    frame = offer_text(pair.bea.peer_id, '{"sdp":"%s"}')
    filling = "x" * (MAX_SIGNAL_BYTES - len(frame) - len("sender") + len("%s") + len("to"))
    await pair.ann.send_raw(frame.replace("%s", filling))
    assert await pair.bea.receive() == SdpOffer({"sdp": filling}, sender=pair.ann.peer_id)


async def test_text_that_is_not_utf8_costs_its_sender_the_connection(pair: Pair) -> None:
    await pair.ann.socket.send(b"\xff\xfe", text=True)
    assert await pair.ann.is_closed() == 1007
    assert await pair.bea.receive() == PeerLeft(pair.ann.peer_id)


async def test_a_lost_connection_is_a_departure(pair: Pair) -> None:
    pair.ann.abort()
    assert await pair.bea.receive() == PeerLeft(pair.ann.peer_id)


async def test_a_closed_connection_is_a_departure(pair: Pair) -> None:
    await pair.ann.socket.close()
    assert await pair.bea.receive() == PeerLeft(pair.ann.peer_id)


async def test_signing_in_again_replaces_the_older_connection_at_once(
    pair: Pair, server: SignalingServer
) -> None:
    async with signed_in(server.url, identity=pair.ann.identity) as twin:
        assert (await pair.ann.refusal()).code is ErrorCode.REPLACED
        assert await pair.ann.is_closed() == 1008
        assert await pair.bea.receive() == PeerLeft(twin.peer_id)
        assert await twin.enter(DEN) == (pair.bea.info,)
        assert await pair.bea.receive() == PeerJoined(twin.info)
        await pair.bea.send(SdpOffer({}, to=twin.peer_id))
        assert await twin.receive() == SdpOffer({}, sender=pair.bea.peer_id)
