"""What the server does with the silent, the slow, the many and the broken, and how it begins and ends."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack

import pytest

from collabterm.errors import CannotListen, PortInUse
from collabterm.protocol.signaling import (
    ClientMessage,
    ErrorCode,
    Heartbeat,
    PeerJoined,
    PeerLeft,
    RoomName,
    SdpOffer,
)
from collabterm_server.limits import ServerLimits
from collabterm_server.relay import SignalingServer
from tests.server.arrivals import is_kept_out
from tests.server.signaling_peer import DEADLINE_S, Pair, SignalingPeer, knocking, signed_in, stats_say

DEN = RoomName("den")
LOCALHOST = "127.0.0.1"


async def test_whoever_does_not_sign_in_is_closed_after_a_while() -> None:
    async with (
        SignalingServer(LOCALHOST, 0, ServerLimits(auth_s=0.3)) as server,
        knocking(server.url) as stranger,
    ):
        await stranger.challenge()
        error = await stranger.refusal()
        assert (error.code, error.message) == (
            ErrorCode.NOT_AUTHENTICATED,
            "No AUTH came within 0.3 seconds: connect again.",
        )
        assert await stranger.is_closed() == 1008


async def test_a_tcp_connection_that_says_nothing_is_closed_after_a_while() -> None:
    async with SignalingServer(LOCALHOST, 0, ServerLimits(auth_s=0.3)) as server:
        reader, writer = await asyncio.open_connection(LOCALHOST, server.port)
        async with asyncio.timeout(DEADLINE_S):
            assert await until_eof(reader) == b""
        writer.close()


async def test_a_silent_client_is_given_up_and_one_that_beats_is_not() -> None:
    limits = ServerLimits(heartbeat_s=0.2, message_rate=100_000, message_burst=100_000)
    async with (
        SignalingServer(LOCALHOST, 0, limits) as server,
        signed_in(server.url, "Ann") as ann,
        signed_in(server.url, "Bea") as bea,
    ):
        await ann.enter(DEN)
        await bea.enter(DEN)
        began = time.monotonic()
        while await bea.ask(Heartbeat()) != PeerLeft(ann.peer_id):
            pass
        assert time.monotonic() - began >= limits.silence_s * 0.9
        assert await bea.receive() == Heartbeat()
        assert await bea.enter(DEN) == ()
        await ann.is_closed()


async def test_a_replaced_connection_that_reads_nothing_does_not_disturb_its_twin() -> None:
    async with (
        SignalingServer(LOCALHOST, 0, ServerLimits(close_s=0.1)) as server,
        signed_in(server.url, "Bea") as bea,
        AsyncExitStack() as stack,
    ):
        ann = await stack.enter_async_context(signed_in(server.url))
        await bea.enter(DEN)
        await ann.enter(DEN)
        assert await bea.receive() == PeerJoined(ann.info)
        ann.socket.transport.pause_reading()
        twin = await stack.enter_async_context(signed_in(server.url, identity=ann.identity))
        assert await bea.receive() == PeerLeft(ann.peer_id)
        assert await twin.enter(DEN) == (bea.info,)
        assert await bea.receive() == PeerJoined(twin.info)
        await stats_say(server.port, "handshakes", 0)
        assert await bea.ask(Heartbeat()) == Heartbeat()
        assert await twin.ask(Heartbeat()) == Heartbeat()


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async with (
        SignalingServer(LOCALHOST, 0, ServerLimits(max_unsent_bytes=100_000)) as server,
        signed_in(server.url, "Ann") as ann,
        signed_in(server.url, "Bea") as bea,
    ):
        await ann.enter(DEN)
        await bea.enter(DEN)
        assert await ann.receive() == PeerJoined(bea.info)
        bea.socket.transport.pause_reading()
        offer = SdpOffer({"sdp": "x" * 60_000}, to=bea.peer_id)
        answer = await flood(ann, offer)
        assert answer == PeerLeft(bea.peer_id)


async def flood(peer: SignalingPeer, message: ClientMessage) -> object:
    """Send a message over and over until something else than a heartbeat comes back."""
    async with asyncio.timeout(4 * DEADLINE_S):
        while True:
            await peer.send(message)
            answer = await peer.ask(Heartbeat())
            if answer != Heartbeat():
                return answer


async def test_a_full_server_asks_to_come_back_later() -> None:
    async with (
        SignalingServer(LOCALHOST, 0, ServerLimits(max_connections=1)) as server,
        signed_in(server.url),
        knocking(server.url) as late,
    ):
        error = await is_kept_out(late)
        assert error.code is ErrorCode.TOO_MANY
        assert error.retry_after is not None
        assert await late.is_closed() == 1013


async def test_a_full_server_lets_a_twin_take_its_own_place() -> None:
    async with (
        SignalingServer(
            LOCALHOST, 0, ServerLimits(max_connections=1, max_connections_per_source=1)
        ) as server,
        signed_in(server.url) as ann,
        signed_in(server.url, identity=ann.identity) as twin,
    ):
        assert await twin.enter(DEN) == ()
        assert (await ann.refusal()).code is ErrorCode.REPLACED


async def test_those_who_only_knock_do_not_use_up_the_places() -> None:
    async with (
        SignalingServer(LOCALHOST, 0, ServerLimits(max_handshakes=1, close_s=0.1)) as server,
        signed_in(server.url) as ann,
    ):
        async with knocking(server.url) as first, knocking(server.url) as second:
            await first.challenge()
            assert (await second.refusal()).code is ErrorCode.TOO_MANY
            assert await ann.ask(Heartbeat()) == Heartbeat()
        await stats_say(server.port, "handshakes", 0)
        async with signed_in(server.url) as bea:
            assert await bea.ask(Heartbeat()) == Heartbeat()


async def test_more_tcp_connections_than_there_are_places_are_cut_off() -> None:
    limits = ServerLimits(max_connections=1, max_handshakes=1)
    async with SignalingServer(LOCALHOST, 0, limits) as server:
        idle = [await asyncio.open_connection(LOCALHOST, server.port) for _ in range(3)]
        async with asyncio.timeout(DEADLINE_S):
            assert await until_eof(idle[-1][0]) == b""
        for _, writer in idle:
            writer.close()


async def test_a_port_scan_leaves_no_trace_and_no_harm(
    server: SignalingServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    upgrade = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    for garbage in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
        b"DELETE /healthz HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1_000,
        b"GET /" + b"a" * 100_000,
        upgrade + b"\r\n",
        upgrade + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
        upgrade
        + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        + b"AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n\xff" * 2,
        b"",
    ):
        reader, writer = await asyncio.open_connection(LOCALHOST, server.port)
        writer.write(garbage)
        writer.write_eof()
        async with asyncio.timeout(DEADLINE_S):
            await until_eof(reader)
        writer.close()
    async with signed_in(server.url) as ann:
        assert await ann.enter(DEN) == ()
    loud = [r for r in caplog.records if r.exc_info or r.levelno >= logging.WARNING]
    assert [record.getMessage() for record in loud] == []


async def until_eof(reader: asyncio.StreamReader) -> bytes:
    """Read until the server has closed, in whatever way."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def test_the_log_tells_who_came_and_went_and_nothing_that_was_said(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await pair.ann.send(SdpOffer({"sdp": "secret words"}, to=pair.bea.peer_id))
    await pair.bea.receive()
    pair.ann.abort()
    await pair.bea.receive()
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("collabterm_server")]
    assert f"< {pair.ann.peer_id} (Ann) SDP_OFFER" in lines
    assert f"> {pair.bea.peer_id} (Bea) SDP_OFFER" in lines
    assert f"{pair.ann.peer_id} (Ann) left" in lines
    assert not any("secret words" in line for line in lines)


