"""Every error code and every type of message over real sockets; a new one without a row here fails."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, get_args

import pytest

from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    Auth,
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
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SdpAnswer,
    SdpOffer,
    ServerMessage,
)
from collabterm_server.access import Access
from collabterm_server.limits import DEFAULT_LIMITS, ServerLimits
from collabterm_server.options import DEFAULT_OPTIONS, ServerOptions
from collabterm_server.relay import SignalingServer
from collabterm_server.turn import TurnRelay
from tests.server.arrivals import skip_to
from tests.server.raw_client import LOCALHOST
from tests.server.signaling_peer import Identity, SignalingPeer, knocking, signed_in, stats_of

DEN, LOFT = RoomName("den"), RoomName("loft")
NOWHERE: Final = PeerId("nobody")
TOO_LARGE_WHEN_WRITTEN_AGAIN: Final = '{"sdp":[' + ",".join(["1e15"] * 12_000) + "]}"

Meeting = Callable[[SignalingServer, AsyncExitStack], Awaitable[SignalingPeer]]
"""What leads to the refusal; returns who is refused."""


@dataclass(frozen=True)
class Case:
    """How to be refused, and what that costs: the close code, None if the connection stays."""

    meeting: Meeting
    close_code: int | None = None
    limits: ServerLimits = DEFAULT_LIMITS
    options: ServerOptions = field(default=DEFAULT_OPTIONS)


def at_the_door(change: Callable[[Auth], Auth], name: str = "Ann") -> Meeting:
    """Sign in with an AUTH that is not as it should be."""

    async def meet(server: SignalingServer, stack: AsyncExitStack) -> SignalingPeer:
        peer = await stack.enter_async_context(knocking(server.url, Identity(name)))
        challenge = await peer.challenge()
        await peer.send(change(peer.identity.auth(challenge.nonce)))
        return peer

    return meet


def in_the_den(*said: ClientMessage | str) -> Meeting:
    """Say something as one of two in a room."""

    async def meet(server: SignalingServer, stack: AsyncExitStack) -> SignalingPeer:
        ann = await stack.enter_async_context(signed_in(server.url, "Ann"))
        bea = await stack.enter_async_context(signed_in(server.url, "Bea"))
        await bea.enter(DEN)
        await ann.enter(DEN)
        for message in said:
            if isinstance(message, str):
                await ann.send_raw(message.replace("BEA", bea.peer_id))
            else:
                await ann.send(message)
        return ann

    return meet


def outside(*said: ClientMessage) -> Meeting:
    """Say something in no room, while somebody else is in one."""

    async def meet(server: SignalingServer, stack: AsyncExitStack) -> SignalingPeer:
        bea = await stack.enter_async_context(signed_in(server.url, "Bea"))
        ann = await stack.enter_async_context(signed_in(server.url, "Ann"))
        await bea.enter(DEN)
        for message in said:
            await ann.send(message)
        return ann

    return meet


async def say_nothing_of_oneself(server: SignalingServer, stack: AsyncExitStack) -> SignalingPeer:
    peer = await stack.enter_async_context(knocking(server.url))
    await peer.challenge()
    await peer.send(Heartbeat())
    return peer


async def come_second(server: SignalingServer, stack: AsyncExitStack) -> SignalingPeer:
    await stack.enter_async_context(signed_in(server.url))
    late = await stack.enter_async_context(knocking(server.url))
    challenge = await late.challenge()
    await late.send(late.identity.auth(challenge.nonce))
    return late


async def sign_in_twice(server: SignalingServer, stack: AsyncExitStack) -> SignalingPeer:
    first = await stack.enter_async_context(signed_in(server.url))
    await stack.enter_async_context(signed_in(server.url, identity=first.identity))
    return first


async def stay_until_the_end(server: SignalingServer, stack: AsyncExitStack) -> SignalingPeer:
    peer = await stack.enter_async_context(signed_in(server.url))
    server.reception.send_home(Random(4))
    return peer


async def come_too_often(server: SignalingServer, stack: AsyncExitStack) -> SignalingPeer:
    await stack.enter_async_context(signed_in(server.url))
    return await at_the_door(lambda auth: auth)(server, stack)


CASES: Final[Mapping[ErrorCode, Case]] = {
    ErrorCode.BAD_MESSAGE: Case(in_the_den("[" * 30_000)),
    ErrorCode.BAD_VERSION: Case(at_the_door(lambda auth: replace(auth, version=PROTOCOL_VERSION + 1)), 1008),
    ErrorCode.AUTH_FAILED: Case(at_the_door(lambda auth: replace(auth, signature=bytes(64))), 1008),
    ErrorCode.KEY_REFUSED: Case(
        at_the_door(lambda auth: auth), 1008, options=ServerOptions(access=Access(authorized=frozenset()))
    ),
    ErrorCode.TOKEN_REFUSED: Case(
        at_the_door(lambda auth: replace(auth, token_proof=bytes(32))),
        1008,
        options=ServerOptions(access=Access(tokens=(b"a token of 16 or more",))),
    ),
    ErrorCode.NOT_AUTHENTICATED: Case(say_nothing_of_oneself, 1008),
    ErrorCode.BAD_NAME: Case(at_the_door(lambda auth: auth, name="\x1b[2J"), 1008),
    ErrorCode.BAD_ROOM_NAME: Case(outside(JoinRoom(RoomName("no room"), create=True))),
    ErrorCode.ROOM_EXISTS: Case(outside(CreateRoom(DEN))),
    ErrorCode.NO_SUCH_ROOM: Case(outside(JoinRoom(LOFT, create=False))),
    ErrorCode.ROOM_FULL: Case(outside(JoinRoom(DEN, create=False)), limits=ServerLimits(max_peers=1)),
    ErrorCode.ALREADY_IN_ROOM: Case(in_the_den(CreateRoom(LOFT))),
    ErrorCode.NOT_IN_ROOM: Case(outside(LeaveRoom())),
    ErrorCode.NO_SUCH_PEER: Case(in_the_den(IceCandidate({}, to=NOWHERE))),
    ErrorCode.OPERATION_REFUSED: Case(in_the_den('{"type":"UPDATE"}')),
    ErrorCode.TOO_LARGE: Case(
        in_the_den(f'{{"type":"SDP_OFFER","to":"BEA","payload":{TOO_LARGE_WHEN_WRITTEN_AGAIN}}}')
    ),
    ErrorCode.TOO_MANY: Case(come_second, 1013, limits=ServerLimits(max_connections=1)),
    ErrorCode.RATE_LIMITED: Case(come_too_often, 1013, limits=ServerLimits(join_burst=1, join_rate=0.01)),
    ErrorCode.REPLACED: Case(sign_in_twice, 1008),
    ErrorCode.SHUTTING_DOWN: Case(stay_until_the_end, 1001),
}

COME_BACK: Final = {
    ErrorCode.ROOM_FULL,
    ErrorCode.TOO_MANY,
    ErrorCode.RATE_LIMITED,
    ErrorCode.SHUTTING_DOWN,
}
"""Those that say when."""


@pytest.mark.parametrize("code", ErrorCode)
async def test_every_error_has_a_sentence_and_an_effect_and_only_some_say_when_to_come_back(
    code: ErrorCode,
) -> None:
    case = CASES[code]
    async with SignalingServer(LOCALHOST, 0, case.limits, case.options) as server, AsyncExitStack() as stack:
        peer = await case.meeting(server, stack)
        error = await skip_to(peer, Error)
        assert isinstance(error, Error)
        assert error.code is code
        assert error.message.endswith(".")
        assert "\n" not in error.message
        assert (error.retry_after is not None) == (code in COME_BACK)
        if case.close_code is None:
            await peer.send(Heartbeat())
            await skip_to(peer, Heartbeat)
        else:
            assert await peer.is_closed() == case.close_code
        if code is not ErrorCode.SHUTTING_DOWN:
            errors = (await stats_of(server.port))["errors"]
            assert isinstance(errors, dict)
            assert errors[code] >= 1


async def test_every_type_of_message_passes() -> None:
    turn = TurnRelay(("turn:turn.example.org:3478",), b"a secret of 16 or more")
    options = ServerOptions(stun=True, turn=turn)
    async with (
        SignalingServer(LOCALHOST, 0, ServerLimits(), options) as server,
        signed_in(server.url, "Ann") as ann,
        signed_in(server.url, "Bea") as bea,
    ):
        await skip_to(ann, IceServers)
        await skip_to(bea, IceServers)
        assert await ann.ask(CreateRoom(DEN)) == RoomCreated(DEN)
        assert await bea.ask(JoinRoom(DEN, create=False)) == RoomJoined(DEN, (ann.info,))
        assert await ann.receive() == PeerJoined(bea.info)
        for kind in (SdpOffer, SdpAnswer, IceCandidate):
            await ann.send(kind({"sealed": "x"}, to=bea.peer_id))
            assert await bea.receive() == kind({"sealed": "x"}, sender=ann.peer_id)
        assert await ann.ask(Heartbeat()) == Heartbeat()
        await bea.send(LeaveRoom())
        assert await ann.receive() == PeerLeft(bea.peer_id)
        assert isinstance(await bea.ask(LeaveRoom()), Error)
        messages = (await stats_of(server.port))["messages"]
        assert isinstance(messages, dict)
        assert messages["received"].keys() == names_of(ClientMessage)
        assert messages["sent"].keys() == names_of(ServerMessage)


def names_of(union: object) -> set[str]:
    """Return the types of a union as they stand on the wire."""
    return {_wire_name(kind) for kind in get_args(union)}


def _wire_name(kind: type) -> str:
    return re.sub("(?<!^)(?=[A-Z])", "_", kind.__name__).upper()
