"""One WebSocket client as the relay sees it: bounded sending, one deadline; must not decide what to send.

Sending never waits: what the network does not take at once is buffered up to a bound, and a client
that lets it grow beyond is cut off, because nobody else may wait for it or pay for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import cache
from re import sub
from typing import Final

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from collabterm.errors import ProtocolError
from collabterm.protocol.limits import MAX_SIGNAL_BYTES
from collabterm.protocol.signaling import Error, ErrorCode, ServerMessage, SignalingMessage
from collabterm.protocol.signaling_json import encode_signal
from collabterm_server.conversation import Conversation
from collabterm_server.limits import ServerLimits

_CLOSE_CODES: Final[Mapping[ErrorCode, CloseCode]] = {
    ErrorCode.SHUTTING_DOWN: CloseCode.GOING_AWAY,
    ErrorCode.TOO_MANY: CloseCode.TRY_AGAIN_LATER,
}

_log: Final = logging.getLogger(__name__)


class UncarriableError(ProtocolError):
    """The message cannot be passed on: {problem}."""

    def __init__(self, code: ErrorCode, problem: str) -> None:
        super().__init__(problem)
        self.code = code


class Client:
    """A connection, its bounded way out and its deadline.

    ``count_sent`` hears the type of every message that goes out; there is no other way out.
    """

    __slots__ = (
        "_auth_deadline",
        "_close_code",
        "_count_sent",
        "_limits",
        "_loop",
        "_over",
        "_socket",
        "_waiting",
        "conversation",
    )

    def __init__(
        self, socket: ServerConnection, nonce: bytes, limits: ServerLimits, count_sent: Callable[[str], None]
    ) -> None:
        self.conversation = Conversation(nonce)
        self._socket = socket
        self._limits = limits
        self._count_sent = count_sent
        self._loop = asyncio.get_running_loop()
        self._auth_deadline = self._loop.time() + limits.auth_s
        self._waiting: asyncio.Timeout | None = None
        self._over = False
        self._close_code = CloseCode.NORMAL_CLOSURE

    def __str__(self) -> str:
        """Return how the log names it: as a peer, or by its address before it has signed in."""
        peer = self.conversation.peer
        if peer is not None:
            return f"{peer.peer_id} ({peer.name})"
        address = self._socket.remote_address
        return f"{address[0]} port {address[1]}" if address else "somebody"

    async def receive(self) -> str | bytes | None:
        """Wait for a frame; None when the client has left, was dismissed, or let its deadline pass.

        Until it has signed in, one deadline stands; from then on every frame renews it.
        """
        if self._over:
            return None
        signed_in = self.conversation.peer is not None
        deadline = self._loop.time() + self._limits.silence_s if signed_in else self._auth_deadline
        try:
            async with asyncio.timeout_at(deadline) as self._waiting:
                return await self._socket.recv()
        except TimeoutError:
            if not self._over:
                self._give_up()
            return None
        except ConnectionClosed:
            return None
        finally:
            self._waiting = None

    def post(self, message: ServerMessage) -> None:
        """Send a message, after all those before it; if the client is on its way out, forget the message.

        Raises:
            UncarriableError: If it is an introduction that JSON or the client would not take.
        """
        if self._over:
            return
        kind, text = type_name(message), _encode(message)
        _log.debug("> %s %s", self, kind)
        broadcast((self._socket,), text)
        self._count_sent(kind)
        if self._socket.transport.get_write_buffer_size() > self._limits.max_unsent_bytes:
            _log.info("%s reads too slowly and is cut off", self)
            self._over = True
            self._socket.transport.abort()

    def dismiss(self, error: Error) -> None:
        """Tell the client why, and let ``receive`` return; ``close`` is then due."""
        self.post(error)
        self._over = True
        self._close_code = _CLOSE_CODES.get(error.code, CloseCode.POLICY_VIOLATION)
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(self._loop.time())

    async def close(self) -> None:
        """Close the connection; return when it is closed, with or without the client's help."""
        self._over = True
        await self._socket.close(self._close_code)

    def _give_up(self) -> None:
        if self.conversation.peer is None:
            sentence = f"No AUTH came within {self._limits.auth_s:g} seconds: connect again."
            self.dismiss(Error(ErrorCode.NOT_AUTHENTICATED, sentence))
        else:
            _log.info("%s has been silent for %g s and is given up", self, self._limits.silence_s)


def type_name(message: SignalingMessage) -> str:
    """Return a message's type as it stands on the wire: an SdpOffer is an SDP_OFFER."""
    return _spell_on_wire(type(message).__name__)


@cache
def _spell_on_wire(class_name: str) -> str:
    return sub(r"(?<!^)(?=[A-Z])", "_", class_name).upper()


def _encode(message: ServerMessage) -> str:
    """Return the JSON text of a message.

    A payload was JSON when it came, and yet it can fail here: lone surrogates have no UTF-8, nesting
    can exceed what is left of the stack, and ``1e15`` grows to ``1000000000000000.0``. The sender of
    such a payload is to hear of it; its addressee's connection must not suffer.
    """
    try:
        text = encode_signal(message)
        size = len(text.encode())
    except (UnicodeEncodeError, RecursionError) as error:
        raise UncarriableError(ErrorCode.BAD_MESSAGE, "the payload is not plain JSON") from error
    if size > MAX_SIGNAL_BYTES:
        raise UncarriableError(ErrorCode.TOO_LARGE, f"a message may have {MAX_SIGNAL_BYTES} bytes")
    return text
