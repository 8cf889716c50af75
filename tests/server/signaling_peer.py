"""A client of the signaling server for tests: signs in with a real key and speaks over a real socket."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from collabterm.protocol.identity import auth_statement, derive_peer_id, key_fingerprint
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    Auth,
    AuthOk,
    Challenge,
    ClientMessage,
    Error,
    JoinRoom,
    PeerId,
    PeerInfo,
    RoomCreated,
    RoomJoined,
    RoomName,
    ServerMessage,
)
from collabterm.protocol.signaling_json import decode_server_message, encode_signal

DEADLINE_S = 5.0
"""How long a test waits for what must come."""

DIALED = "127.0.0.1"
"""What these clients call every server."""


class Identity:
    """A key, a nonce and a name; two connections with the same identity are twins."""

    def __init__(self, name: str = "Ann") -> None:
        self.key = Ed25519PrivateKey.generate()
        self.public_key = self.key.public_key().public_bytes_raw()
        self.peer_nonce = os.urandom(16)
        self.peer_id = derive_peer_id(self.public_key, self.peer_nonce)
        self.name = name

    @property
    def info(self) -> PeerInfo:
        return PeerInfo(self.peer_id, self.name, key_fingerprint(self.public_key))

    def auth(
        self,
        nonce: bytes,
        *,
        version: int = PROTOCOL_VERSION,
        claim: PeerId | None = None,
        server: str = DIALED,
    ) -> Auth:
        """Answer a challenge; ``claim`` signs for another peer id than one's own."""
        signature = self.key.sign(auth_statement(nonce, claim or self.peer_id, server))
        return Auth(version, self.public_key, self.peer_nonce, signature, self.name, server)


class SignalingPeer:
    """One connection to the server; what must come is waited for, up to a deadline."""

    def __init__(self, socket: ClientConnection, identity: Identity) -> None:
        self.socket = socket
        self.identity = identity

    @property
    def peer_id(self) -> PeerId:
        return self.identity.peer_id

    @property
    def info(self) -> PeerInfo:
        return self.identity.info

    async def send(self, message: ClientMessage) -> None:
        await self.socket.send(encode_signal(message))

    async def send_raw(self, data: str | bytes) -> None:
        await self.socket.send(data)

    async def receive(self) -> ServerMessage:
        async with asyncio.timeout(DEADLINE_S):
            return decode_server_message(await self.socket.recv())

    async def ask(self, message: ClientMessage) -> ServerMessage:
        await self.send(message)
        return await self.receive()

    async def refusal(self) -> Error:
        message = await self.receive()
        assert isinstance(message, Error), message
        return message

    async def challenge(self) -> Challenge:
        message = await self.receive()
        assert isinstance(message, Challenge), message
        return message

    async def sign_in(self) -> Self:
        challenge = await self.challenge()
        assert await self.ask(self.identity.auth(challenge.nonce)) == AuthOk(self.peer_id)
        return self

    async def enter(self, room: str) -> tuple[PeerInfo, ...]:
        """Join a room, making it if need be; return who was there."""
        match await self.ask(JoinRoom(RoomName(room), create=True)):
            case RoomCreated():
                return ()
            case RoomJoined(_, peers):
                return peers
            case other:
                raise AssertionError(f"entering {room!r} was answered by {other}")

    async def is_closed(self) -> int:
        """Wait until the server has closed the connection; return its close code."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed:
                return self.socket.close_code or 0

    def abort(self) -> None:
        """End the TCP connection without a word."""
        self.socket.transport.abort()


class Pair:
    """Ann and Bea in one room, with nothing left to read."""

    def __init__(self, ann: SignalingPeer, bea: SignalingPeer) -> None:
        self.ann = ann
        self.bea = bea


@asynccontextmanager
async def knocking(url: str, identity: Identity | None = None) -> AsyncIterator[SignalingPeer]:
    """Connect without signing in."""
    async with connect(url, compression=None, ping_interval=None, close_timeout=0.2, proxy=None) as socket:
        yield SignalingPeer(socket, identity or Identity())


@asynccontextmanager
async def signed_in(
    url: str, name: str = "Ann", identity: Identity | None = None
) -> AsyncIterator[SignalingPeer]:
    """Connect and sign in."""
    async with knocking(url, identity or Identity(name)) as peer:
        yield await peer.sign_in()


async def http_get(port: int, path: str, method: str = "GET") -> tuple[int, str, str]:
    """Return the status, the header lines and the body of a plain HTTP request."""
    async with asyncio.timeout(DEADLINE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition("\r\n\r\n")
    status_line, _, headers = head.partition("\r\n")
    return int(status_line.split()[1]), headers, body


async def stats_of(port: int) -> dict[str, object]:
    status, headers, body = await http_get(port, "/api/stats?pretty")
    assert status == 200
    assert headers.count("\r\nContent-Type:") + headers.startswith("Content-Type:") == 1
    assert "Content-Type: application/json" in headers
    stats = json.loads(body)
    assert isinstance(stats, dict)
    return stats


async def stats_say(port: int, key: str, value: object) -> None:
    """Wait until the server's stats say so."""
    async with asyncio.timeout(DEADLINE_S):
        while (await stats_of(port))[key] != value:
            pass
