"""How a machine can be reached: STUN servers that answer, and loopback where there is no other address."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from typing import cast

import pytest

from collabterm.transport.ice import PROBE_TIMEOUT_S, or_loopback, responsive_stun_servers
from collabterm.transport.peer_link import PeerLink
from tests.network import SilentUdpServer


class StunServer(asyncio.DatagramProtocol):
    """A STUN server (RFC 8489) whose answer is ``answer`` of the request."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(self._answer(data), addr)


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes]) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: StunServer(answer), local_addr=("127.0.0.1", 0)
    )
    yield f"stun:127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    transport.close()


def success(request: bytes) -> bytes:
    return struct.pack("!HH", 0x0101, 0) + request[4:20]


async def test_a_server_that_answers_is_used() -> None:
    async with answering(success) as url:
        assert await responsive_stun_servers([url]) == [url]


async def test_a_dead_server_is_not_used_and_costs_less_than_a_second() -> None:
    with SilentUdpServer() as one, SilentUdpServer() as other:
        async with answering(success) as url:
            started = perf_counter()
            assert await responsive_stun_servers([one.stun_url, url, other.stun_url]) == [url]
            assert perf_counter() - started < min(1.0, 2 * PROBE_TIMEOUT_S)


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: b"",
        lambda request: request,
        lambda request: success(request)[:10],
        lambda request: success(bytes(20)),
        lambda request: struct.pack("!HH", 0x0111, 0) + request[4:20],
    ],
    ids=["nothing", "an echo", "too short", "of another transaction", "an error"],
)
async def test_an_answer_that_is_none_does_not_count(answer: Callable[[bytes], bytes]) -> None:
    async with answering(answer) as url:
        assert await responsive_stun_servers([url]) == []


@pytest.mark.parametrize("url", ["stun:nowhere.invalid", "stun:127.0.0.1:1", "stun:"])
async def test_an_address_without_a_server_is_not_used(url: str) -> None:
    assert await responsive_stun_servers([url]) == []


async def test_no_servers_is_no_work() -> None:
    assert await responsive_stun_servers([]) == []


async def test_without_servers_an_offer_is_ready_at_once_and_names_an_address() -> None:
    link = PeerLink("bob", (), lambda *_: None, lambda *_: None, lambda *_: None)
    started = perf_counter()
    offer = await link.offer()
    assert perf_counter() - started < 1.0
    assert "a=candidate:" in offer["sdp"]
    await link.close()


def test_loopback_is_offered_where_there_is_no_other_address() -> None:
    assert or_loopback(lambda use_ipv4, use_ipv6: [])(True, True) == ["127.0.0.1"]


def test_loopback_is_not_offered_beside_another_address() -> None:
    assert or_loopback(lambda use_ipv4, use_ipv6: ["192.0.2.7"])(True, True) == ["192.0.2.7"]


@pytest.mark.parametrize("asked", [(True, True), (True, False), (False, True)])
def test_the_families_asked_for_are_passed_on(asked: tuple[bool, bool]) -> None:
    assert or_loopback(lambda use_ipv4, use_ipv6: [f"{use_ipv4} {use_ipv6}"])(*asked) == [
        f"{asked[0]} {asked[1]}"
    ]
