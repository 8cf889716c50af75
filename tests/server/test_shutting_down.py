"""How a server ends: what everybody is told, when they are to come back, and how long it takes."""

from __future__ import annotations

import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest

from collabterm.protocol.signaling import Error, ErrorCode, RoomName
from collabterm_server.limits import ServerLimits
from collabterm_server.relay import SignalingServer
from tests.server.arrivals import arriving, is_let_in, skip_to
from tests.server.certificate_files import CertificateFiles, trusting
from tests.server.raw_client import LOCALHOST, UPGRADE, RawClient, dialing, upgraded
from tests.server.served_process import served
from tests.server.signaling_peer import SignalingPeer, knocking, signed_in, stats_say

DEN = RoomName("den")
COMEBACKS_PER_S: Final = 500
CROWD: Final = 60
TALKATIVE = ServerLimits(join_rate=100_000, join_burst=100_000)


async def farewell(peer: SignalingPeer) -> Error:
    """Return the last thing that the server says, which must be that it ends."""
    error = await skip_to(peer, Error)
    assert isinstance(error, Error)
    assert error.code is ErrorCode.SHUTTING_DOWN
    assert error.message.endswith("your editor connects again by itself.")
    assert await peer.is_closed() == 1001
    return error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_everybody_is_told_and_the_process_ends_as_soon_as_all_have_closed(
    tmp_path: Path, number: int
) -> None:
    with served(tmp_path, "--limit", "shutdown_s=30") as server:
        async with AsyncExitStack() as stack:
            peers = [await stack.enter_async_context(arriving(server.url)) for _ in range(5)]
            for peer in peers:
                await is_let_in(peer)
            stranger = await stack.enter_async_context(knocking(server.url))
            await stranger.challenge()
            server.signal(number)
            for peer in (*peers, stranger):
                await farewell(peer)
            assert server.ends() == 0
    assert server.levels() == {"INFO"}
    assert server.log[-1].endswith("ended")


async def test_those_who_do_not_read_answer_or_finish_are_not_waited_for(tmp_path: Path) -> None:
    with served(tmp_path, "--limit", "close_s=30") as server:
        async with AsyncExitStack() as stack:

            async def dial() -> RawClient:
                return await stack.enter_async_context(dialing(server.port))

            deaf = await stack.enter_async_context(upgraded(server.port))
            deaf.stop_reading()
            mute = await stack.enter_async_context(upgraded(server.port))
            await mute.hear()
            await dial()
            (await dial()).write(UPGRADE[:40])
            (await dial()).write(b"GET /healthz HTTP/1.1\r\n\r\n")
            reading = await stack.enter_async_context(arriving(server.url))
            await is_let_in(reading)
            server.signal(signal.SIGTERM)
            await farewell(reading)
            assert server.ends() == 0
            error = await mute.hear()
            assert isinstance(error, Error)
            assert error.code is ErrorCode.SHUTTING_DOWN
    assert server.levels() == {"INFO"}


async def test_a_server_with_tls_ends_likewise(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path)
    files.issue("localhost")
    tls = ("--tls-cert", str(files.cert), "--tls-key", str(files.key))
    with served(tmp_path, "--limit", "close_s=30", *tls) as server:
        async with arriving(server.url, ssl=trusting()) as ann, dialing(server.port, ssl=trusting()) as mute:
            await is_let_in(ann)
            await mute.upgrade()
            async with dialing(server.port):
                server.signal(signal.SIGTERM)
                await farewell(ann)
                assert server.ends() == 0
    assert server.levels() == {"INFO"}


async def test_a_crowd_is_asked_to_come_back_one_after_the_other() -> None:
    async with AsyncExitStack() as stack:
        async with SignalingServer(LOCALHOST, 0, TALKATIVE) as server:
            peers = [await stack.enter_async_context(signed_in(server.url)) for _ in range(CROWD)]
        times = [(await farewell(peer)).retry_after for peer in peers]
    told = sorted(each for each in times if each is not None)
    assert len(told) == CROWD
    assert told[0] >= 0
    assert told[-1] <= CROWD / COMEBACKS_PER_S
    assert told[-1] - told[0] > CROWD / COMEBACKS_PER_S / 2, "all come back at once"
    assert len(set(told)) > CROWD / 4


async def test_one_alone_may_come_back_at_once() -> None:
    async with AsyncExitStack() as stack:
        async with SignalingServer(LOCALHOST, 0) as server:
            ann = await stack.enter_async_context(signed_in(server.url))
        error = await farewell(ann)
        assert error.retry_after is not None
        assert error.retry_after <= 1 / COMEBACKS_PER_S


async def test_nobody_hears_that_others_left_because_the_server_ends() -> None:
    async with AsyncExitStack() as stack:
        async with SignalingServer(LOCALHOST, 0) as server:
            ann, bea = [await stack.enter_async_context(signed_in(server.url)) for _ in range(2)]
            await ann.enter(DEN)
            assert await bea.enter(DEN) == (ann.info,)
            await ann.receive()
            await stats_say(server.port, "rooms", 1)
        for peer in (ann, bea):
            assert (await peer.refusal()).code is ErrorCode.SHUTTING_DOWN
            assert await peer.is_closed() == 1001
