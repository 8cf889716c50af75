"""Who visits a signaling server in the tests, and servers that say only what they are told to.

It must not assert anything about either.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import chain, repeat
from random import Random
from typing import Self, TypeVar

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from collabterm.errors import BadTokenFile, ServerProblem
from collabterm.protocol.identity import key_fingerprint
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    AuthOk,
    Challenge,
    PeerId,
    PeerInfo,
    RoomJoined,
    RoomName,
    SignalingMessage,
)
from collabterm.protocol.signaling_json import decode_client_message, encode_signal
from collabterm.transport.identity import Identity
from collabterm.transport.signaling_client import (
    LostServer,
    SignalingClient,
    SignalingEvent,
)
from tests.waiting import until

Host = Callable[[], AbstractAsyncContextManager[object]]
EventType = TypeVar("EventType", bound=SignalingEvent)


class Visitor:
    """A client that is in a room, or tries to be, as long as the ``async with`` lasts."""

    def __init__(
        self,
        url: str,
        name: str,
        host: Host | None = None,
        *,
        room: str = "demo",
        answer_s: float = 5.0,
        token: bytes | None = None,
    ) -> None:
        self.events: list[SignalingEvent] = []
        self.identity = Identity(secrets.token_bytes(32), secrets.token_bytes(16), token)
        self.info = PeerInfo(self.identity.peer_id, name, key_fingerprint(self.identity.public_key))
        self._name = name
        self._host = host
        self._room = RoomName(room)
        self._answer_s = answer_s
        self.dial(url)

    async def __aenter__(self) -> Self:
        self.running = asyncio.create_task(self.client.run(self.follow))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)

    def dial(self, url: str) -> None:
        """Turn to another server with the next ``async with``."""
        self.client = SignalingClient(
            url=url,
            room=self._room,
            name=self._name,
            identity=self.identity,
            host=self._host,
            random=Random(self._name),
            answer_s=self._answer_s,
        )

    def follow(self, event: SignalingEvent) -> None:
        """Take note of an event."""
        self.events.append(event)

    def all(self, kind: type[EventType]) -> list[EventType]:
        """Return the events of one kind, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    def cut_cable(self) -> None:
        """Lose the connection: nothing more is said, and the other end is not told why."""
        assert self.client._connection is not None, "there is nothing to cut"
        self.client._connection.transport.abort()

    async def sees(self, kind: type[EventType], count: int = 1) -> EventType:
        """Wait for so many events of a kind and return the last."""
        await until(lambda: len(self.all(kind)) >= count, f"{count} {kind.__name__} in {self.events}")
        return self.all(kind)[count - 1]

    async def problem(self) -> ServerProblem | BadTokenFile:
        """Wait until the server is lost, or was never there, and return why."""
        return (await self.sees(LostServer)).problem


Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(converse: Conversation) -> AsyncIterator[str]:
    """Run a TCP server of any kind and give its address as a signaling server's."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await converse(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    async with server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def speaking_at_once(messages: Sequence[str]) -> AsyncIterator[str]:
    """Run a WebSocket server that says all ``messages`` and then nothing."""

    async def attend(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)
        await connection.wait_closed()

    async with serve(attend, "127.0.0.1", 0, close_timeout=0.1) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class ScriptedServer:
    """A WebSocket server with a script for each connection; the last script serves all further ones.

    Each script is said at once; ``heard`` are the messages of each connection, and ``codes`` how each ended.
    """

    def __init__(self, *scripts: Sequence[SignalingMessage]) -> None:
        self.heard: list[list[SignalingMessage]] = []
        self.codes: list[int | None] = []
        self._scripts: Iterator[Sequence[SignalingMessage]] = chain(scripts, repeat(scripts[-1]))

    async def __aenter__(self) -> Self:
        self._server = await serve(self._attend, "127.0.0.1", 0, close_timeout=0.1)
        self.url = f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def say(self, message: SignalingMessage) -> None:
        """Say one more thing to everybody who is connected."""
        for connection in self._server.connections:
            await connection.send(encode_signal(message))

    def hang(self) -> None:
        """Read nothing more, not even that somebody wants to close."""
        for connection in self._server.connections:
            connection.transport.pause_reading()

    async def _attend(self, connection: ServerConnection) -> None:
        heard: list[SignalingMessage] = []
        self.heard.append(heard)
        for message in next(self._scripts):
            await connection.send(encode_signal(message))
        with suppress(ConnectionClosed):
            while True:
                heard.append(decode_client_message(await connection.recv()))
        self.codes.append(connection.close_code)


HELLO = Challenge(PROTOCOL_VERSION, bytes(32), 30.0)
WELCOME: Sequence[SignalingMessage] = [HELLO, AuthOk(PeerId("a"))]
JOINED = RoomJoined(RoomName("demo"), ())
