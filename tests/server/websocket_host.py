"""Listens and speaks WebSocket by the server's own layer, without signaling; must not judge what comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from websockets.http11 import Request, Response

from collabterm_server.websocket import Bounds, WebSocket
from tests.server.raw_client import LOCALHOST
from tests.waiting import until

MAX_BYTES = 1_000
MAX_UNSENT_BYTES = 50_000
CUT_OFF_S = 0.05


class Recorder:
    """Takes down what a connection tells it, and answers every message by the same."""

    def __init__(self, socket: WebSocket) -> None:
        self.socket = socket
        self.calls: list[str] = []
        self.messages: list[str | bytes] = []
        self.held = 0
        self.may_hold_bytes = MAX_BYTES

    def drip(self, data: bytes) -> None:
        """Let bytes arrive one by one."""
        for byte in data:
            self.socket.get_buffer(-1)[:1] = bytes((byte,))
            self.socket.buffer_updated(1)

    def connected(self) -> None:
        self.calls.append("connected")

    def requested(self, request: Request) -> Response | None:
        self.calls.append("requested")
        return None

    def opened(self) -> None:
        self.calls.append("opened")

    def received(self, message: str | bytes) -> None:
        self.messages.append(message)
        self.socket.send(message.encode() if isinstance(message, str) else message)

    def may_hold(self, growth: int) -> bool:
        self.held += growth
        return self.held <= self.may_hold_bytes

    def expired(self) -> None:
        self.calls.append("expired")

    def closed(self) -> None:
        self.calls.append("closed")


class Host:
    """A listening socket and the connections that came to it."""

    def __init__(self) -> None:
        self.recorders: list[Recorder] = []
        self.port = 0

    @property
    def last(self) -> Recorder:
        return self.recorders[-1]

    def accept(self) -> WebSocket:
        return WebSocket(
            self.attend, Bounds(MAX_BYTES, MAX_UNSENT_BYTES, tls_s=CUT_OFF_S, close_s=CUT_OFF_S), None
        )

    def attend(self, socket: WebSocket) -> Recorder:
        self.recorders.append(Recorder(socket))
        return self.last

    async def is_told_of_the_end(self) -> None:
        await until(lambda: "closed" in self.last.calls, "the handler is told that the connection is gone")


@asynccontextmanager
async def listening() -> AsyncIterator[Host]:
    """Take connections on a free port."""
    host = Host()
    server = await asyncio.get_running_loop().create_server(host.accept, LOCALHOST, 0)
    async with server:
        host.port = server.sockets[0].getsockname()[1]
        yield host


@asynccontextmanager
async def sweeping(socket: WebSocket) -> AsyncIterator[None]:
    """Act on the socket's deadline, as its server does."""
    loop = asyncio.get_running_loop()

    async def sweep() -> None:
        while True:
            if socket.is_closing and socket.deadline <= loop.time():
                socket.act_on_deadline()
            await asyncio.sleep(CUT_OFF_S / 10)

    task = asyncio.create_task(sweep())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
