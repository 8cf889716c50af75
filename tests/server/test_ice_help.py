"""What the server tells its clients about STUN and TURN, and that both are there."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import socket
from math import inf
from pathlib import Path
from typing import Final

import pytest
from aioice import stun

from collabterm.errors import CannotListen
from collabterm.protocol.signaling import Heartbeat, IceServers, RoomName, TurnServer
from collabterm_server.limits import ServerLimits
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from collabterm_server.turn import TurnRelay
from tests.server.arrivals import arriving, is_let_in
from tests.server.raw_client import LOCALHOST
from tests.server.served_process import served
from tests.server.signaling_peer import DEADLINE_S, SignalingPeer, signed_in, stats_of

DEN = RoomName("den")
SECRET: Final = b"0123456789abcdef0123456789abcdef"
URLS: Final = ("turn:turn.example.org:3478", "turns:turn.example.org:5349")
TALKATIVE: Final = ServerLimits(message_rate=100_000, message_burst=100_000)


def asked_over_udp(port: int) -> stun.Message:
    """Return what a STUN server answers here."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(DEADLINE_S)
        udp.connect((LOCALHOST, port))
        udp.send(bytes(request))
        answer = stun.parse_message(udp.recv(1_500))
        assert answer.transaction_id == request.transaction_id
        assert answer.attributes["XOR-MAPPED-ADDRESS"] == udp.getsockname()
        return answer


async def ice_servers(peer: SignalingPeer) -> IceServers:
    message = await peer.receive()
    assert isinstance(message, IceServers), message
    return message


async def test_a_server_answers_stun_on_its_own_port_and_says_so_right_after_the_sign_in(
    tmp_path: Path,
) -> None:
    with served(tmp_path) as server:
        async with arriving(server.url) as ann:
            await is_let_in(ann)
            assert await ice_servers(ann) == IceServers(server.port, ())
            answer = asked_over_udp(server.port)
            assert answer.message_class is stun.Class.RESPONSE
            assert (await stats_of(server.port))["stunAnswers"] == 1


async def test_without_stun_and_turn_nothing_is_said(tmp_path: Path) -> None:
    with served(tmp_path, "--no-stun") as server:
        async with arriving(server.url) as ann:
            await is_let_in(ann)
            assert await ann.ask(Heartbeat()) == Heartbeat()
            assert await ann.enter(DEN) == ()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((LOCALHOST, server.port))  # nobody else has it


async def test_turn_servers_come_with_a_credential_of_the_client_that_they_can_check(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    urls = [word for url in URLS for word in ("--turn-url", url)]
    with served(tmp_path, "--no-stun", *urls, "--turn-secret-file", str(tmp_path / "secret")) as server:
        async with arriving(server.url) as ann:
            await is_let_in(ann)
            told = await ice_servers(ann)
        assert told.stun_port is None
        [relay] = told.turn
        assert relay.urls == URLS
        until, _, peer_id = relay.username.partition(":")
        assert peer_id == ann.peer_id
        assert int(until) > 0
        digest = hmac.digest(SECRET, relay.username.encode(), hashlib.sha1)
        assert base64.b64decode(relay.credential) == digest
        assert not [line for line in server.log if relay.credential in line or SECRET.decode() in line]


def with_turn(ttl_s: int) -> SignalingServer:
    options = ServerOptions(stun=True, turn=TurnRelay(URLS, SECRET, ttl_s=ttl_s))
    return SignalingServer(LOCALHOST, 0, TALKATIVE, options)


async def test_a_credential_is_renewed_on_the_first_heartbeat_after_half_of_its_life() -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with with_turn(ttl_s=2) as server, signed_in(server.url) as ann:
        first = await ice_servers(ann)
        told = loop.time()
        beats = [-inf, loop.time()]
        await ann.send(Heartbeat())
        while (message := await ann.receive()) == Heartbeat():
            beats.append(loop.time())
            await ann.send(Heartbeat())
        *_, one_before, _renewing, _one_after = beats
        assert loop.time() >= began + 1, "not earlier"
        assert one_before <= told + 1, "and not later: this one would have been answered by a new one"
        assert isinstance(message, IceServers)
        assert message.stun_port == first.stun_port == server.port
        assert lifetime(message.turn[0]) > lifetime(first.turn[0])
        assert await ann.ask(Heartbeat()) == Heartbeat()


def lifetime(relay: TurnServer) -> int:
    return int(relay.username.partition(":")[0])


async def test_a_credential_that_lasts_is_not_sent_again() -> None:
    async with with_turn(ttl_s=1_000) as server, signed_in(server.url) as ann:
        await ice_servers(ann)
        for _ in range(5):
            assert await ann.ask(Heartbeat()) == Heartbeat()
        await ann.enter(DEN)
        sent = (await stats_of(server.port))["messages"]
        assert isinstance(sent, dict)
        assert sent["sent"]["ICE_SERVERS"] == 1


async def test_every_client_has_a_credential_of_its_own() -> None:
    async with with_turn(ttl_s=1_000) as server, signed_in(server.url) as ann, signed_in(server.url) as bea:
        first, second = (await ice_servers(ann)).turn[0], (await ice_servers(bea)).turn[0]
        assert first.username.endswith(f":{ann.peer_id}")
        assert second.username.endswith(f":{bea.peer_id}")
        assert first.credential != second.credential


async def test_a_udp_port_that_is_taken_is_told_and_the_tcp_port_is_free_again() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((LOCALHOST, 0))
        port = udp.getsockname()[1]
        with pytest.raises(CannotListen, match="UDP: Address already in use"):
            async with SignalingServer(LOCALHOST, port, options=ServerOptions(stun=True)):
                pass
        async with SignalingServer(LOCALHOST, port) as server, signed_in(server.url) as ann:
            assert await ann.ask(Heartbeat()) == Heartbeat()
