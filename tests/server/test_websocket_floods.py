"""Who sends too much, holds too much or does not read, over real sockets: where WebSocket draws the line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.frames import CloseCode, Opcode

from tests.server.raw_client import RawClient, close_frame, dialing, frame, upgraded
from tests.server.websocket_host import MAX_UNSENT_BYTES, Host, listening
from tests.waiting import until

IDLE_FRAMES = 64

PING, PONG, CONT, CLOSE = Opcode.PING, Opcode.PONG, Opcode.CONT, Opcode.CLOSE


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with listening() as made:
        yield made


@pytest.fixture
async def client(host: Host) -> AsyncIterator[RawClient]:
    async with upgraded(host.port) as raw:
        yield raw


@pytest.mark.parametrize(
    "idle",
    [frame(b"", PING), frame(b"", PONG), frame(b"x", PING)],
    ids=["empty pings", "pongs that nobody asked for", "pings"],
)
async def test_as_many_idle_frames_as_a_library_sends_pass_and_a_flood_does_not(
    client: RawClient, host: Host, idle: bytes
) -> None:
    for frames in (IDLE_FRAMES, 1, 1):  # each message makes up for one
        client.write(idle * frames, frame(b"a message"))
        await until(lambda: host.last.messages, "the message comes")
        host.last.messages.clear()
    client.write(idle * 2, frame(b"too late"))
    assert await client.is_closed() is None
    assert host.last.messages == []


async def test_a_message_in_more_fragments_than_anybody_needs_ends_the_connection(
    client: RawClient, host: Host
) -> None:
    empty = frame(b"", CONT, fin=False)
    client.write(frame(b"", fin=False), empty * (IDLE_FRAMES - 1), frame(b"ok", CONT))
    assert await client.frame() == (Opcode.TEXT, b"ok")
    client.write(frame(b"", fin=False), empty * IDLE_FRAMES, frame(b"too late", CONT))
    assert await client.is_closed() is None
    assert host.last.messages == ["ok"]


async def test_what_is_held_of_a_message_is_told_until_it_is_whole_or_lost(
    client: RawClient, host: Host
) -> None:
    client.write(frame(b"x" * 300, fin=False), frame(b"y" * 200, CONT)[:100])
    await until(lambda: host.last.held >= 300, "the handler knows what is held")
    client.write(frame(b"y" * 200, CONT)[100:])
    await client.frame()
    assert host.last.held == 0
    client.write(frame(b"x" * 300, fin=False))
    await until(lambda: host.last.held >= 300, "the handler knows what is held")
    client.reset()
    await host.is_told_of_the_end()
    assert host.last.held == 0


async def test_whoever_would_have_more_held_than_may_be_is_cut_off(client: RawClient, host: Host) -> None:
    host.last.may_hold_bytes = 400
    client.write(frame(b"x" * 300, fin=False))
    await until(lambda: host.last.held >= 300, "the handler knows what is held")
    client.write(frame(b"y" * 300, CONT)[:150])
    assert await client.is_closed() is None
    await host.is_told_of_the_end()
    assert host.last.held == 0


@pytest.mark.parametrize("ends_it", [close_frame(1000), b"\xff\xff"], ids=["a farewell", "nonsense"])
async def test_whoever_goes_on_and_on_after_the_end_is_cut_off(
    client: RawClient, host: Host, ends_it: bytes
) -> None:
    client.write(ends_it, b"x" * 200_000)
    await host.is_told_of_the_end()


async def test_a_request_without_end_is_cut_off(host: Host) -> None:
    async with dialing(host.port) as client:
        client.write(b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 10_000)
        await client.rest()
    await host.is_told_of_the_end()
    assert host.last.calls == ["connected", "closed"]


async def test_a_client_that_does_not_read_is_cut_off_when_too_much_waits(
    client: RawClient, host: Host
) -> None:
    client.stop_reading()
    socket = host.last.socket
    sent = 0
    while socket.send(b"x" * 10_000):
        sent += 1
        await asyncio.sleep(0)
        assert sent < 10_000, "nothing holds the server back"
    await host.is_told_of_the_end()
    assert socket.is_closing


async def test_what_is_sent_to_somebody_on_their_way_out_is_forgotten(client: RawClient, host: Host) -> None:
    socket = host.last.socket
    socket.close(CloseCode.GOING_AWAY)
    socket.close(CloseCode.POLICY_VIOLATION)
    assert socket.send(b"x" * 10 * MAX_UNSENT_BYTES)
    assert await client.frame() == (CLOSE, (1001).to_bytes(2, "big"))
    client.write(close_frame(1001))
    assert await client.rest() == b""
    client.hang_up()
    await host.is_told_of_the_end()
    assert socket.send(b"still nobody")
