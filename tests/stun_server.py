"""A STUN server on loopback that answers as a test wants; it must not know the editor."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast


class StunServer(asyncio.DatagramProtocol):
    """A STUN server (RFC 8489) whose answer is ``answer`` of the request; None is silence."""

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self.requests: list[bytes] = []
        self.url = ""
        self.port = 0
        self._answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]
        self.url = f"stun:127.0.0.1:{self.port}"

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.requests.append(data)
        if (answer := self._answer(data)) is not None:
            self._transport.sendto(answer, addr)


@asynccontextmanager
async def answering(answer: Callable[[bytes], bytes | None]) -> AsyncIterator[StunServer]:
    """A server that answers like this, as long as the ``async with`` lasts."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(
        lambda: StunServer(answer), local_addr=("127.0.0.1", 0)
    )
    try:
        yield server
    finally:
        transport.close()


def success(request: bytes) -> bytes:
    """Return the shortest success response, which says nothing."""
    return struct.pack("!HH", 0x0101, 0) + request[4:20]
