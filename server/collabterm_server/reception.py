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

from websockets.http11 import Request, Response

from collabterm.errors import BadRoomName
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
    check_room_name,
)
from collabterm_server.access import KEY_REFUSED, Access
from collabterm_server.addresses import client_address, is_trusted, source_of
from collabterm_server.client import Client, type_name
from collabterm_server.conversation import Asked, ClientRequest, Conversation, Event, Refused, SignedIn
from collabterm_server.doorkeeper import Doorkeeper
from collabterm_server.http import READY, REDIS_LOST, STARTING, Readiness, respond
from collabterm_server.instances.announcements import Announcement, Bulletin, InstanceId, RoomRules
from collabterm_server.instances.cluster import Cluster, Step
from collabterm_server.instances.silence import pace_for
from collabterm_server.limits import ServerLimits
from collabterm_server.options import ServerOptions
from collabterm_server.stats import Census, Snapshot, Stats
from collabterm_server.websocket import Bounds, WebSocket

_NONCE_BYTES: Final = 32
_MAX_FIRST_BYTES: Final = 4_096
"""Before a client has signed in: AUTH has under 2 KB, with every field at its longest."""

_COMEBACKS_PER_SECOND: Final = 500.0
"""At what rate clients are asked to come back after a restart: half of what one core signs in."""

