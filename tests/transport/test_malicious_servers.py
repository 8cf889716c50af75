"""What a server that means harm can make a client do: nothing beyond the connection to that server."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from collabterm.errors import NotASignalingServer, ServerRefused
from collabterm.protocol.limits import MAX_ROSTER
from collabterm.protocol.signaling import (
    PeerId,
    PeerInfo,
    PeerJoined,
    PeerLeft,
    RoomCreated,
    RoomJoined,
    RoomName,
    SignalingMessage,
)
from collabterm.transport.signaling_client import EnteredRoom, LostServer, RoomHandedOver
from collabterm_server.access import Access
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from tests.network import free_port
from tests.transport.visitors import WELCOME, ScriptedServer, Visitor, listening
from tests.waiting import until

DEMO = RoomName("demo")
PEERS = tuple(PeerInfo(PeerId(f"{number:020d}"), "Ann", "") for number in range(MAX_ROSTER + 1))
JOINED = RoomJoined(DEMO, PEERS[:1])


# -- redirects


@asynccontextmanager
async def redirecting(location: str, status: int = 302) -> AsyncIterator[str]:
    """Run an HTTP server that sends everybody elsewhere."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())

    async with listening(converse) as url:
        yield url


@pytest.mark.parametrize(
    "location", ["ws://[::1", "ws://h:99999999/", "ws://a..b/", f"ws://{'a' * 300}/", "http://x/", "//", ""]
)
async def test_a_redirect_to_nowhere_is_no_signaling_server_and_no_failure_of_ours(location: str) -> None:
    async with redirecting(location) as url, Visitor(url, "ana") as ana:
        assert isinstance(await ana.problem(), NotASignalingServer)
        assert not ana.running.done()


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    visits: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(await reader.read(16))

    async with (
        listening(note) as internal,
        redirecting(f"{internal}/delete?all=1", status) as url,
        Visitor(url, "ana") as ana,
    ):
        assert isinstance(await ana.problem(), NotASignalingServer)
        await ana.sees(LostServer, 2)
        assert not visits


# -- rooms that are none


@pytest.mark.parametrize(
    "messages",
    [
        [RoomJoined(DEMO, PEERS)],
        [RoomJoined(DEMO, (), ("Ann",) * (MAX_ROSTER + 1))],
        [RoomCreated(DEMO), *map(PeerJoined, PEERS)],
        [RoomJoined(DEMO, PEERS[:-1]), PeerJoined(PEERS[-1])],
        [RoomJoined(DEMO, PEERS[:-1]), RoomCreated(DEMO), PeerJoined(PEERS[-1])],
        [JOINED, JOINED],
        [RoomCreated(DEMO), JOINED],
    ],
    ids=["present", "awaited", "one by one", "one more", "after a handover", "twice", "twice in another way"],
)
async def test_a_server_that_tells_of_more_peers_than_a_room_holds_is_left(
    messages: Sequence[SignalingMessage],
) -> None:
    async with ScriptedServer([*WELCOME, *messages]) as server, Visitor(server.url, "ana") as ana:
        assert isinstance(await ana.problem(), NotASignalingServer)
        told = [peer for event in ana.all(EnteredRoom) for peer in event.peers]
        assert len(told) + len(ana.all(PeerJoined)) <= MAX_ROSTER


async def test_in_a_room_many_come_and_go_and_as_many_as_it_holds_stay() -> None:
    coming_and_going = [kind for peer in PEERS[1:] for kind in (PeerJoined(peer), PeerLeft(peer.peer_id))]
    again = [PeerJoined(PEERS[0])] * MAX_ROSTER
    script = [*WELCOME, JOINED, *coming_and_going, *again, *map(PeerJoined, PEERS[1:-1])]
    async with ScriptedServer([*script, RoomCreated(DEMO)]) as server, Visitor(server.url, "ana") as ana:
        await ana.sees(RoomHandedOver)
        assert not ana.all(LostServer)


# -- a sign-in that is passed on


@asynccontextmanager
async def passing_on(honest: str) -> AsyncIterator[tuple[str, list[str]]]:
    """Run a server that is between its clients and an honest one; give its address and what that one says."""
    said: list[str] = []

    async def attend(victim: ServerConnection) -> None:
        async with connect(honest, proxy=None, ping_interval=None) as attacker:
            await victim.send(await attacker.recv())
            await attacker.send(await victim.recv())
            said.append(str(await attacker.recv()))

    async with serve(attend, "127.0.0.1", 0, close_timeout=0.1) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", said


@pytest.mark.parametrize("port_is_named", [True, False])
async def test_what_was_signed_for_another_server_does_not_open_a_named_one(port_is_named: bool) -> None:
    host, port = ("127.0.0.1", free_port()) if port_is_named else ("localhost", 0)
    token = secrets.token_bytes(16)
    ana = Visitor("", "ana", token=token)
    names = (f"{host}:{port}" if port_is_named else host,)
    access = Access(frozenset({ana.identity.public_key}), (token,), names)
    async with SignalingServer("127.0.0.1", port, options=ServerOptions(access=access)) as server:
        async with passing_on(server.url) as (malicious, said):
            ana.dial(malicious)
            async with ana:
                await until(lambda: said, "the honest server has answered")
        assert '"auth_failed"' in said[0]
        ana.dial(server.url.replace("127.0.0.1", host))
        async with ana:
            await ana.sees(EnteredRoom)


async def test_what_was_signed_for_another_server_opens_one_that_does_not_know_its_name() -> None:
    async with SignalingServer("127.0.0.1", 0) as server, passing_on(server.url) as (malicious, said):
        async with Visitor(malicious, "ana"):
            await until(lambda: said, "the honest server has answered")
        assert '"AUTH_OK"' in said[0]


async def test_one_who_calls_a_server_by_another_name_is_told_its_names() -> None:
    options = ServerOptions(access=Access(names=("pair.example.org", "pair:3001")))
    async with SignalingServer("127.0.0.1", 0, options=options) as server, Visitor(server.url, "a") as ana:
        problem = await ana.problem()
        assert isinstance(problem, ServerRefused)
        assert str(problem).endswith("use --server with its name, pair.example.org or pair:3001.")
