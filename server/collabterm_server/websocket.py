"""One TCP connection that speaks HTTP and WebSocket, without a task of its own; must not know signaling.

websockets' sans-I/O protocol does the talking (RFC 6455); here are the socket around it, the bound on
what waits to be sent, and the deadline. A connection costs half the memory and two thirds of the time
of one from ``websockets.serve``, which gives each a task, a queue and two futures.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from collabterm_server.tls_layer import TlsLayer

_buffer: Final = memoryview(bytearray(65_536))
"""Of all connections: without it asyncio makes 256 KiB of memory for every read, which takes 12 µs."""

_SLICE_BYTES: Final = 4_096
"""Read at once: of the smallest frames these are 680, three milliseconds in which nobody else is served."""

_MAX_REQUEST_BYTES: Final = 16_384
"""Before the connection speaks WebSocket: a request with a browser's cookies and all that proxies add."""

_MAX_PARTING_BYTES: Final = 8_192
"""From a connection that is closing, in which only the other side's farewell is looked for."""

_MAX_IDLE_FRAMES: Final = 64
"""Frames without a whole message: pings that a library sends by itself, but no flood of empty fragments."""

_silent: Final = logging.getLogger(f"{__name__}.protocol")
_silent.setLevel(logging.CRITICAL)  # a knock on the port is no news, and a payload never is


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one connection may cost.

    Args:
        max_bytes: The largest message that is taken, until ``take_up_to`` changes it.
        max_unsent_bytes: What may wait to be sent; beyond it the connection is cut off.
        tls_s: For the TLS handshake.
        close_s: For the other side to close its end.
    """

    max_bytes: int
    max_unsent_bytes: int
    tls_s: float
    close_s: float


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

    def may_hold(self, growth: int) -> bool:
        """Return whether a message that is not complete may take so many bytes more (or less)."""

    def expired(self) -> None:
        """Take note that the deadline has passed."""

    def closed(self) -> None:
        """Take note that the connection is gone."""


class WebSocket(asyncio.BufferedProtocol):
    """A connection from accept to the end.

    Its states::

        requesting ── upgrade ─► open ── close ─► closing ─► closed
             └─ a plain request, or nonsense ─► closing

    ``deadline`` is a time of the event loop's clock, kept by whoever sweeps; a closing connection's own
    is ``close_s`` ahead, and then it is cut off.

    Args:
        attend: Returns what the connection is for, once it is made.
        bounds: What it may cost.
        tls: Put on the connection before anything is said; None for plain TCP.
    """

    __slots__ = (
        "_attend",
        "_bounds",
        "_fragments",
        "_handler",
        "_held_bytes",
        "_idle_frames",
        "_is_greeting",
        "_is_text",
        "_loop",
        "_protocol",
        "_tcp",
        "_tls",
        "_transport",
        "_uncounted_bytes",
        "deadline",
        "is_closing",
    )

    def __init__(
        self, attend: Callable[[WebSocket], Handler], bounds: Bounds, tls: ssl.SSLContext | None
    ) -> None:
        self._attend = attend
        self._bounds = bounds
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._fragments: list[bytes] = []
        self._is_greeting = False  # within the TLS handshake
        self._is_text = False
        self._idle_frames = 0
        self._held_bytes = 0  # of a message that is not complete
        self._uncounted_bytes = 0  # read while there are no messages: before the first and after the last
        self.deadline = 0.0
        self.is_closing = False

    @property
    def peer_address(self) -> str:
        """The address at the other end of the TCP connection; empty if it is not known."""
        name = self._transport.get_extra_info("peername")
        return str(name[0]) if isinstance(name, tuple) else ""

    @property
    def has_sent_all(self) -> bool:
        """Whether the system has taken all that was sent."""
        return self._transport.get_write_buffer_size() == 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the way out, tell the handler, and begin with TLS if there is to be any.

        With TLS this comes twice: for the TCP connection, and when the handshake is done.
        """
        self._transport = cast("asyncio.Transport", transport)
        if self._is_greeting:
            self._is_greeting = False
            return
        self._tcp = self._transport
        self._protocol = ServerProtocol(max_size=self._bounds.max_bytes, logger=_silent)
        self._handler = self._attend(self)
        self._handler.connected()
        if self._tls is not None and not self.is_closing:
            self._greet(self._tls)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put bytes from the network; they are taken out before anything else is read."""
        return _buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take bytes from the network."""
        data = bytes(_buffer[:nbytes])
        for start in range(0, nbytes, _SLICE_BYTES):
            if self._transport.is_closing():
                return
            if self._is_too_much(min(nbytes - start, _SLICE_BYTES)):
                self.abort()
                return
            self._read(data[start : start + _SLICE_BYTES])
        self._flush()
        if not self._is_overdue():
            self._count_held_bytes()

    def eof_received(self) -> bool:
        """Close our end, too."""
        self._protocol.receive_eof()
        self._flush()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the handler, and let go of it."""
        self.is_closing = True
        handler = self._handler
        handler.may_hold(-self._held_bytes)
        # Circles, opened so that nothing waits for the collector: with 10,000 connections it takes a few
        # tenths of a second, in which nobody is served.
        del self._handler
        self._protocol.parser.close()
        _forget_frames(self._protocol.parser_exc)
        _forget_frames(self._protocol.handshake_exc)
        # asyncio's own: a method of the very object that holds it
        getattr(self._tcp, "__dict__", {}).pop("_read_ready_cb", None)
        del self._tcp
        self._transport = _GONE  # behind TLS it holds methods of ours
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

    def take_up_to(self, nbytes: int) -> None:
        """Change the largest message that is taken."""
        self._protocol.max_message_size = nbytes

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
        self._idle_frames = max(0, self._idle_frames - max(1, len(self._fragments)))
        self._fragments.clear()
        if not self._is_text:
            self._handler.received(data)
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._protocol.fail(CloseCode.INVALID_DATA, "not UTF-8")
            self._begin_closing()
            return
        self._handler.received(text)

    def _greet(self, tls: ssl.SSLContext) -> None:
        bounds = self._bounds
        layer = TlsLayer(self, tls, bounds.tls_s, bounds.close_s, self._lost_below)
        self._is_greeting = True
        self._tcp.set_protocol(layer)
        layer.connection_made(self._tcp)

    def _lost_below(self, exc: BaseException | None) -> None:
        _forget_frames(exc)
        if self._is_greeting:
            self._is_greeting = False
            self.connection_lost(None)

    def _read(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if self.is_closing:
                break
            match event:
                case Request():
                    self._answer(event)
                case Frame():
                    self._take(event)

    def _is_too_much(self, nbytes: int) -> bool:
        """Return whether more came than anybody sends before the first message and after the last."""
        if not self.is_closing and self._protocol.state is not State.CONNECTING:
            return False
        self._uncounted_bytes += nbytes
        most = _MAX_REQUEST_BYTES + (_MAX_PARTING_BYTES if self.is_closing else 0)
        return self._uncounted_bytes > most

    def _count_held_bytes(self) -> None:
        if self._protocol.state is State.CONNECTING:
            return  # a request has a bound of its own, and names the source that pays
        held = len(self._protocol.reader.buffer) + sum(map(len, self._fragments))
        if held == self._held_bytes:
            return
        growth, self._held_bytes = held - self._held_bytes, held
        if not self._handler.may_hold(growth) and growth > 0 and not self.is_closing:
            self.abort()

    def _count_idle_frame(self) -> None:
        """Cut off whoever sends more frames than messages; what a message has in parts comes with it."""
        self._idle_frames += 1
        if self._idle_frames > _MAX_IDLE_FRAMES and not self.is_closing:
            self.abort()

    def _is_overdue(self) -> bool:
        """Return whether more waits than may, and cut the connection off if so."""
        if self._transport.get_write_buffer_size() <= self._bounds.max_unsent_bytes:
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
            self.deadline = self._loop.time() + self._bounds.close_s


class _Gone(asyncio.Transport):
    """What is left of a transport when its connection is lost."""

    def is_closing(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return 0

    def close(self) -> None:
        """There is nothing to close."""

    def abort(self) -> None:
        """There is nothing to abort."""


_GONE: Final = _Gone()


def _forget_frames(error: BaseException | None) -> None:
    """Let go of the calls that an error came through: they hold the connection, and it holds the error."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