_REPLACED: Final = Error(
    ErrorCode.REPLACED, "You signed in again elsewhere: that connection replaces this one."
)
_RULES_CHANGED: Final = Error(
    ErrorCode.TOO_MANY, "The server has just changed whom it lets in: sign in again.", retry_after=0.1
)

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
        self._instance_count = 1
        self._is_ending = False
        self.stats = Stats(time.monotonic(), limits)
        self._loop = asyncio.get_running_loop()
        self._clients: set[Client] = set()
        self._signed_in: dict[PeerId, Client] = {}
        self._departed = asyncio.Event()
        self._was_attached = asyncio.Event()
        self._door = Doorkeeper(limits)
        self._has_warned = False
        self._bounds = Bounds(
            _MAX_FIRST_BYTES, limits.max_unsent_bytes, tls_s=limits.auth_s, close_s=limits.close_s
        )

    def receive(self) -> WebSocket:
        """Return the protocol of a connection that is about to be made."""
        return WebSocket(self._attend, self._bounds, self.options.tls)

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
        if access == self.options.access:
            return
        self.options = replace(self.options, access=access)
        known = None if access.authorized is None else {key_fingerprint(key) for key in access.authorized}
        for client in tuple(self._clients):
            if client.peer is None or not client.is_in:
                client.dismiss(_RULES_CHANGED)
            elif known is not None and client.peer.fingerprint not in known:
                _log.info("%s is no longer on the list of keys", client)
                client.dismiss(KEY_REFUSED)

    def send_home(self, random: Random) -> None:
        """Tell everybody that the server ends and when to come back, spread over as long as that takes.

        But soon enough that other instances still keep their places, also if a client takes half as
        long again.
        """
        self._carry_out(self.cluster.close())
        self._is_ending = True
        spread_s = min(len(self._clients) / _COMEBACKS_PER_SECOND, self.limits.grace_s / 3)
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
        self._carry_out(self.cluster.receive(bulletin, self._loop.time()))

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
        census = Census(
            connections=len(self._signed_in),
            handshakes=self._door.challenged,
            rooms=self.cluster.room_count,
            instances=self.cluster.instance_count,
            redis_attached=None if self._bus is None else self.cluster.is_attached,
        )
        return self.stats.snapshot(census, time.monotonic())

    def notice(self, client: Client) -> None:
        """Take note of a TCP connection; cut it off if there are far too many."""
        self._clients.add(client)
        client.address = client.socket.peer_address
        is_welcome = self._door.came()
        if not is_trusted(client.address, self.options.trusted_proxies):
            is_welcome &= self._attribute(client, client.address)  # a proxy's is known from the request
        if not is_welcome:
            self._cut_off(client)

    def asked(self, client: Client, request: Request) -> Response | None:
        """Answer a plain HTTP request; return None to one who wants to speak WebSocket."""
        forwarded = request.headers.get_all("X-Forwarded-For")
        if not client.source:
            address = client_address(client.address, forwarded, self.options.trusted_proxies)
            if not self._attribute(client, address):
                self._cut_off(client)
        elif forwarded and not self._has_warned:
            self._has_warned = True
            _log.warning("a proxy at %s is not trusted: --trust-proxy tells its clients apart", client)
        return respond(request, self)

    def greet(self, client: Client) -> None:
        """Challenge a client, unless it is one too many."""
        refusal = self._door.challenge(client.source)
        if refusal is not None:
            client.dismiss(refusal)
            return
        nonce = secrets.token_bytes(_NONCE_BYTES)
        client.conversation = Conversation(nonce, self.options.access)
        client.post(Challenge(PROTOCOL_VERSION, nonce, self.limits.heartbeat_s))

    def lets_try(self, client: Client, now: float) -> bool:
        """Return whether a client may try to sign in; dismiss one that may not."""
        refusal = self._door.try_to_sign_in(client.source, now)
        if refusal is not None:
            client.dismiss(refusal)
        return refusal is None

    def may_hold(self, client: Client, growth: int) -> bool:
        """Return whether messages that are not complete may take so many bytes more (or less)."""
        return self._door.hold(client.source, growth)

    def take(self, client: Client, event: Event) -> None:
        """Act on what a client said."""
        match event:
            case Refused(error, fatal):
                _log.log(logging.INFO if fatal else logging.DEBUG, "%s is refused: %s", client, error.code)
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
        was_challenged = client.conversation is not None
        self._door.went(client.source, was_challenged=was_challenged, was_in=client.is_in)
        if peer is not None and self._signed_in.get(peer.peer_id) is client:
            del self._signed_in[peer.peer_id]
            if not self._is_ending:
                self._carry_out(self.cluster.sign_out(peer.peer_id, self._loop.time()))
            _log.info("%s left", client)

    def _attend(self, socket: WebSocket) -> Client:
        return Client(socket, self)

    def _attribute(self, client: Client, address: str) -> bool:
        client.address = address
        client.source = source_of(address)
        return self._door.attribute(client.source)

    def _cut_off(self, client: Client) -> None:
        client.is_over = True
        client.socket.abort()

    def _welcome(self, client: Client, peer: PeerInfo) -> None:
        older = self._signed_in.get(peer.peer_id)
        refusal = self._door.place(client.source, len(self._signed_in)) if older is None else None
        if refusal is not None:
            _log.info("%s is refused: %s", client, refusal.code)
            client.dismiss(refusal)
            return
        if older is not None:
            older.dismiss(_REPLACED)
        self._door.sign_in(client.source)
        self._signed_in[peer.peer_id] = client
        client.come_in()
        self.stats.count_sign_in(len(self._signed_in))
        client.post(AuthOk(peer.peer_id))
        self._carry_out(self.cluster.sign_in(peer, self._loop.time()))
        self._help_with_ice(client, peer)
        _log.info("%s signed in from %s with %s", client, client.address, peer.fingerprint)

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
                self._carry_out(self.cluster.route(request, peer.peer_id), asker=client)
            case _:
                assert_never(request)

    def _let_in(self, client: Client, peer: PeerInfo, request: CreateRoom | JoinRoom, now: float) -> None:
        try:
            check_room_name(request.room)  # before the other instances hear of it
        except BadRoomName as error:
            client.post(Error(ErrorCode.BAD_ROOM_NAME, str(error)))
            return
        if client.may_enter:
            client.may_enter = False
        elif refusal := self._door.join(client.source, now):
            client.post(refusal)
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

    def _carry_out(self, step: Step, asker: Client | None = None) -> None:
        for peer_id, message in step.deliveries:
            refusal = self._signed_in[peer_id].post(message)
            if refusal is not None and asker is not None:
                asker.post(refusal)
        if self._bus is not None and step.announcements:
            self._bus.publish(step.announcements)
        for peer_id in step.replaced:
            self._signed_in.pop(peer_id).dismiss(_REPLACED)
        if self.cluster.is_attached:
            self._was_attached.set()
        if self._instance_count != self.cluster.instance_count:
            self._instance_count = self.cluster.instance_count
            _log.info("instances that act as one: %d", self._instance_count)
