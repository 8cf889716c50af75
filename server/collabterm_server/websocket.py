"""One TCP connection that speaks HTTP and WebSocket, without a task of its own; must not know signaling.

websockets' sans-I/O protocol does the talking (RFC 6455); here are the socket around it, the bound on
what waits to be sent, and the deadline. A connection costs about a third of the memory of one from
``websockets.serve``, which gives each a task, a queue and two futures, and half the time for a message.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

_MAX_IDLE_FRAMES: Final = 64
"""Frames without a whole message: pings that a library sends by itself, but no flood of empty fragments."""

_silent: Final = logging.getLogger(f"{__name__}.protocol")
_silent.setLevel(logging.CRITICAL)  # a knock on the port is no news, and a payload never is


class Handler(Protocol):
    """What a connection is for; ``connected`` comes first, ``closed`` last, each exactly once."""

    def connected(self) -> None:
        """Take note that somebody is there."""

    def requested(self, request: Request) -> Response | None:
        """Return the answer to a plain HTTP request, or None to speak WebSocket."""

    def opened(self) -> None:
        """Take note that messages can be sent."""

    def received(self, message: str | bytes) -> None:
        """Take a text or binary message."""

    def expired(self) -> None:
        """Take note that the deadline has passed."""

    def closed(self) -> None:
        """Take note that the connection is gone."""


class WebSocket(asyncio.Protocol):
    """A connection from accept to the end.

    Its states::

        requesting ── upgrade ─► open ── close ─► closing ─► closed
             └─ a plain request, or nonsense ─► closing

    ``deadline`` is a time of the event loop's clock, kept by whoever sweeps; a closing connection's own
    is ``close_s`` ahead, and then it is cut off.

    Args:
        max_bytes: The largest message that is taken.
        max_unsent_bytes: What may wait to be sent; beyond it the connection is cut off.
        close_s: For the other side to close its end.
    """

    __slots__ = (
        "_close_s",
        "_fragments",
        "_handler",
        "_idle_frames",
        "_is_text",
        "_loop",
        "_max_unsent_bytes",
        "_protocol",
        "_transport",
        "deadline",
        "is_closing",
    )

    def __init__(self, max_bytes: int, max_unsent_bytes: int, close_s: float) -> None:
        self._protocol = ServerProtocol(max_size=max_bytes, logger=_silent)
        self._max_unsent_bytes = max_unsent_bytes
        self._close_s = close_s
        self._loop = asyncio.get_running_loop()
        self._fragments: list[bytes] = []
        self._is_text = False
        self._idle_frames = 0
        self.deadline = 0.0
        self.is_closing = False

    def attend(self, handler: Handler) -> None:
        """Say what the connection is for, before it is made."""
        self._handler = handler

    @property
    def peer_address(self) -> str:
        """The address at the other end of the TCP connection; empty if it is not known."""
        name = self._transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) else ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way out, and tell the handler."""
        self._transport = cast("asyncio.Transport", transport)
        self._handler.connected()

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if self.is_closing:
                break
            match event:
                case Request():
                    self._answer(event)
                case Frame():
                    self._take(event)
        self._flush()
        self._is_overdue()

    def eof_received(self) -> bool:
        """Close our end, too."""
        self._protocol.receive_eof()
        self._flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the handler, and let go of it."""
        self.is_closing = True
        handler = self._handler
        # Two circles, opened so that nothing waits for the collector: with 10,000 connections it takes
        # a few tenths of a second, in which nobody is served.
        del self._handler
        self._protocol.parser.close()
        handler.closed()

    def send(self, text: bytes) -> bool:
        """Send a text message; return False if the connection is cut off for all that waits already."""
        if self._protocol.state is not State.OPEN:
            return True
        self._protocol.send_text(text)
        self._flush()
        return not self._is_overdue()

    def close(self, code: CloseCode) -> None:
        """Close the connection; whatever was sent before arrives before."""
        if self.is_closing:
            return
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(code)
        elif self._protocol.state is State.CONNECTING:
            self._transport.close()
        self._flush()
        self._begin_closing()

    def abort(self) -> None:
        """Cut the connection off."""
        self._begin_closing()
        self._transport.abort()

    def act_on_deadline(self) -> None:
        """Cut off whoever is closing, and else tell the handler; the deadline has passed."""
        if self.is_closing:
            self._transport.abort()
        else:
            self._handler.expired()

    def _answer(self, request: Request) -> None:
        if self._protocol.eof_sent:
            return  # nonsense came right behind the request
        response = self._handler.requested(request)
        if response is None:
            response = self._protocol.accept(request)
        self._protocol.send_response(response)
        if self._protocol.state is State.OPEN:
            self._flush()
            self._handler.opened()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            self._is_text = frame.opcode is Opcode.TEXT
        elif frame.opcode is not Opcode.CONT:
            self._count_idle_frame()
            return
        data = bytes(frame.data)
        if not frame.fin or self._fragments:
            self._fragments.append(data)
            if not frame.fin:
                self._count_idle_frame()
                return
            data = b"".join(self._fragments)
            self._fragments.clear()
        self._idle_frames = 0
        if not self._is_text:
            self._handler.received(data)
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "not UTF-8")
            return
        self._handler.received(text)

    def _count_idle_frame(self) -> None:
        self._idle_frames += 1
        if self._idle_frames > _MAX_IDLE_FRAMES and not self.is_closing:
            self.close(CloseCode.POLICY_VIOLATION)

    def _is_overdue(self) -> bool:
        """Return whether more waits than may, and cut the connection off if so."""
        if self._transport.get_write_buffer_size() <= self._max_unsent_bytes:
            return False
        self.abort()
        return True

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data is SEND_EOF:
                self._end_output()
            elif not self._transport.is_closing():
                self._transport.write(data)
        if not self.is_closing and self._protocol.close_expected():
            self._begin_closing()

    def _end_output(self) -> None:
        """Say that nothing follows; the other side then closes, or is cut off at the deadline."""
        self._begin_closing()
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        else:
            self._transport.close()

    def _begin_closing(self) -> None:
        if not self.is_closing:
            self.is_closing = True
            self.deadline = self._loop.time() + self._close_s
