"""One client as the relay sees it: its conversation, its rate and the way out; must not decide what to send.

Sending never waits: what the network does not take at once is buffered up to a bound, and a client
that lets it grow beyond is cut off, because nobody else may wait for it or pay for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import cache
from re import sub
from typing import Final, Protocol

from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from collabterm.protocol.signaling import Error, ErrorCode, PeerInfo, ServerMessage, SignalingMessage
from collabterm_server.conversation import Conversation, Event
from collabterm_server.encoding import encode_message
from collabterm_server.limits import ServerLimits
from collabterm_server.rates import TokenBucket
from collabterm_server.stats import Stats
from collabterm_server.websocket import WebSocket

_CLOSE_CODES: Final[Mapping[ErrorCode, CloseCode]] = {
    ErrorCode.SHUTTING_DOWN: CloseCode.GOING_AWAY,
    ErrorCode.TOO_MANY: CloseCode.TRY_AGAIN_LATER,
    ErrorCode.RATE_LIMITED: CloseCode.TRY_AGAIN_LATER,
}

_BYTES_PER_TOKEN: Final = 4_096
"""A large message costs several: to read and write 64 KiB of JSON takes as long as a hundred heartbeats."""

_log: Final = logging.getLogger(__name__)


class Host(Protocol):
    """What a client needs of the server it is connected to."""

    limits: ServerLimits
    stats: Stats

    def notice(self, client: Client) -> None:
        """Take note that somebody knocks."""

    def asked(self, client: Client, request: Request) -> Response | None:
        """Return the answer to a plain HTTP request, or None to speak WebSocket."""

    def greet(self, client: Client) -> None:
        """Begin the conversation, or refuse it."""

    def lets_try(self, client: Client, now: float) -> bool:
        """Return whether the client may try to sign in; one that may not is dismissed."""

    def take(self, client: Client, event: Event) -> None:
        """Act on what the client said."""

    def may_hold(self, client: Client, growth: int) -> bool:
        """Return whether messages that are not complete may take so many bytes more (or less)."""

    def forget(self, client: Client) -> None:
        """Take note that the client is gone."""

    def count_sent(self, message: ServerMessage, kind: str) -> None:
        """Take note that a message went out."""


class Client:
    """A client from its connection on; ``conversation`` begins when it may speak.

    Args:
        socket: The way in and out; its deadline stands until the client has signed in, and from then
            on every message renews it.
        host: The server.
    """

    __slots__ = (
        "_bucket",
        "_host",
        "_loop",
        "_refused",
        "address",
        "conversation",
        "ice_due",
        "is_in",
        "is_over",
        "may_enter",
        "socket",
        "source",
    )

    def __init__(self, socket: WebSocket, host: Host) -> None:
        limits = host.limits
        self.socket = socket
        self.conversation: Conversation | None = None
        self.address = ""
        self.source = ""
        self.is_over = False
        """Whether nothing more is said to it or heard from it."""
        self.is_in = False
        """Whether it has signed in and has a place."""
        self.may_enter = False
        """Whether the place in a room that comes with signing in is still to be taken."""
        self.ice_due = 0.0
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._bucket = TokenBucket(limits.message_rate, limits.message_burst)
        self._refused = 0

    def __str__(self) -> str:
        """Return how the log names it: as a peer, or by its address before it has signed in."""
        peer = self.peer
        return f"{peer.peer_id} ({peer.name})" if peer is not None else self.address or "somebody"

    @property
    def peer(self) -> PeerInfo | None:
        """Who the client has proved to be."""
        return self.conversation.peer if self.conversation is not None else None

    def connected(self) -> None:
        """Let the server know, and wait for a request."""
        self.socket.deadline = self._loop.time() + self._host.limits.auth_s
        self._host.notice(self)

    def requested(self, request: Request) -> Response | None:
        """Let the server answer plain HTTP."""
        return self._host.asked(self, request)

    def opened(self) -> None:
        """Let the server begin."""
        self.socket.deadline = self._loop.time() + self._host.limits.auth_s
        self._host.greet(self)

    def received(self, message: str | bytes) -> None:
        """Take a message, unless there were too many."""
        if self.is_over or self.conversation is None:
            return
        now = self._loop.time()
        price = 1 + len(message) // _BYTES_PER_TOKEN
        wait_s = self._bucket.take(now, min(price, self._host.limits.message_burst))
        if wait_s > 0:
            self._slow_down(wait_s)
            return
        self._refused = max(0, self._refused - 1)
        if self.conversation.peer is not None:
            self.renew_deadline(now)
        elif not self._host.lets_try(self, now):
            return
        self._host.take(self, self.conversation.receive(message))

    def may_hold(self, growth: int) -> bool:
        """Ask the server, which knows what all hold together."""
        return self._host.may_hold(self, growth)

    def come_in(self) -> None:
        """Take note that the client has signed in and has a place."""
        self.is_in = True
        self.may_enter = True
        self.socket.take_up_to(self._host.limits.max_message_bytes)
        self.renew_deadline(self._loop.time())

    def renew_deadline(self, now: float) -> None:
        """Wait for the next message, unless the client does not read what it is sent."""
        if self.socket.has_sent_all:
            self.socket.deadline = now + self._host.limits.silence_s

    def expired(self) -> None:
        """Give up a client that has been silent for too long."""
        limits = self._host.limits
        if self.peer is not None:
            _log.info("%s has been silent for %g s and is given up", self, limits.silence_s)
            self.is_over = True
            self.socket.abort()
        elif self.conversation is None:
            self.socket.abort()
        else:
            sentence = f"No AUTH came within {limits.auth_s:g} seconds: connect again."
            self.dismiss(Error(ErrorCode.NOT_AUTHENTICATED, sentence))

    def closed(self) -> None:
        """Let the server forget it."""
        self.is_over = True
        self._host.forget(self)

    def post(self, message: ServerMessage) -> Error | None:
        """Send a message, after all those before it; if the client is on its way out, forget the message.

        Returns:
            Why it could not be sent, if it is an introduction that JSON or the client would not take.
        """
        if self.is_over:
            return None
        data = encode_message(message)
        if isinstance(data, Error):
            return data
        kind = type_name(message)
        _log.debug("> %s %s", self, kind)
        self._host.count_sent(message, kind)
        if not self.socket.send(data):
            _log.info("%s reads too slowly and is cut off", self)
            self._host.stats.count_slow_client()
            self.is_over = True
        return None

    def dismiss(self, error: Error) -> None:
        """Tell the client why, and close the connection."""
        if self.is_over:
            return
        self.post(error)
        self.is_over = True
        self.socket.close(_CLOSE_CODES.get(error.code, CloseCode.POLICY_VIOLATION))

    def _slow_down(self, wait_s: float) -> None:
        """Refuse a message unread; who goes on all the same, for as many as a burst has, is dismissed."""
        self._refused += 1
        self._host.stats.count_rate_limited()
        sentence = f"Too many messages: this one was not read; go on in {wait_s:.2g} seconds."
        error = Error(ErrorCode.RATE_LIMITED, sentence, retry_after=wait_s)
        if self._refused == 1:
            self.post(error)
        if self._refused > self._host.limits.message_burst:
            self.dismiss(error)


def type_name(message: SignalingMessage) -> str:
    """Return a message's type as it stands on the wire: an SdpOffer is an SDP_OFFER."""
    return _spell_on_wire(type(message).__name__)


@cache
def _spell_on_wire(class_name: str) -> str:
    return sub(r"(?<!^)(?=[A-Z])", "_", class_name).upper()
