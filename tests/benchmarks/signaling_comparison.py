"""What connections cost a server that only takes the WebSocket library as it comes; it must not set goals."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from socket import create_connection, socket
from typing import Final

from tests.benchmarks.signaling_frames import text_frame, upgrade_request
from tests.benchmarks.signaling_process import PinnedServer

_ECHO: Final = """
import asyncio

from websockets.asyncio.server import serve

async def echo(client):
    async for message in client:
        await client.send(message)

async def main():
    async with serve(echo, "127.0.0.1", 0) as server:
        print("listening on ws://127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

asyncio.run(main())
"""
_CONNECTIONS: Final = 1_000
_COMPRESSION: Final = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
"""What every client of that library and every browser offers, and the library takes."""


def plain_connection_bytes() -> float:
    """Return the memory that one connection to such a server costs, after a message there and back."""
    with PinnedServer([sys.executable, "-c", _ECHO]) as server, ExitStack() as stack:
        base = server.memory()
        for _ in range(_CONNECTIONS):
            _echoed(stack.enter_context(create_connection(("127.0.0.1", server.port))), server.port)
        return (server.memory().rss - base.rss) / _CONNECTIONS


def _echoed(sock: socket, port: int) -> None:
    """Upgrade, and have a message echoed; the answer is compressed, and only its coming matters."""
    sock.sendall(upgrade_request(port, _COMPRESSION))
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += sock.recv(4_096)
    assert b"permessage-deflate" in answer, answer
    sock.sendall(text_frame("as large as a heartbeat"))
    assert sock.recv(4_096), "the server has hung up"
