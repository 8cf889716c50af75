"""How long the server waits for a client, and how long it keeps what a lost one had, over real sockets."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.frames import Opcode

from collabterm.protocol.signaling import (
    ErrorCode,
    Heartbeat,
    JoinRoom,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
)
from collabterm_server.limits import ServerLimits
from collabterm_server.relay import SignalingServer
from tests.server.arrivals import beating_until_news
from tests.server.raw_client import (
    LOCALHOST,
    RawClient,
    at_once,
    dialing,
    frame,
    introduce,
    refusal,
    upgraded,
)
from tests.server.signaling_peer import signed_in, stats_say

DEN = RoomName("den")


def serving(**limits: float) -> SignalingServer:
    settings: dict[str, Any] = limits
    return SignalingServer(LOCALHOST, 0, ServerLimits(**settings))


async def test_a_lost_peer_is_awaited_for_the_grace_and_then_the_room_is_handed_over() -> None:
    async with (
        serving(grace_s=1, heartbeat_s=1) as server,
        signed_in(server.url, "Ann") as ann,
        signed_in(server.url, "Bea") as bea,
    ):
        await ann.enter(DEN)
        ann.abort()
        await stats_say(server.port, "connections", 1)
        assert await bea.ask(JoinRoom(DEN, create=True)) == RoomJoined(DEN, (), ("Ann",))
        assert await beating_until_news(bea) == RoomCreated(DEN)


async def test_without_grace_a_room_ends_with_the_last_connection() -> None:
    async with serving(grace_s=0) as server, signed_in(server.url, "Ann") as ann:
        await ann.enter(DEN)
        ann.abort()
        await stats_say(server.port, "connections", 0)
        async with signed_in(server.url) as bea:
            assert await bea.ask(JoinRoom(DEN, create=True)) == RoomCreated(DEN)


async def test_a_client_that_does_not_close_its_end_is_cut_off() -> None:
    loop = asyncio.get_running_loop()
    async with serving(close_s=0.3) as server, upgraded(server.port) as stranger:
        await stranger.hear()
        stranger.say(Heartbeat())
        assert (await refusal(stranger)).code is ErrorCode.NOT_AUTHENTICATED
        began = loop.time()
        assert await stranger.is_closed(answer=False) == 1008
        assert loop.time() - began >= 0.2


async def test_a_client_that_closes_its_end_is_not_waited_for() -> None:
    async with serving(close_s=30) as server, upgraded(server.port) as stranger:
        await stranger.hear()
        stranger.say(Heartbeat())
        assert await stranger.is_closed() == 1008


@pytest.mark.parametrize("shutdown_s", [0, 0.4])
async def test_a_server_that_ends_waits_so_long_for_those_who_do_not_answer(shutdown_s: float) -> None:
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack, asyncio.timeout(15):
        async with serving(shutdown_s=shutdown_s, close_s=30) as server:
            deaf = await stack.enter_async_context(upgraded(server.port))
            await deaf.hear()
            began = loop.time()
        assert loop.time() - began >= shutdown_s * 0.9
        assert (await refusal(deaf)).code is ErrorCode.SHUTTING_DOWN
        assert await deaf.is_closed() == 1001


async def test_a_client_that_drips_its_request_is_cut_off() -> None:
    async with serving(auth_s=0.3) as server, dialing(server.port) as loris:
        loris.write(b"GET / HTTP/1.1\r\n")
        assert await drips_in_vain(loris, b"X: y\r\n") == b""


async def test_a_client_that_drips_its_first_message_is_told_and_closed() -> None:
    async with serving(auth_s=0.3, close_s=0.1) as server, upgraded(server.port) as loris:
        await loris.hear()
        loris.write(frame(b" " * 4_000)[:8])
        assert b"No AUTH came within 0.3 seconds" in await drips_in_vain(loris, b" ")


@pytest.mark.parametrize("first", [b"", frame(b"x" * 60_000)[:8]], ids=["pings", "half a message"])
async def test_a_client_that_has_signed_in_must_say_something_whole(first: bytes) -> None:
    """Each drip comes well before the silence would be too long, and none of them counts."""
    async with (
        serving(heartbeat_s=0.2) as server,
        upgraded(server.port) as loris,
        signed_in(server.url, "Bea") as bea,
    ):
        await introduce(loris)
        loris.write(at_once(JoinRoom(DEN, create=True)))
        assert await loris.hear() == RoomCreated(DEN)
        await bea.enter(DEN)
        loris.write(first)
        dripping = asyncio.create_task(drips_in_vain(loris, b"x" if first else frame(b"", Opcode.PING)))
        assert isinstance(await beating_until_news(bea), PeerLeft)
        await dripping


async def drips_in_vain(client: RawClient, drop: bytes) -> bytes:
    """Send a little again and again until the server has given up; return what it said."""
    rest = asyncio.create_task(client.rest())
    while not (await asyncio.wait((rest,), timeout=0.03))[0]:
        client.write(drop)
    return await rest
