"""What connections leave behind when they have ended, however they ended, while nothing is collected."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.frames import Opcode
from websockets.server import ServerProtocol

from collabterm.protocol.signaling import AuthOk, Challenge, JoinRoom, LeaveRoom, RoomCreated, RoomName
from collabterm_server.client import Client
from collabterm_server.conversation import Conversation
from collabterm_server.limits import ServerLimits
from collabterm_server.options import ServerOptions
from collabterm_server.relay import SignalingServer
from collabterm_server.tls import ServerTls
from collabterm_server.websocket import _GONE, WebSocket
from tests.server.certificate_files import CertificateFiles, trusting
from tests.server.raw_client import LOCALHOST, UPGRADE, RawClient, close_frame, dialing, frame
from tests.server.signaling_peer import Identity
from tests.waiting import until

OURS = (WebSocket, Client, Conversation, ServerProtocol)
ROUNDS = 24
LIMITS = ServerLimits(
    auth_s=0.5, close_s=0.2, grace_s=0, max_unsent_bytes=100_000, join_rate=100_000, join_burst=100_000
)

_numbers = count()


async def sign_in(client: RawClient, room: str | None = None) -> None:
    await client.upgrade()
    challenge = await client.hear()
    assert isinstance(challenge, Challenge)
    identity = Identity()
    client.say(identity.auth(challenge.nonce))
    assert await client.hear() == AuthOk(identity.peer_id)
    if room is not None:
        client.say(JoinRoom(RoomName(room), create=True))
        assert await client.hear() == RoomCreated(RoomName(room))


async def leaves_as_it_should(client: RawClient) -> None:
    await sign_in(client, f"room-{next(_numbers)}")
    client.say(LeaveRoom())
    client.write(close_frame(1000))
    await client.is_closed()


async def is_lost_in_a_room(client: RawClient) -> None:
    await sign_in(client, f"room-{next(_numbers)}")
    client.reset()


async def hangs_up_in_a_room(client: RawClient) -> None:
    await sign_in(client, f"room-{next(_numbers)}")
    client.hang_up()
    await client.rest()


async def goes_within_a_message(client: RawClient) -> None:
    await sign_in(client)
    client.write(frame(b"the beginning", fin=False), frame(b"half")[:-2])
    client.reset()


async def breaks_the_protocol(client: RawClient) -> None:
    await sign_in(client)
    client.write(b"\xff" * 20)
    await client.is_closed()


async def sends_too_much(client: RawClient) -> None:
    await sign_in(client)
    client.write(frame(b"x" * 70_000))
    await client.is_closed()


async def sends_what_is_not_utf8(client: RawClient) -> None:
    await sign_in(client)
    client.write(frame(b"\xff"))
    await client.is_closed()


async def goes_before_it_has_signed_in(client: RawClient) -> None:
    await client.upgrade()
    await client.hear()
    client.reset()


async def does_not_sign_in(client: RawClient) -> None:
    await client.upgrade()
    await client.is_closed(answer=False)


async def signs_in_wrongly(client: RawClient) -> None:
    await client.upgrade()
    await client.hear()
    client.say(Identity().auth(bytes(32)))
    await client.is_closed()


async def asks_for_something_else(client: RawClient) -> None:
    client.write(b"GET /api/stats HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200 OK" in await client.rest()


async def asks_for_something_else_in_plain_text(client: RawClient) -> None:
    client.write(b"GET /api/stats HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"HTTP" not in await client.rest()


async def asks_in_another_language(client: RawClient) -> None:
    client.write(b"\x16\x03\x01nonsense\r\n\r\n")
    await client.rest()


async def asks_for_too_much(client: RawClient) -> None:
    client.write(b"GET /" + b"a" * 10_000 + b"\r\n\r\n")
    await client.rest()


async def asks_for_another_websocket(client: RawClient) -> None:
    client.write(UPGRADE.replace(b"Version: 13", b"Version: 99"))
    await client.rest()


async def asks_for_half(client: RawClient) -> None:
    client.write(UPGRADE[:30])
    client.hang_up()
    await client.rest()


async def says_nothing(client: RawClient) -> None:
    client.reset()


async def pings_without_end(client: RawClient) -> None:
    await sign_in(client)
    client.write(frame(b"", Opcode.PING) * 100)
    await client.is_closed()


WAYS: list[Callable[[RawClient], Awaitable[None]]] = [
    leaves_as_it_should,
    is_lost_in_a_room,
    hangs_up_in_a_room,
    goes_within_a_message,
    breaks_the_protocol,
    sends_too_much,
    sends_what_is_not_utf8,
    goes_before_it_has_signed_in,
    does_not_sign_in,
    signs_in_wrongly,
    asks_for_something_else,
    asks_in_another_language,
    asks_for_too_much,
    asks_for_another_websocket,
    asks_for_half,
    says_nothing,
    pings_without_end,
]


@contextmanager
def nothing_collected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def ours_left() -> dict[str, int]:
    """Return how many objects there are of each kind of ours."""
    return dict(Counter(type(each).__name__ for each in gc.get_objects() if type(each) in OURS))


def left_of(server: SignalingServer) -> dict[str, int]:
    """Return how many objects there are of each kind, asyncio's own at the server's end among them."""
    found = Counter(ours_left())
    for each in gc.get_objects():
        if isinstance(each, asyncio.Transport) and each is not _GONE:
            name = each.get_extra_info("sockname")  # TLS forgets it when the connection is lost
            found[type(each).__name__] += name is None or name[1] == server.port
    return dict(+found)


async def come_and_go(
    server: SignalingServer, way: Callable[[RawClient], Awaitable[None]], **options: Any
) -> None:
    async def one() -> None:
        async with dialing(server.port, **options) as client:
            await way(client)

    await asyncio.gather(*(one() for _ in range(ROUNDS)))
    await until(lambda: not server.reception._clients, "the server has seen all of them go")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_connection_that_ends_leaves_nothing_for_the_collector(
    way: Callable[[RawClient], Awaitable[None]],
) -> None:
    async with SignalingServer(LOCALHOST, 0, LIMITS) as server:
        with nothing_collected():
            await come_and_go(server, way)
            await until(lambda: not left_of(server), f"nothing is left but {left_of(server)}", timeout_s=2)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_connection_over_tls_leaves_nothing_of_ours_either(
    way: Callable[[RawClient], Awaitable[None]], tmp_path: Path
) -> None:
    files = CertificateFiles(tmp_path)
    files.issue("localhost")
    options = ServerOptions(tls=ServerTls(files.cert, files.key).context)
    async with SignalingServer(LOCALHOST, 0, LIMITS, options) as server:
        with nothing_collected():
            await come_and_go(server, way, ssl=trusting())
            await until(lambda: not left_of(server), f"nothing is left but {left_of(server)}", timeout_s=2)


async def test_a_tls_handshake_that_fails_leaves_nothing_either(tmp_path: Path) -> None:
    files = CertificateFiles(tmp_path)
    files.issue("localhost")
    options = ServerOptions(tls=ServerTls(files.cert, files.key).context)
    async with SignalingServer(LOCALHOST, 0, LIMITS, options) as server:
        with nothing_collected():
            for way in (asks_in_another_language, says_nothing, asks_for_something_else_in_plain_text):
                await come_and_go(server, way)
            await until(lambda: not left_of(server), f"nothing is left but {left_of(server)}", timeout_s=2)
