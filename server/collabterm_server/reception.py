"""Receives clients and carries messages between them; must not listen to ports or look into payloads.

A client's way: CHALLENGE, AUTH, AUTH_OK, then rooms. What its frames mean is decided in
``conversation``, who hears of it in ``cluster``; here is only who is connected.

Signing in again under the same peer id replaces the older connection at once, and for the room that
is a departure (PEER_LEFT) and, when the client joins again, an arrival (PEER_JOINED). The room hears
the same whether the server noticed the loss of the older connection first or not, so that clients
have one case to handle; and the one that joins again learns from ROOM_JOINED who is there, never itself.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable
from dataclasses import replace
from math import inf
from random import Random
from typing import Final, Protocol, assert_never

from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from collabterm.protocol.identity import key_fingerprint
from collabterm.protocol.limits import PROTOCOL_VERSION
from collabterm.protocol.signaling import (
    AuthOk,
    Challenge,
    CreateRoom,
    Error,
    ErrorCode,
    Heartbeat,
    IceCandidate,
    IceServers,
    JoinRoom,
    LeaveRoom,
    PeerId,
    PeerInfo,
    SdpAnswer,
    SdpOffer,
    ServerMessage,
    TurnServer,
)
from collabterm_server.access import KEY_REFUSED, Access
from collabterm_server.addresses import client_address, source_of
from collabterm_server.announcements import Announcement, Bulletin, InstanceId, RoomRules
from collabterm_server.client import Client, UncarriableError, type_name
from collabterm_server.cluster import Cluster, Step
from collabterm_server.conversation import Asked, ClientRequest, Conversation, Event, Refused, SignedIn
from collabterm_server.http import READY, REDIS_LOST, STARTING, Readiness, respond
from collabterm_server.limits import ServerLimits
from collabterm_server.options import ServerOptions
from collabterm_server.rates import SourceCounts, SourceRates
from collabterm_server.silence import pace_for
from collabterm_server.stats import Census, Snapshot, Stats
from collabterm_server.websocket import WebSocket

_NONCE_BYTES: Final = 32
_HANDSHAKE_OVERDRAFT: Final = 2
"""How many times its limit a source may have under way: to there it is refused in words, then cut off."""

_CROWDED_RETRY_S: Final = 10.0
"""How soon a full server is worth another try."""

_COMEBACKS_PER_SECOND: Final = 500.0
"""At what rate clients are asked to come back after a restart: half of what one core signs in."""

_log: Final = logging.getLogger(__name__)


class Bus(Protocol):
    """The way to the other instances."""

    def publish(self, announcements: Iterable[Announcement]) -> None:
        """Pass on to all or to one, in this order; never waits."""


class Reception:
    """The clients of one server and what passes between them.

    ``stun_port`` is the UDP port that answers STUN, if one does.

    Args:
        limits: What a client may do.
        options: Who is let in, and how.
    """

    def __init__(self, limits: ServerLimits, options: ServerOptions) -> None:
        self.limits = limits
        self.options = options
        self.stun_port: int | None = None
        rules = RoomRules(limits.max_peers, limits.max_rooms, limits.grace_s)
        pace = pace_for(limits.heartbeat_s)
        self.cluster = Cluster(InstanceId(secrets.token_hex(8)), rules, pace)
        self._bus: Bus | None = None
        self._beat_s = pace.beat_s
        self._next_beat = 0.0
        self._is_ending = False
        self.stats = Stats(time.monotonic(), limits)
        self._loop = asyncio.get_running_loop()
        self._clients: set[Client] = set()
        self._signed_in: dict[PeerId, Client] = {}
        self._departed = asyncio.Event()
        self._was_attached = asyncio.Event()
        self._knocking = SourceCounts()
        self._joins = SourceRates(limits.join_rate, limits.join_burst)

    def receive(self) -> WebSocket:
        """Return the protocol of a connection that is about to be made."""
        limits = self.limits
        socket = WebSocket(limits.max_message_bytes, limits.max_unsent_bytes, limits.close_s)
        socket.attend(Client(socket, self))
        return socket

    def sweep(self, now: float) -> None:
        """Act on all deadlines that have passed."""
        for client in [each for each in self._clients if each.socket.deadline <= now]:
            client.socket.act_on_deadline()
        if now >= self._next_beat:
            self._next_beat = now + self._beat_s
            self._carry_out(self.cluster.tick(now))

    def change_access(self, access: Access) -> None:
        """Let others in from now on; whoever no longer may be here is shown out.

        Those who have not signed in begin again, under the new rules.
        """
        self.options = replace(self.options, access=access)
        known = None if access.authorized is None else {key_fingerprint(key) for key in access.authorized}
        for client in tuple(self._clients):
            peer = client.peer
            if peer is None:
                client.socket.close(CloseCode.GOING_AWAY)
            elif known is not None and peer.fingerprint not in known:
                client.dismiss(KEY_REFUSED)

    def send_home(self, random: Random) -> None:
        """Tell everybody that the server ends and when to come back, spread over as long as that takes."""
        self._carry_out(self.cluster.close())
        self._is_ending = True
        spread_s = len(self._clients) / _COMEBACKS_PER_SECOND
        sentence = "The server is shutting down: your editor connects again by itself."
        for client in tuple(self._clients):
            retry_after = round(random.uniform(0, spread_s), 3)
            client.dismiss(Error(ErrorCode.SHUTTING_DOWN, sentence, retry_after))

    def join_others(self, bus: Bus) -> None:
        """Act as one with the other instances that a bus reaches, once it is there."""
        self._bus = bus

    def reached(self, others: int) -> None:
        """Take note that the bus is there, and how many others are."""
        self._carry_out(self.cluster.attach(others, self._loop.time()))

    def cut_from_others(self) -> None:
        """Take note that the bus is lost."""
        self._carry_out(self.cluster.detach(self._loop.time()))

    def hear(self, bulletin: Bulletin) -> None:
        """Take what an instance says."""
        try:
            self._carry_out(self.cluster.receive(bulletin, self._loop.time()))
        except UncarriableError as error:
            _log.debug("another instance sent what cannot be passed on: %s", error)

    async def is_attached(self) -> None:
        """Wait until this instance shares the state of all."""
        await self._was_attached.wait()

    async def is_empty(self) -> None:
        """Wait until nobody is connected."""
        while self._clients:
            self._departed.clear()
            await self._departed.wait()

    def cut_off(self) -> None:
        """End all connections that are left."""
        for client in tuple(self._clients):
            client.socket.abort()

    @property
    def allowed_origins(self) -> frozenset[str]:
        """Whose pages may connect."""
        return self.options.allowed_origins

    def readiness(self) -> Readiness:
        """Return whether new clients should be sent here."""
        if self._bus is None or self.cluster.is_attached:
            return READY
        return REDIS_LOST if self._was_attached.is_set() else STARTING

    def read_stats(self) -> Snapshot:
        """Return what has been counted."""
        waiting = sum(each.peer is None and not each.is_over for each in self._clients)
        census = Census(
            connections=len(self._signed_in),
            handshakes=waiting,
            rooms=self.cluster.room_count,
            instances=self.cluster.instance_count,
            redis_attached=None if self._bus is None else self.cluster.is_attached,
        )
        return self.stats.snapshot(census, time.monotonic())

    def notice(self, client: Client) -> None:
        """Take note of a TCP connection; cut it off if there are far too many."""
        limits = self.limits
        self._clients.add(client)
        client.address = client.socket.peer_address
        if not self.options.trusted_proxies:
            self._attribute(client, client.address)  # else it is known from the request
        if (
            self._knocking.count(client.source) > _HANDSHAKE_OVERDRAFT * limits.max_handshakes_per_source
            or len(self._clients) > limits.max_connections + limits.max_handshakes
        ):
            client.is_over = True
            client.socket.abort()

    def asked(self, client: Client, request: Request) -> Response | None:
        """Answer a plain HTTP request; return None to one who wants to speak WebSocket."""
        if not client.source:
            forwarded = request.headers.get_all("X-Forwarded-For")
            address = client_address(client.address, forwarded, self.options.trusted_proxies)
            self._attribute(client, address)
        client.is_over = True  # unless it wants to speak: who only asks how things are is no handshake
        response = respond(request, self)
        client.is_over = response is not None
        return response

    def greet(self, client: Client) -> None:
        """Challenge a client, unless it is one too many."""
        limits = self.limits
        waiting = len(self._clients) - len(self._signed_in)
        if self._knocking.count(client.source) > limits.max_handshakes_per_source:
            sentence = "Too many sign-ins are under way from your address: try again later."
            client.dismiss(Error(ErrorCode.RATE_LIMITED, sentence, _CROWDED_RETRY_S))
        elif waiting > limits.max_handshakes or len(self._signed_in) >= limits.max_connections:
            sentence = "The server is full: try again later."
            client.dismiss(Error(ErrorCode.TOO_MANY, sentence, _CROWDED_RETRY_S))
        else:
            nonce = secrets.token_bytes(_NONCE_BYTES)
            client.conversation = Conversation(nonce, self.options.access)
            client.post(Challenge(PROTOCOL_VERSION, nonce, limits.heartbeat_s))

    def take(self, client: Client, event: Event) -> None:
        """Act on what a client said."""
        match event:
            case Refused(error, fatal):
                _log.debug("< %s refused: %s", client, error.code)
                self.stats.count_refused(error.code is ErrorCode.OPERATION_REFUSED)
                if fatal:
                    client.dismiss(error)
                else:
                    client.post(error)
            case SignedIn(peer):
                self.stats.count_received("AUTH")
                self._welcome(client, peer)
            case Asked(peer, request):
                kind = type_name(request)
                _log.debug("< %s %s", client, kind)
                self.stats.count_received(kind)
                self._answer(client, peer, request)
            case _:
                assert_never(event)

    def count_sent(self, message: ServerMessage, kind: str) -> None:
        """Take note that a message of this type went out."""
        self.stats.count_sent(kind, self._loop.time())
        if isinstance(message, Error):
            self.stats.count_error(message.code)

    def forget(self, client: Client) -> None:
        """Take note that a client is gone; what it was in keeps its place for a while."""
        self._clients.discard(client)
        self._departed.set()
        peer = client.peer
        if peer is None and client.source:
            self._knocking.remove(client.source)
        elif peer is not None and self._signed_in.get(peer.peer_id) is client:
            del self._signed_in[peer.peer_id]
            if not self._is_ending:
                self._carry_out(self.cluster.sign_out(peer.peer_id, self._loop.time()))
            _log.info("%s left", client)

    def _attribute(self, client: Client, address: str) -> None:
        client.address = address
        client.source = source_of(address)
        self._knocking.add(client.source)

    def _welcome(self, client: Client, peer: PeerInfo) -> None:
        self._knocking.remove(client.source)
        older = self._signed_in.get(peer.peer_id)
        if older is not None:
            older.dismiss(_REPLACED)
        self._signed_in[peer.peer_id] = client
        self.stats.count_sign_in(len(self._signed_in))
        client.post(AuthOk(peer.peer_id))
        self._carry_out(self.cluster.sign_in(peer, self._loop.time()))
        self._help_with_ice(client, peer)
        _log.info("%s signed in from %s", client, client.address)

    def _answer(self, client: Client, peer: PeerInfo, request: ClientRequest) -> None:
        now = self._loop.time()
        match request:
            case Heartbeat():
                client.post(request)
                if now >= client.ice_due:
                    self._help_with_ice(client, peer)
            case CreateRoom() | JoinRoom():
                self._let_in(client, peer, request, now)
            case LeaveRoom():
                self._carry_out(self.cluster.leave(peer.peer_id, now))
            case SdpOffer() | SdpAnswer() | IceCandidate():
                try:
                    self._carry_out(self.cluster.route(request, peer.peer_id))
                except UncarriableError as error:
                    client.post(Error(error.code, str(error)))
            case _:
                assert_never(request)

    def _let_in(self, client: Client, peer: PeerInfo, request: CreateRoom | JoinRoom, now: float) -> None:
        if client.may_enter:
            client.may_enter = False
        elif wait_s := self._joins.take(client.source, now):
            client.post(_too_many_joins(wait_s))
            return
        match request:
            case CreateRoom(room):
                self._carry_out(self.cluster.create(peer.peer_id, room, now))
            case JoinRoom(room, create):
                self._carry_out(self.cluster.join(peer.peer_id, room, create, now))

    def _help_with_ice(self, client: Client, peer: PeerInfo) -> None:
        """Tell a client what helps it to find paths, and again before a credential expires."""
        turn = self.options.turn
        if turn is None and self.stun_port is None:
            client.ice_due = inf
            return
        relays: tuple[TurnServer, ...] = ()
        client.ice_due = inf
        if turn is not None:
            relays = (turn.credentials(peer.peer_id, time.time()),)
            client.ice_due = self._loop.time() + turn.ttl_s / 2
        client.post(IceServers(self.stun_port, relays))

    def _carry_out(self, step: Step) -> None:
        for peer_id, message in step.deliveries:
            self._signed_in[peer_id].post(message)
        if self._bus is not None and step.announcements:
            self._bus.publish(step.announcements)
        for peer_id in step.replaced:
            self._signed_in.pop(peer_id).dismiss(_REPLACED)
        if self.cluster.is_attached:
            self._was_attached.set()


_REPLACED: Final = Error(
    ErrorCode.REPLACED, "You signed in again elsewhere: that connection replaces this one."
)


def _too_many_joins(wait_s: float) -> Error:
    sentence = f"Too many joins from your address: go on in {wait_s:.2g} seconds."
    return Error(ErrorCode.RATE_LIMITED, sentence, wait_s)