async def test_a_server_that_ends_tells_everyone_and_does_not_wait_for_them() -> None:
    limits = ServerLimits(close_s=30)
    async with AsyncExitStack() as clients, asyncio.timeout(limits.close_s / 2):
        async with SignalingServer(LOCALHOST, 0, limits) as server:
            ann, bea, deaf = [await clients.enter_async_context(signed_in(server.url)) for _ in range(3)]
            stranger = await clients.enter_async_context(knocking(server.url))
            await asyncio.open_connection(LOCALHOST, server.port)
            await ann.enter(DEN)
            await bea.enter(DEN)
            assert await ann.receive() == PeerJoined(bea.info)
            await stranger.challenge()
            deaf.socket.transport.pause_reading()
        for peer in (ann, bea, stranger):
            assert (await peer.refusal()).code is ErrorCode.SHUTTING_DOWN
            assert await peer.is_closed() == 1001
        with pytest.raises(OSError):  # noqa: PT011  # whichever way the system says that nobody listens
            await asyncio.open_connection(LOCALHOST, server.port)


async def test_a_port_that_is_taken_is_told(server: SignalingServer) -> None:
    with pytest.raises(PortInUse) as caught:
        async with SignalingServer(LOCALHOST, server.port):
            pass
    assert caught.value.fields == {"host": LOCALHOST, "port": server.port}


@pytest.mark.parametrize(
    ("host", "port"), [("192.0.2.1", 0), ("no-such-host.invalid", 0), ("..", 0), (LOCALHOST, 65_536)]
)
async def test_an_address_that_cannot_be_listened_on_is_told(host: str, port: int) -> None:
    with pytest.raises(CannotListen) as caught:
        async with SignalingServer(host, port):
            pass
    assert caught.value.fields["host"] == host
    assert f"Cannot listen on {host} port {port} (" in str(caught.value)


async def test_the_port_is_free_again_when_the_server_has_ended(server: SignalingServer) -> None:
    async with SignalingServer(LOCALHOST, 0) as first, signed_in(first.url) as ann:
        await ann.enter(DEN)
    async with SignalingServer(LOCALHOST, first.port) as second, signed_in(second.url) as ann:
        assert await ann.enter(DEN) == ()


async def test_ipv6_addresses_are_bracketed_in_the_url() -> None:
    try:
        async with SignalingServer("::1", 0) as server, signed_in(server.url) as ann:
            assert server.url.startswith("ws://[::1]:")
            assert await ann.enter(DEN) == ()
    except CannotListen:
        pytest.skip("this system has no IPv6 loopback")
