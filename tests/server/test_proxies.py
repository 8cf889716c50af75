"""Clients behind a proxy: whose address counts, and whom the log names."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import Final

import pytest

from collabterm.protocol.signaling import ErrorCode
from collabterm_server.addresses import parse_networks
from collabterm_server.limits import DEFAULT_LIMITS, ServerLimits
from collabterm_server.options import DEFAULT_OPTIONS, ServerOptions
from collabterm_server.relay import SignalingServer
from collabterm_server.websocket import WebSocket
from tests.server.arrivals import ELSEWHERE, arriving, is_kept_out, is_let_in
from tests.server.raw_client import LOCALHOST, UPGRADE, dialing
from tests.waiting import until

TRUSTING: Final = ServerOptions(trusted_proxies=parse_networks("127.0.0.1"))
ONE_AT_A_TIME: Final = ServerLimits(max_handshakes_per_source=1)
ONE_EVER: Final = ServerLimits(join_rate=0.01, join_burst=1)


async def test_behind_a_trusted_proxy_clients_count_by_the_address_that_it_tells() -> None:
    async with SignalingServer(LOCALHOST, 0, ONE_AT_A_TIME, TRUSTING) as server, AsyncExitStack() as stack:
        for address in ("203.0.113.7", "203.0.113.8", "198.51.100.1, 2001:db8::1"):
            peer = await stack.enter_async_context(arriving(server.url, forwarded=address))
            await peer.challenge()
        for address in ("203.0.113.7", "1.2.3.4, 203.0.113.8", "2001:db8::2"):
            async with arriving(server.url, forwarded=address) as late:
                assert (await late.refusal()).code is ErrorCode.RATE_LIMITED


async def test_joins_behind_a_trusted_proxy_are_counted_likewise() -> None:
    async with SignalingServer(LOCALHOST, 0, ONE_EVER, TRUSTING) as server:
        for address, is_welcome in (("203.0.113.7", True), ("203.0.113.8", True), ("203.0.113.7", False)):
            async with arriving(server.url, forwarded=address) as peer:
                await (is_let_in(peer) if is_welcome else is_kept_out(peer))


async def test_a_request_that_comes_in_parts_is_held_against_nobody() -> None:
    """It begins before its source is known, and ends as that source's."""
    request = UPGRADE.removesuffix(b"\r\n") + b"X-Forwarded-For: 203.0.113.7\r\n\r\n"
    async with (
        SignalingServer(LOCALHOST, 0, DEFAULT_LIMITS, TRUSTING) as server,
        dialing(server.port) as client,
    ):
        [socket] = await until_connected(server)
        socket.get_buffer(-1)[: len(request) - 1] = request[:-1]
        socket.buffer_updated(len(request) - 1)
        client.write(request[-1:])
        assert (await client.head()).startswith("HTTP/1.1 101 ")
        assert server.reception._door._held == {}


async def until_connected(server: SignalingServer) -> list[WebSocket]:
    """Wait for a connection; return the server's end of all."""
    await until(lambda: server.reception._clients, "the server knows of the connection")
    return [client.socket for client in server.reception._clients]


async def test_whoever_is_no_proxy_makes_up_addresses_in_vain() -> None:
    async with (
        SignalingServer(LOCALHOST, 0, ONE_AT_A_TIME, TRUSTING) as server,
        arriving(server.url, address=ELSEWHERE, forwarded="203.0.113.7") as first,
    ):
        await first.challenge()
        async with arriving(server.url, address=ELSEWHERE, forwarded="203.0.113.8") as second:
            assert (await second.refusal()).code is ErrorCode.RATE_LIMITED


@pytest.mark.parametrize(
    ("options", "address", "logged"),
    [
        (TRUSTING, LOCALHOST, "203.0.113.7"),
        (TRUSTING, ELSEWHERE, ELSEWHERE),
        (DEFAULT_OPTIONS, LOCALHOST, LOCALHOST),
    ],
    ids=["from a proxy", "from somebody else", "no proxy is trusted"],
)
async def test_the_log_has_the_address_that_is_believed(
    options: ServerOptions, address: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with (
        SignalingServer(LOCALHOST, 0, DEFAULT_LIMITS, options) as server,
        arriving(server.url, address=address, forwarded="203.0.113.7") as peer,
    ):
        await is_let_in(peer)
    line = f"{peer.peer_id} (Ann) signed in from {logged} with {peer.info.fingerprint}"
    assert line in caplog.messages
