"""The signaling client against the real server, and against what is none."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from collabterm.errors import (
    NotASignalingServer,
    ServerRefused,
    ServerUnreachable,
    VersionMismatch,
)
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    AuthOk,
    Challenge,
    Error,
    ErrorCode,
    IceCandidate,
    Introduction,
    PeerId,
    PeerJoined,
    PeerLeft,
    RoomJoined,
    RoomName,
    SdpAnswer,
    SdpOffer,
)
from collabterm.protocol.signaling_json import encode_signal
from collabterm.transport.signaling_client import EnteredRoom, LostServer
from collabterm_server.relay import SignalingServer
from tests.network import free_port
from tests.transport.visitors import Conversation, Visitor, listening, speaking_at_once
from tests.waiting import until


@pytest.fixture
async def server() -> AsyncIterator[SignalingServer]:
    async with SignalingServer("127.0.0.1", 0) as running:
        yield running


async def test_the_first_creates_the_room_and_the_second_joins_it(server: SignalingServer) -> None:
    async with Visitor(server.url, "ana") as ana:
        assert await ana.sees(EnteredRoom) == EnteredRoom(created=True, hosting=False, peers=())
        async with Visitor(server.url, "bob") as bob:
            assert await bob.sees(EnteredRoom) == EnteredRoom(created=False, hosting=False, peers=(ana.info,))
            assert await ana.sees(PeerJoined) == PeerJoined(bob.info)
        assert await ana.sees(PeerLeft) == PeerLeft(bob.info.peer_id)


async def test_people_of_another_room_are_not_heard(server: SignalingServer) -> None:
    async with Visitor(server.url, "ana") as ana, Visitor(server.url, "bob", room="other") as bob:
        await ana.sees(EnteredRoom)
        assert (await bob.sees(EnteredRoom)).created
        assert not ana.all(PeerJoined)


@pytest.mark.parametrize("kind", [SdpOffer, SdpAnswer, IceCandidate])
async def test_introductions_are_carried_and_stamped(
    server: SignalingServer, kind: Callable[..., Introduction]
) -> None:
    async with Visitor(server.url, "ana") as ana, Visitor(server.url, "bob") as bob:
        await bob.sees(EnteredRoom)
        await ana.sees(PeerJoined)
        payload = {"type": "offer", "sdp": "v=0 ü", "attempt": "7"}
        ana.client.send(kind(payload=payload, to=bob.info.peer_id))
        await until(lambda: bob.events[-1:] == [kind(payload=payload, sender=ana.info.peer_id)], "it arrives")


async def test_an_introduction_to_nobody_costs_nothing(server: SignalingServer) -> None:
    async with Visitor(server.url, "ana") as ana:
        await ana.sees(EnteredRoom)
        ana.client.send(SdpOffer(payload={}, to=PeerId("a" * 20)))
        async with Visitor(server.url, "bob"):
            await ana.sees(PeerJoined)


async def test_what_is_sent_before_signing_in_is_dropped() -> None:
    visitor = Visitor("ws://127.0.0.1:1", "ana")
    visitor.client.send(SdpOffer(payload={}, to=PeerId("bob")))


async def test_after_the_server_was_away_people_find_each_other_again() -> None:
    port = free_port()
    first = SignalingServer("127.0.0.1", port)
    async with first, Visitor(first.url, "ana") as ana, Visitor(first.url, "bob") as bob:
        await ana.sees(PeerJoined)
        await first.__aexit__(None, None, None)
        await ana.sees(LostServer, 2)
        await bob.sees(LostServer, 2)
        retries = [event.retry_s for event in ana.all(LostServer)]
        assert all(retry_s is not None and 0 < retry_s <= 1.0 for retry_s in retries[:3])
        async with SignalingServer("127.0.0.1", port):
            entered = [await ana.sees(EnteredRoom, 2), await bob.sees(EnteredRoom, 2)]
            assert sorted(event.created for event in entered) == [False, True]


async def test_the_first_without_a_server_hosts_it() -> None:
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    async with Visitor(url, "ana", lambda: SignalingServer("127.0.0.1", port)) as ana:
        assert await ana.sees(EnteredRoom) == EnteredRoom(created=True, hosting=True, peers=())
        async with Visitor(url, "bob", lambda: SignalingServer("127.0.0.1", port)) as bob:
            assert await bob.sees(EnteredRoom) == EnteredRoom(created=False, hosting=False, peers=(ana.info,))


async def test_who_remains_hosts_after_the_host_left() -> None:
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    async with Visitor(url, "ana", lambda: SignalingServer("127.0.0.1", port)) as ana:
        await ana.sees(EnteredRoom)
        async with Visitor(url, "bob", lambda: SignalingServer("127.0.0.1", port)) as bob:
            await bob.sees(EnteredRoom)
            await ana.__aexit__()
            assert await bob.sees(EnteredRoom, 2) == EnteredRoom(created=True, hosting=True, peers=())


async def test_of_several_that_start_at_once_exactly_one_hosts() -> None:
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        people = [Visitor(url, name, lambda: SignalingServer("127.0.0.1", port)) for name in "abc"]
        for one in people:
            await stack.enter_async_context(one)
        entered = [await one.sees(EnteredRoom) for one in people]
        assert sorted(event.hosting for event in entered) == [False, False, True]
        assert sum(event.created for event in entered) == 1


class TwoAddressesLoop(asyncio.SelectorEventLoop):
    """A loop for which every name has an IPv6 and an IPv4 address, as localhost has on most machines."""

    async def getaddrinfo(self, host: Any, port: Any, **kwargs: Any) -> list[Any]:
        stream = socket.SOCK_STREAM
        return [
            (socket.AF_INET6, stream, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, stream, 6, "", ("127.0.0.1", port)),
        ]


def test_a_name_of_two_addresses_that_both_refuse_is_hosted_too() -> None:
    async def scenario() -> None:
        port = free_port()
        async with Visitor(f"ws://localhost:{port}", "ana") as ana:
            problem = await ana.problem()
            assert "(connection refused)" in str(problem) or "(cannot assign" in str(problem)
        hosts = lambda: SignalingServer("127.0.0.1", port)  # noqa: E731
        async with Visitor(f"ws://localhost:{port}", "bob", hosts) as bob:
            assert (await bob.sees(EnteredRoom)).hosting

    with asyncio.Runner(loop_factory=TwoAddressesLoop) as runner:
        runner.run(scenario())


async def test_a_port_that_is_taken_but_answers_nobody_is_reported_not_retried_for_ever() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with Visitor(
            f"ws://127.0.0.1:{port}", "ana", lambda: SignalingServer("127.0.0.1", port)
        ) as ana:
            assert isinstance(await ana.problem(), ServerUnreachable)


async def test_a_host_that_cannot_listen_is_a_server_out_of_reach() -> None:
    elsewhere = "192.0.2.1"  # TEST-NET-1 (RFC 5737): no address of this machine
    url = f"ws://127.0.0.1:{free_port()}"
    async with Visitor(url, "ana", lambda: SignalingServer(elsewhere, 3001)) as ana:
        assert isinstance(await ana.problem(), ServerUnreachable)


# -- what is no signaling server


async def show_a_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


async def say_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.org ready\r\n")
    await reader.read()


async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("converse", [show_a_page, say_hello])
async def test_what_speaks_something_else_is_not_a_signaling_server(converse: Conversation) -> None:
    async with listening(converse) as url, Visitor(url, "ana") as ana:
        problem = await ana.problem()
        assert isinstance(problem, NotASignalingServer)
        assert str(problem) == (
            f"Something answers at {url}, but it is not a collabterm server: check the address and port."
        )


async def test_a_server_that_says_nothing_is_out_of_reach() -> None:
    async with listening(say_nothing) as url, Visitor(url, "ana", answer_s=0.2) as ana:
        assert "(no answer in time)" in str(await ana.problem())


@asynccontextmanager
async def speaking(messages: Sequence[str | bytes]) -> AsyncIterator[str]:
    """Run a WebSocket server that says ``messages``, one for each it hears, and then nothing."""

    async def attend(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)
            await connection.recv()
        await connection.wait_closed()

    async with serve(attend, "127.0.0.1", 0, close_timeout=0.1) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


GREETING = encode_signal(Challenge(PROTOCOL_VERSION, bytes(32), 0.2))


@pytest.mark.parametrize(
    "messages",
    [
        ["hello"],
        [b"\x00\xff"],
        ['{"type": "HEARTBEAT"}'],
        ["[]"],
        [GREETING, "{}"],
        [GREETING, '{"type":"HEARTBEAT"}'],
    ],
)
async def test_a_websocket_server_of_another_kind_is_not_a_signaling_server(
    messages: Sequence[str | bytes],
) -> None:
    async with speaking(messages) as url, Visitor(url, "ana") as ana:
        assert isinstance(await ana.problem(), NotASignalingServer)


async def test_a_websocket_server_that_says_nothing_is_out_of_reach() -> None:
    async with speaking([]) as url, Visitor(url, "ana", answer_s=0.2) as ana:
        assert isinstance(await ana.problem(), ServerUnreachable)


@pytest.mark.parametrize(
    ("theirs", "which"), [(PROTOCOL_VERSION - 1, "the server"), (PROTOCOL_VERSION + 1, "this collabterm")]
)
async def test_a_server_of_another_version_is_left_with_a_sentence(theirs: int, which: str) -> None:
    async with (
        speaking([encode_signal(Challenge(theirs, bytes(32), 5.0))]) as url,
        Visitor(url, "ana") as ana,
    ):
        problem = await ana.problem()
        await ana.running
        assert isinstance(problem, VersionMismatch)
        assert str(problem) == (
            f"The server at {url} speaks protocol {theirs} and this collabterm speaks {PROTOCOL_VERSION}: "
            f"upgrade {which}."
        )
        assert ana.all(LostServer)[-1].retry_s is None


async def test_a_refusal_is_passed_on_in_the_servers_words() -> None:
    refusal = encode_signal(Error(ErrorCode.ROOM_FULL, "The room is full."))
    async with speaking([GREETING, refusal]) as url, Visitor(url, "ana") as ana:
        problem = await ana.problem()
        assert isinstance(problem, ServerRefused)
        assert str(problem) == f"The server at {url} refused: The room is full."


async def test_messages_of_a_later_version_are_ignored() -> None:
    entered = encode_signal(RoomJoined(RoomName("demo"), ()))
    messages = [GREETING, '{"type":"WEATHER"}', encode_signal(AuthOk(PeerId("a"))), entered]
    async with speaking_at_once(messages) as url, Visitor(url, "ana") as ana:
        await ana.sees(EnteredRoom)


@pytest.mark.parametrize("url", ["ws://nowhere.invalid:3001", "wss://127.0.0.1:1", "ws://127.0.0.1:1"])
async def test_an_address_without_a_server_is_reported_with_the_systems_reason(url: str) -> None:
    async with Visitor(url, "ana") as ana:
        problem = await ana.problem()
        assert isinstance(problem, ServerUnreachable)
        sentence = str(problem)
        assert sentence.startswith(f"No server answers at {url} (")
        assert "Errno" not in sentence
        assert "None" not in sentence
