"""A link is not held up by servers or addresses that do not answer, and prefers a path without a relay."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from time import perf_counter, time
from typing import Any

import pytest

from collabterm.protocol.signaling import PeerId
from collabterm.transport.ice import (
    DIRECT_FIRST_S,
    REFLEXIVE_S,
    RELAY_S,
    addresses_that_ask,
    do_not_ask_from,
    or_loopback,
)
from collabterm.transport.ice_servers import IceServer
from collabterm.transport.peer_link import PeerLink
from collabterm_server.stun import answer_binding
from collabterm_server.turn import TurnRelay
from tests.coturn import SECRET, Coturn, why_no_coturn
from tests.network import SilentUdpServer
from tests.stun_server import answering
from tests.waiting import until

SLACK_S = 0.5
OUTSIDE = ("203.0.113.9", 4444)
"""What this machine looks like from outside."""


def link_with(*servers: IceServer) -> PeerLink:
    return PeerLink("bob", servers, lambda *_: None, lambda *_: None, lambda *_: None)


async def offer_with(*servers: IceServer) -> tuple[str, float]:
    """Return an offer's description and how long it took."""
    link = link_with(*servers)
    started_s = perf_counter()
    offer = await link.offer()
    took_s = perf_counter() - started_s
    await link.close()
    return offer["sdp"], took_s


def told_outside(request: bytes) -> bytes | None:
    return answer_binding(request, *OUTSIDE)


def turn_of(silent: SilentUdpServer) -> IceServer:
    return IceServer(silent.stun_url.replace("stun", "turn"), "ana", "secret")


async def test_without_servers_an_offer_is_ready_at_once_and_names_an_address() -> None:
    description, took_s = await offer_with()
    assert took_s < SLACK_S
    assert "a=candidate:" in description


async def test_what_a_stun_server_says_is_offered() -> None:
    async with answering(told_outside) as server:
        description, took_s = await offer_with(IceServer(server.url))
        assert took_s < SLACK_S
        assert f"{OUTSIDE[0]} {OUTSIDE[1]} typ srflx" in description


async def test_a_lost_request_to_a_stun_server_is_repeated_in_time() -> None:
    asked: list[bytes] = []

    def tell_who_asks_again(request: bytes) -> bytes | None:
        asked.append(request)
        return told_outside(request) if len(asked) > len(addresses_that_ask()) else None

    async with answering(tell_who_asks_again) as server:
        description, took_s = await offer_with(IceServer(server.url))
        assert took_s < REFLEXIVE_S
        assert "typ srflx" in description


async def test_a_stun_server_that_died_holds_an_offer_up_for_half_a_second() -> None:
    with SilentUdpServer() as silent:
        description, took_s = await offer_with(IceServer(silent.stun_url))
    assert took_s < REFLEXIVE_S + SLACK_S
    assert "typ host" in description


async def test_a_turn_server_that_died_holds_an_offer_up_for_less_than_a_second() -> None:
    with SilentUdpServer() as silent:
        description, took_s = await offer_with(turn_of(silent))
    assert took_s < RELAY_S + SLACK_S
    assert "typ host" in description


async def test_an_address_that_does_not_hear_the_server_is_not_asked_from() -> None:
    async with answering(lambda request: None) as server:
        do_not_ask_from(addresses_that_ask(), ("127.0.0.1", server.port))
        _, took_s = await offer_with(IceServer(server.url))
        assert took_s < REFLEXIVE_S
        assert not server.requests


def only_relays(description: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description without the candidates over which there is a direct path."""
    lines = description["sdp"].splitlines(keepends=True)
    assert any("typ relay" in line for line in lines), "there is no relay"
    sdp = "".join(line for line in lines if "a=candidate" not in line or "typ relay" in line)
    return {**description, "sdp": sdp}


@pytest.mark.skipif(why_no_coturn() is not None, reason=why_no_coturn() or "")
async def test_a_path_through_a_relay_is_opened_only_after_a_direct_one_had_its_time() -> None:
    opened: list[PeerLink] = []
    with Coturn() as coturn:
        turn = TurnRelay((coturn.url,), SECRET).credentials(PeerId("ana"), time())
        server = IceServer(coturn.url, turn.username, turn.credential)
        ana, bob = (
            PeerLink(name, (server,), opened.append, lambda *_: None, lambda *_: None)
            for name in ("bob", "ana")
        )
        offer = only_relays(await ana.offer())
        started_s = perf_counter()
        await ana.accept(only_relays(await bob.answer(offer)))
        await until(lambda: len(opened) == 2, "both ends are open")
        assert perf_counter() - started_s > DIRECT_FIRST_S
        await asyncio.gather(ana.close(), bob.close())


def test_stun_is_asked_from_this_machines_addresses_of_ipv4() -> None:
    addresses = addresses_that_ask()
    assert addresses
    assert all(ip_address(address).version == 4 for address in addresses)


def test_loopback_is_offered_where_there_is_no_other_address() -> None:
    assert or_loopback(lambda use_ipv4, use_ipv6: [])(True, True) == ["127.0.0.1"]


def test_loopback_is_not_offered_beside_another_address() -> None:
    assert or_loopback(lambda use_ipv4, use_ipv6: ["192.0.2.7"])(True, True) == ["192.0.2.7"]


@pytest.mark.parametrize("asked", [(True, True), (True, False), (False, True)])
def test_the_families_asked_for_are_passed_on(asked: Sequence[bool]) -> None:
    assert or_loopback(lambda use_ipv4, use_ipv6: [f"{use_ipv4} {use_ipv6}"])(*asked) == [
        f"{asked[0]} {asked[1]}"
    ]
