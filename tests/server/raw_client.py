"""A client that writes the bytes of HTTP and WebSocket itself, right or wrong; must not judge what it says.

What comes is read by the same few lines of RFC 6455 whatever was sent, so a test sees what the wire shows.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from websockets.frames import Opcode

from collabterm.protocol.signaling import AuthOk, Challenge, ClientMessage, Error, ServerMessage
from collabterm.protocol.signaling_json import decode_server_message, encode_signal
from tests.server.signaling_peer import DEADLINE_S, Identity

LOCALHOST: Final = "127.0.0.1"
UPGRADE: Final = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)

_SHORT: Final = 126
_MOST_BYTES: Final = 65_536
_RESET: Final = struct.pack("ii", 1, 0)


def frame(data: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True, mask: bool = True) -> bytes:
    """Return the bytes of one frame, also one that breaks the rules; its mask is of zeros."""
    length = len(data)
    if length < _SHORT:
        size, rest = length, b""
    elif length < 1 << 16:
        size, rest = _SHORT, length.to_bytes(2, "big")
    else:
        size, rest = _SHORT + 1, length.to_bytes(8, "big")
    return bytes((fin << 7 | opcode, mask << 7 | size)) + rest + bytes(4 * mask) + data


def close_frame(code: int) -> bytes:
    """Return the bytes of a close frame, whether its code exists or not."""
    return frame(code.to_bytes(2, "big"), Opcode.CLOSE)


class RawClient:
    """One TCP connection; what must come is waited for, up to a deadline."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    def write(self, *data: bytes) -> None:
        """Send bytes in one piece."""
        self.writer.write(b"".join(data))

    def say(self, message: ClientMessage) -> None:
        """Send a message as clients do."""
        self.write(frame(encode_signal(message).encode()))

    def half_close(self) -> None:
        """Say that nothing follows, and go on reading."""
        self.writer.write_eof()

    def hang_up(self) -> None:
        """End the connection as TCP does."""
        self.writer.close()

    def reset(self) -> None:
        """End the connection by a TCP RST."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()

    def stop_reading(self) -> None:
        """Leave unread whatever comes from now on."""
        self.writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can

    async def head(self) -> str:
        """Return the status line and headers of the answer to a request."""
        async with asyncio.timeout(DEADLINE_S):
            return (await self._reader.readuntil(b"\r\n\r\n")).decode()

    async def upgrade(self) -> None:
        """Begin to speak WebSocket."""
        self.write(UPGRADE)
        assert (await self.head()).startswith("HTTP/1.1 101 ")

    async def frame(self) -> tuple[Opcode, bytes]:
        """Return the next frame."""
        async with asyncio.timeout(DEADLINE_S):
            first, length = await self._reader.readexactly(2)
            if length == _SHORT:
                length = int.from_bytes(await self._reader.readexactly(2), "big")
            elif length > _SHORT:
                length = int.from_bytes(await self._reader.readexactly(8), "big")
            return Opcode(first & 0x0F), await self._reader.readexactly(length)

    async def hear(self) -> ServerMessage:
        """Return the next message, which must be one of the server's."""
        opcode, data = await self.frame()
        assert opcode is Opcode.TEXT, (opcode, data)
        return decode_server_message(data)

    async def some(self) -> bytes:
        """Return some bytes of what comes, at least one."""
        async with asyncio.timeout(DEADLINE_S):
            data = await self._reader.read(_MOST_BYTES)
        assert data, "the server has ended the connection"
        return data

    async def is_closed(self, *, answer: bool = True) -> int | None:
        """Skip to the server's close frame, return its code, and wait until TCP ends; None without one.

        Args:
            answer: Whether to close our side, too, or to let the server wait.
        """
        code = None
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while code is None:
                opcode, data = await self.frame()
                if opcode is Opcode.CLOSE:
                    code = int.from_bytes(data[:2], "big")
            if answer:
                self.write(close_frame(code))
        await self.rest()
        if answer:
            self.hang_up()
        return code

    async def rest(self) -> bytes:
        """Return all that comes until the server ends the connection, in whatever way."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def dialing(port: int, **options: Any) -> AsyncIterator[RawClient]:
    """Connect; the options are those of ``asyncio.open_connection``."""
    reader, writer = await asyncio.open_connection(LOCALHOST, port, **options)
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def upgraded(port: int, **options: Any) -> AsyncIterator[RawClient]:
    """Connect and speak WebSocket."""
    async with dialing(port, **options) as client:
        await client.upgrade()
        yield client


def at_once(*messages: ClientMessage) -> bytes:
    """Return messages that arrive together, so that no time passes between them."""
    return b"".join(frame(encode_signal(message).encode()) for message in messages)


async def introduce(client: RawClient, identity: Identity | None = None) -> None:
    """Sign in by hand."""
    identity = identity or Identity()
    challenge = await client.hear()
    assert isinstance(challenge, Challenge)
    client.say(identity.auth(challenge.nonce))
    assert await client.hear() == AuthOk(identity.peer_id)


async def refusal(client: RawClient) -> Error:
    message = await client.hear()
    assert isinstance(message, Error), message
    return message
