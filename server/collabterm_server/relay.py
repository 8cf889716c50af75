"""The WebSocket shell around the rooms: carries messages between clients; must not look into payloads.

A client's way: CHALLENGE, AUTH, AUTH_OK, then rooms. What its frames mean is decided in
``conversation``, who hears of it in ``rooms``; here is only who is connected.

Signing in again under the same peer id replaces the older connection at once, and for the room that
is a departure (PEER_LEFT) and, when the client joins again, an arrival (PEER_JOINED). The room hears
the same whether the server noticed the loss of the older connection first or not, so that clients
have one case to handle; and the one that joins again learns from ROOM_JOINED who is there, never itself.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from errno import EADDRINUSE
from socket import gaierror
from types import TracebackType
from typing import Final, Self, assert_never

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from collabterm.errors import CannotListen, PortInUse
from collabterm.protocol.limits import MAX_SIGNAL_BYTES, PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    AuthOk,
    Challenge,
    CreateRoom,
    Error,
    ErrorCode,
    Heartbeat,
    IceCandidate,
    JoinRoom,
    LeaveRoom,
    PeerId,
    PeerInfo,
    SdpAnswer,
    SdpOffer,
)
from collabterm_server.client import Client, UncarriableError, type_name
from collabterm_server.conversation import Asked, ClientRequest, Refused, SignedIn
from collabterm_server.http import respond
from collabterm_server.limits import DEFAULT_LIMITS, ServerLimits
from collabterm_server.rooms import Delivery, Rooms
from collabterm_server.stats import Census, Stats

_NONCE_BYTES: Final = 32
_MAX_QUEUED_FRAMES: Final = 4
"""Received from one client and not yet read; more wait in its own buffers."""

_log: Final = logging.getLogger(__name__)
_websockets_log: Final = logging.getLogger(f"{__name__}.websockets")
_websockets_log.setLevel(logging.WARNING)  # its INFO is every knock on the port, its DEBUG every payload
_websockets_log.addFilter(lambda record: record.msg != "opening handshake failed")  # a port scan is no news


async def serve_forever(
    host: str, port: int, *, on_ready: Callable[[str], None], limits: ServerLimits = DEFAULT_LIMITS
) -> None:
    """Run a server until SIGINT or SIGTERM.

    Args:
        host: The address to listen on.
        port: The port; 0 takes a free one.
        on_ready: Called once with the server's URL, when clients can connect.
        limits: What it allows.

    Raises:
        PortInUse: If another program listens there.
        CannotListen: If the system does not let us.
    """
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    async with SignalingServer(host, port, limits) as server:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        try:
            on_ready(server.url)
            await stopped.wait()
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


class SignalingServer:
    """A server that runs within ``async with``; ``port`` is the real one, also when 0 was asked for."""

    def __init__(self, host: str, port: int, limits: ServerLimits = DEFAULT_LIMITS) -> None:
        self.host = host
        self.port = port
        self._limits = limits
        self._rooms = Rooms(limits.max_peers)
        self._stats = Stats(time.monotonic())
        self._transports: set[asyncio.Transport] = set()
        self._clients: set[Client] = set()
        self._signed_in: dict[PeerId, Client] = {}

    @property
    def url(self) -> str:
        """What a client connects to."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"ws://{host}:{self.port}"

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            PortInUse: If another program listens there.
            CannotListen: If the system does not let us.
        """
        try:
            self._server = await self._listen()
        except (OSError, OverflowError, UnicodeError) as error:
            raise _listen_error(self.host, self.port, error) from error
        self.port = self._server.sockets[0].getsockname()[1]
        _log.info("listening on %s", self.url)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell every client, and close: politely for a moment, then at once."""
        for client in self._clients:
            client.dismiss(Error(ErrorCode.SHUTTING_DOWN, "The server is shutting down.", retry_after=1.0))
        self._server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.shutdown_s):
                await self._server.wait_closed()
        for transport in self._transports:
            transport.abort()
        await self._server.wait_closed()
        _log.info("no longer listening on %s", self.url)

    async def _listen(self) -> Server:
        return await serve(
            self._attend,
            self.host,
            self.port,
            compression=None,  # 42 KB a connection, for messages that are small or sealed
            max_size=MAX_SIGNAL_BYTES,
            max_queue=_MAX_QUEUED_FRAMES,
            ping_interval=None,  # the heartbeat does it, and shows that the client's loop is alive, too
            open_timeout=self._limits.auth_s,
            close_timeout=self._limits.close_s,
            process_request=self._respond,
            server_header="collabterm",
            logger=_websockets_log,
            create_connection=_counted_connections(
                self._transports, self._limits.max_connections + self._limits.max_handshakes
            ),
        )

    def _respond(self, connection: ServerConnection, request: Request) -> Response | None:
        return respond(connection, request, self._read_stats)

    def _read_stats(self) -> dict[str, object]:
        waiting = len(self._clients) - len(self._signed_in)
        census = Census(connections=len(self._signed_in), handshakes=waiting, rooms=len(self._rooms))
        return self._stats.snapshot(census, time.monotonic())

    def _count_sent(self, kind: str) -> None:
        self._stats.count_sent(kind, time.monotonic())

    async def _attend(self, socket: ServerConnection) -> None:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        client = Client(socket, nonce, self._limits, self._count_sent)
        if self._is_crowded():
            client.dismiss(
                Error(ErrorCode.TOO_MANY, "The server is full: try again later.", retry_after=10.0)
            )
            await client.close()
            return
        self._clients.add(client)
        try:
            client.post(Challenge(PROTOCOL_VERSION, nonce, self._limits.heartbeat_s))
            while (frame := await client.receive()) is not None:
                self._take(client, frame)
        finally:
            self._forget(client)
        await client.close()

    def _is_crowded(self) -> bool:
        waiting = len(self._clients) - len(self._signed_in)
        return waiting >= self._limits.max_handshakes or len(self._signed_in) >= self._limits.max_connections

    def _take(self, client: Client, frame: str | bytes) -> None:
        match client.conversation.receive(frame):
            case Refused(error, fatal):
                _log.debug("< %s refused: %s", client, error.code)
                self._stats.count_refused(error.code is ErrorCode.OPERATION_REFUSED)
                if fatal:
                    client.dismiss(error)
                else:
                    client.post(error)
            case SignedIn(peer):
                self._stats.count_received("AUTH")
                self._welcome(client, peer)
            case Asked(peer, request):
                kind = type_name(request)
                _log.debug("< %s %s", client, kind)
                self._stats.count_received(kind)
                self._answer(client, peer, request)
            case event:
                assert_never(event)

    def _welcome(self, client: Client, peer: PeerInfo) -> None:
        older = self._signed_in.get(peer.peer_id)
        if older is not None:
            sentence = "You signed in again elsewhere: that connection replaces this one."
            older.dismiss(Error(ErrorCode.REPLACED, sentence))
            self._sign_out(older, peer)
        self._signed_in[peer.peer_id] = client
        client.post(AuthOk(peer.peer_id))
        _log.info("%s signed in", client)

    def _answer(self, client: Client, peer: PeerInfo, request: ClientRequest) -> None:
        match request:
            case Heartbeat():
                client.post(Heartbeat())
            case CreateRoom(room):
                self._deliver(self._rooms.create(peer, room))
            case JoinRoom(room, create):
                self._deliver(self._rooms.join(peer, room, create))
            case LeaveRoom():
                self._deliver(self._rooms.leave(peer.peer_id))
            case SdpOffer() | SdpAnswer() | IceCandidate():
                try:
                    self._deliver(self._rooms.route(request, peer.peer_id))
                except UncarriableError as error:
                    client.post(Error(error.code, str(error)))
            case _:
                assert_never(request)

    def _deliver(self, deliveries: list[Delivery]) -> None:
        for peer_id, message in deliveries:
            self._signed_in[peer_id].post(message)

    def _forget(self, client: Client) -> None:
        self._clients.discard(client)
        peer = client.conversation.peer
        if peer is not None and self._signed_in.get(peer.peer_id) is client:
            self._sign_out(client, peer)

    def _sign_out(self, client: Client, peer: PeerInfo) -> None:
        del self._signed_in[peer.peer_id]
        self._deliver(self._rooms.disconnect(peer.peer_id))
        _log.info("%s left", client)


def _counted_connections(transports: set[asyncio.Transport], most: int) -> type[ServerConnection]:
    """Return the class of connections that keep ``transports`` current, from accept on.

    Those that have not even sent a request are in no other list: they must end with the server, and
    more than ``most`` of all kinds are cut off before they cost anything.
    """

    class CountedConnection(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            transports.add(self.transport)
            if len(transports) > most:
                self.transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            transports.discard(self.transport)
            super().connection_lost(exc)

    return CountedConnection


def _listen_error(host: str, port: int, error: Exception) -> PortInUse | CannotListen:
    if isinstance(error, gaierror):
        return CannotListen(host=host, port=port, reason=error.strerror)
    if not isinstance(error, OSError) or error.errno is None:
        return CannotListen(host=host, port=port, reason=error)
    if error.errno == EADDRINUSE:
        return PortInUse(host=host, port=port)
    return CannotListen(host=host, port=port, reason=os.strerror(error.errno))
