"""How the signaling client ends a connection, and when it comes back.

Against the real server, and against one that says what it is told to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest

from collabterm.errors import ServerAway, ServerBusy, ServerProblem, ServerRefused, ServerUnreachable
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    AuthOk,
    Challenge,
    Error,
    ErrorCode,
    Heartbeat,
    IceServers,
    LeaveRoom,
    PeerId,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SignalingMessage,
    TurnServer,
)
from collabterm.protocol.signaling_json import encode_signal
from collabterm.transport.losses import LONGEST_RETRY_AFTER_S, REFUSED_RETRY_S, REPLACED_RETRY_S
from collabterm.transport.signaling_client import SPREAD, EnteredRoom, LostServer, RoomHandedOver
from collabterm_server.limits import ServerLimits
from collabterm_server.relay import SignalingServer
from tests.transport.visitors import (
    HELLO,
    JOINED,
    WELCOME,
    ScriptedServer,
    Visitor,
    listening,
    speaking_at_once,
)
from tests.waiting import until


@pytest.fixture
async def server() -> AsyncIterator[SignalingServer]:
    async with SignalingServer("127.0.0.1", 0) as running:
        yield running


def refused(code: ErrorCode, retry_after: float | None = None) -> Error:
    return Error(code, "Because.", retry_after)


@pytest.mark.parametrize("code", [ErrorCode.TOO_MANY, ErrorCode.RATE_LIMITED, ErrorCode.SHUTTING_DOWN])
@pytest.mark.parametrize("before", [[], [HELLO], WELCOME], ids=["at the door", "signing in", "joining"])
async def test_a_busy_server_is_asked_again_when_it_wants_to_be(
    code: ErrorCode, before: Sequence[SignalingMessage]
) -> None:
    busy = [*before, refused(code, 0.4)]
    async with ScriptedServer(busy, [*WELCOME, JOINED]) as server, Visitor(server.url, "ana") as ana:
        lost = await ana.sees(LostServer)
        assert isinstance(lost.problem, ServerAway if code is ErrorCode.SHUTTING_DOWN else ServerBusy)
        assert lost.retry_s is not None
        assert 0.4 <= lost.retry_s <= 0.4 * SPREAD
        await ana.sees(EnteredRoom)
        assert len(server.heard) == 2


async def test_a_server_that_asks_for_a_week_is_asked_again_in_minutes() -> None:
    async with (
        ScriptedServer([refused(ErrorCode.TOO_MANY, 604_800.0)]) as server,
        Visitor(server.url, "ana") as ana,
    ):
        retry_s = (await ana.sees(LostServer)).retry_s
        assert retry_s is not None
        assert LONGEST_RETRY_AFTER_S <= retry_s <= SPREAD * LONGEST_RETRY_AFTER_S


async def test_those_who_are_told_the_same_time_do_not_come_back_at_once() -> None:
    async with (
        ScriptedServer([refused(ErrorCode.TOO_MANY, 10.0)]) as server,
        AsyncExitStack() as stack,
    ):
        people = [await stack.enter_async_context(Visitor(server.url, str(one))) for one in range(20)]
        pauses = sorted([(await one.sees(LostServer)).retry_s or 0.0 for one in people])
        assert pauses[0] >= 10.0
        assert pauses[-1] - pauses[0] > 2.5
        assert len({round(pause, 1) for pause in pauses}) > 10


async def test_a_server_that_shuts_down_is_asked_again_as_if_for_the_first_time() -> None:
    down = [refused(ErrorCode.SHUTTING_DOWN, 0.0)]
    async with ScriptedServer(down) as server, Visitor(server.url, "ana") as ana:
        await ana.sees(LostServer, 6)
        assert max(event.retry_s or 0.0 for event in ana.all(LostServer)) <= 0.2


@pytest.mark.parametrize("code", [ErrorCode.KEY_REFUSED, ErrorCode.TOKEN_REFUSED, ErrorCode.BAD_NAME])
async def test_one_who_is_in_the_room_and_no_longer_may_be_asks_again_slowly(code: ErrorCode) -> None:
    async with ScriptedServer([*WELCOME, JOINED]) as server, Visitor(server.url, "ana") as ana:
        await ana.sees(EnteredRoom)
        await server.say(refused(code))
        lost = await ana.sees(LostServer)
        assert isinstance(lost.problem, ServerRefused)
        assert lost.retry_s is not None
        assert lost.retry_s >= REFUSED_RETRY_S


@pytest.mark.parametrize("code", ["rate_limited", "bad_message", "no_such_peer", "of a later version"])
async def test_an_error_about_one_message_is_not_the_end_of_the_connection(code: str) -> None:
    said = f'{{"type":"ERROR","code":"{code}","message":"Because.","retry_after":5}}'
    later = encode_signal(PeerLeft(PeerId("b")))
    script = [encode_signal(message) for message in [*WELCOME, JOINED]]
    async with speaking_at_once([*script, said, later]) as url, Visitor(url, "ana") as ana:
        await ana.sees(PeerLeft)
        assert not ana.all(LostServer)


async def test_two_programs_with_one_identity_do_not_throw_each_other_out_for_ever(
    server: SignalingServer,
) -> None:
    first, second = Visitor(server.url, "ana"), Visitor(server.url, "ana")
    second.client._identity = first.identity
    async with first:
        await first.sees(EnteredRoom)
        async with second:
            await second.sees(EnteredRoom)
            retry_s = (await first.sees(LostServer)).retry_s
            assert retry_s is not None
            assert retry_s >= REPLACED_RETRY_S
            assert not second.all(LostServer)


@pytest.mark.parametrize(("status", "kind"), [("503 Busy", ServerAway), ("502 Bad", ServerUnreachable)])
async def test_a_proxy_whose_server_is_away_is_no_other_kind_of_server(
    status: str, kind: type[ServerProblem]
) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n".encode())

    async with listening(speak) as url, Visitor(url, "ana") as ana:
        lost = await ana.sees(LostServer)
        assert isinstance(lost.problem, kind)
        assert ((lost.retry_s or 0.0) >= 30.0) == (kind is ServerAway)


async def test_who_leaves_says_so_and_closes() -> None:
    async with ScriptedServer([*WELCOME, JOINED]) as server:
        async with Visitor(server.url, "ana") as ana:
            await ana.sees(EnteredRoom)
        await until(lambda: server.codes, "the connection ends")
        assert server.heard[0][-1] == LeaveRoom()
        assert server.codes == [1000]


async def test_a_server_that_falls_silent_is_lost_after_a_few_missed_beats_and_not_left() -> None:
    silent = Challenge(PROTOCOL_VERSION, bytes(32), 1.0)
    async with (
        ScriptedServer([silent, AuthOk(PeerId("a")), JOINED]) as server,
        Visitor(server.url, "ana") as ana,
    ):
        assert "(no answer in time)" in str(await ana.problem())
        await until(lambda: server.codes, "the connection ends")
        assert [type(message) for message in server.heard[0]].count(Heartbeat) >= 1
        assert LeaveRoom() not in server.heard[0]
        assert server.codes == [1006]


async def test_who_leaves_does_not_wait_for_a_server_that_hangs() -> None:
    async with ScriptedServer([*WELCOME, JOINED]) as server, Visitor(server.url, "ana") as ana:
        await ana.sees(EnteredRoom)
        server.hang()
        async with asyncio.timeout(10):
            await ana.__aexit__()
        assert server.codes == [], "nothing came of it there"


async def test_help_with_ice_is_passed_on() -> None:
    help_with_ice = IceServers(3478, (TurnServer(("turn:t",), "user", "secret"),))
    async with ScriptedServer([*WELCOME, help_with_ice, JOINED]) as server, Visitor(server.url, "a") as ana:
        await ana.sees(EnteredRoom)
        assert ana.events[0] == help_with_ice


# -- a room that is kept for others


async def test_a_room_that_is_kept_for_others_is_entered_and_handed_over_later() -> None:
    kept = RoomJoined(RoomName("demo"), (), ("bob",))
    async with ScriptedServer([*WELCOME, kept]) as server, Visitor(server.url, "ana") as ana:
        await ana.sees(EnteredRoom)
        await server.say(RoomCreated(RoomName("demo")))
        await ana.sees(RoomHandedOver)
        entered = EnteredRoom(created=False, hosting=False, peers=(), awaited=("bob",))
        assert ana.events == [entered, RoomHandedOver()]


async def test_the_server_waits_for_who_was_lost_and_not_for_who_left() -> None:
    async with SignalingServer("127.0.0.1", 0, ServerLimits(grace_s=1.0)) as server:
        async with Visitor(server.url, "ana") as ana:
            await ana.sees(EnteredRoom)
        async with Visitor(server.url, "bob") as bob:
            assert (await bob.sees(EnteredRoom)).created
            bob.cut_cable()
        async with Visitor(server.url, "cleo") as cleo:
            assert (await cleo.sees(EnteredRoom)).awaited == ("bob",)
            await cleo.sees(RoomHandedOver)


async def test_who_comes_back_in_time_finds_the_stranger_and_the_room_stays_theirs() -> None:
    async with (
        SignalingServer("127.0.0.1", 0, ServerLimits(grace_s=5.0)) as server,
        Visitor(server.url, "bob") as bob,
    ):
        await bob.sees(EnteredRoom)
        bob.cut_cable()
        async with Visitor(server.url, "cleo") as cleo:
            assert (await cleo.sees(EnteredRoom)).awaited == ("bob",)
            back = EnteredRoom(created=False, hosting=False, peers=(cleo.info,))
            assert await bob.sees(EnteredRoom, 2) == back
            assert await cleo.sees(PeerJoined) == PeerJoined(bob.info)
